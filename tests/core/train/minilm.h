// The text encoder that installer/fetch-minilm unpacked, and what sentence-transformers makes of 200 texts with it.
#pragma once

#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/checkpoint/encoder_folder.h"
#include "core/models/bert/bert.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::train {

inline std::filesystem::path minilm_folder() { return sources_dir() / "minilm"; }

inline bool have_minilm() {
  std::error_code ignored;
  return std::filesystem::exists(minilm_folder() / "packages.tsv", ignored);
}

// Skips the test with the reason and the remedy.
#define ATH_NEED_MINILM()                                                            \
  if (!::athanor::train::have_minilm())                                              \
  GTEST_SKIP() << "the text encoder is not at " << ::athanor::train::minilm_folder() \
               << "; run installer/fetch-minilm " << ::athanor::train::minilm_folder().parent_path()

struct ReferenceRow {
  std::string text;
  std::vector<std::int32_t> ids;
};

struct Reference {
  int max_tokens = 0;
  std::string code_points_sha256;
  std::vector<ReferenceRow> rows;
};

inline std::filesystem::path golden_minilm() { return std::filesystem::path(ATH_SOURCE_DIR) / "tests/golden/minilm"; }

inline Reference read_reference() {
  const auto document = nlohmann::json::parse(value_or_throw(read_file(golden_minilm() / "reference.json")));
  Reference out{document.at("max_tokens"), document.at("code_points_sha256"), {}};
  for (const auto& row : document.at("rows")) out.rows.push_back({row.at("text"), row.at("ids")});
  return out;
}

inline models::BertConfig minilm_config() {
  const auto facts = value_or_throw(checkpoint::read_encoder_facts(minilm_folder()));
  models::BertConfig out;
  out.vocabulary = facts.vocabulary;
  out.width = facts.width;
  out.depth = facts.depth;
  out.heads = facts.heads;
  out.feed_forward = facts.feed_forward;
  out.positions = facts.positions;
  out.token_types = facts.token_types;
  out.norm_eps = static_cast<float>(facts.norm_eps);
  return out;
}

}  // namespace athanor::train
