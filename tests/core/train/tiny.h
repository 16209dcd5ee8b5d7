// A tiny model on the real data, for tests of the loop.
#pragma once

#include "core/assembly/assembly.h"
#include "core/recipe/recipe.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace athanor::train {

inline recipe::Recipe tiny_recipe() { return recipe::parse_file(ATH_SOURCE_DIR "/experiments/smoke.toml")->recipe; }

// Reading the data set takes longer than most of these tests, so it is done once.
inline std::shared_ptr<const data::Dataset> prepared_data() {
  static const std::shared_ptr<const data::Dataset> dataset = [] {
    const char* chosen = std::getenv("ATHANOR_TEST_DATASETS");
    const std::filesystem::path folder = chosen != nullptr ? chosen : ATH_TEST_DATASETS;
    return std::make_shared<const data::Dataset>(value_or_throw(data::Dataset::open(folder / "emoji")));
  }();
  return dataset;
}

inline runner::Assembly tiny_assembly(const recipe::Recipe& recipe = tiny_recipe()) {
  return runner::assemble(recipe, prepared_data());
}

}  // namespace athanor::train
