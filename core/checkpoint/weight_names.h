// Between the names of another program's weights and our logical dotted paths. What a family is called there is a table
// (NameTable), never code; matching says everything that does not fit at once and drops nothing silently.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

// "{}" stands for the same whole number in both names.
struct NameRule {
  std::string_view foreign;  // "encoder.layer.{}.attention.self.key.weight"
  std::string_view ours;     // "blocks.{}.attention.qkv.weight"
  int part = 0;              // ours is made of `parts` foreign arrays of the same shape, one below the other
  int parts = 1;
};

struct NameTable {
  std::string_view family;
  std::span<const NameRule> rules;
  std::span<const std::string_view> prefixes;  // that may stand before every foreign name, tried in order
  std::span<const std::string_view> unused;    // "pooler.*": known, and without a place here; told, not refused
};

// BertModel of the Hugging Face transformers library. Ours: models/bert/bert.h.
[[nodiscard]] const NameTable& bert_names();

struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;
};

// Where one of our arrays comes from, part by part.
struct Placement {
  std::string ours;
  std::vector<std::string> foreign;
};

struct NameMatch {
  std::vector<Placement> placements;  // one for each of ours, in their order
  std::vector<std::string> unused;    // foreign names that have no place here, as the table says
};

// The foreign arrays that one of ours becomes, part by part; they share its first dim evenly. None where the table
// knows nothing like it.
[[nodiscard]] std::vector<NamedShape> foreign_arrays(const NameTable& table, const NamedShape& ours);

// invalid_input lists every missing array with the name that is most alike, every superfluous one with what it might
// have been meant for, and every shape that differs. `origin` names the file in that text.
[[nodiscard]] Result<NameMatch> match_names(const NameTable& table, std::span<const NamedShape> foreign,
                                            std::span<const NamedShape> ours, std::string_view origin);

}  // namespace athanor::checkpoint
