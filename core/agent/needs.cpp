#include "core/agent/needs.h"

#include <algorithm>

namespace athanor::agent {
namespace {

// A recipe with faults may say anything.
constexpr std::int64_t kMost = 1 << 12;

int within_reason(const recipe::Recipe& recipe, const char* path) {
  return static_cast<int>(std::clamp<std::int64_t>(recipe.integer(path), 0, kMost));
}

}  // namespace

store::Needs needs_of(const recipe::Recipe& recipe) {
  const std::string& device = recipe.text("train.device");
  store::Needs needs;
  std::int64_t ranks = 1;
  for (const char* path : {"parallel.data", "parallel.tensor", "parallel.pipeline"})
    ranks = std::min(kMost, ranks * std::max(1, within_reason(recipe, path)));
  needs.ranks = static_cast<int>(ranks);
  needs.threads = within_reason(recipe, "train.threads");
  needs.device = device == "cpu"    ? store::DeviceWish::cpu
                 : device == "cuda" ? store::DeviceWish::cuda
                                    : store::DeviceWish::automatic;
  return needs;
}

store::Needs needs_of(const std::string& recipe_toml) { return needs_of(recipe::parse(recipe_toml).recipe); }

}  // namespace athanor::agent
