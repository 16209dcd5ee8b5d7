#include "core/import/csv_cells.h"

#include <algorithm>

namespace athanor::imports {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

char separator_in(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\n'));
  char best = ',';
  for (const char c : {',', ';', '\t'})
    if (std::ranges::count(line, c) > std::ranges::count(line, best)) best = c;
  return best;
}

bool ends_in_quotes(std::string_view text) { return std::ranges::count(text, '"') % 2 != 0; }

}  // namespace

CsvRows::CsvRows(Input& input, char separator) : input_(input), separator_(separator) {
  if (input_.offset() == 0 && input_.peek(kByteOrderMark.size()) == kByteOrderMark)
    input_.skip(static_cast<std::int64_t>(kByteOrderMark.size()));
  if (separator_ == 0) separator_ = separator_in(input_.peek(64U << 10));
}

bool CsvRows::next(std::vector<std::string>& cells) {
  cells.clear();
  std::optional<std::string> row;
  do {
    row = input_.line();
    if (!row) return false;
  } while (row->empty());
  while (ends_in_quotes(*row) && row->size() < Input::kLongestLine) {
    const auto more = input_.line();
    if (!more) break;
    *row += '\n' + *more;
  }
  std::string cell;
  bool is_quoted = false;
  for (std::size_t i = 0; i < row->size(); ++i) {
    const char c = (*row)[i];
    if (is_quoted && c == '"' && i + 1 < row->size() && (*row)[i + 1] == '"') {
      cell += c;
      ++i;
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == separator_ && !is_quoted) {
      cells.push_back(std::move(cell));
      cell.clear();
    } else {
      cell += c;
    }
  }
  cells.push_back(std::move(cell));
  return true;
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",;\t\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

}  // namespace athanor::imports
