// Rows of cells (RFC 4180), also with semicolons or tabs between them. Throws Failure(io) alone.
#pragma once

#include "core/import/input.h"

#include <string>
#include <string_view>
#include <vector>

namespace athanor::imports {

class CsvRows {
 public:
  // `separator` 0: what stands most often in the first line.
  explicit CsvRows(Input& input, char separator = 0);
  // The next row that is not empty; false at the end. A row that is longer than a mebibyte is cut.
  bool next(std::vector<std::string>& cells);
  [[nodiscard]] char separator() const noexcept { return separator_; }

 private:
  Input& input_;
  char separator_;
};

// As a cell is written, in quotes where that is needed.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace athanor::imports
