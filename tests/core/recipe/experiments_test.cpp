#include "core/base/files.h"
#include "core/recipe/document.h"
#include "core/recipe/recipe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::recipe {
namespace {

namespace fs = std::filesystem;

const fs::path kExperiments = fs::path(ATH_SOURCE_DIR) / "experiments";

TEST(Experiments, EveryRecipeIsSoundAndListedOnThePage) {
  const std::string page = *read_file(kExperiments / "README.md");
  int recipes = 0;
  for (const auto& entry : fs::directory_iterator(kExperiments)) {
    if (entry.path().extension() != ".toml") continue;
    ++recipes;
    const auto parsed = parse_file(entry.path().string());
    ASSERT_TRUE(parsed);
    for (const Fault& fault : parsed->faults) ADD_FAILURE() << to_string(fault, entry.path().string());
    EXPECT_THAT(page, testing::HasSubstr(fmt::format("`{}`", entry.path().filename().string())));
  }
  EXPECT_GE(recipes, 4);
}

TEST(Experiments, ThePageOfFieldsIsUpToDate) {
  EXPECT_EQ(*read_file(kExperiments / "README.md"), to_markdown())
      << "write it anew: athanor-run show --fields > experiments/README.md";
}

}  // namespace
}  // namespace athanor::recipe
