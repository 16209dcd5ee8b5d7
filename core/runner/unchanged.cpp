#include "core/runner/unchanged.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace {

constexpr std::size_t kShownDigits = 12;

void check_data(const std::string& intention, const SoundRecipe& sound, const std::string& noted) {
  const data::DatasetCard& card = sound.data.dataset->card();
  if (noted.empty() || noted == card.digest) return;
  throw Failure(ErrorKind::invalid_input, intention,
                fmt::format("the data set {} has changed since: its digest was {} and is {}", card.name,
                            noted.substr(0, kShownDigits), card.digest.substr(0, kShownDigits)),
                fmt::format("Put {} back as it was, or train a new run on the data set as it is",
                            sound.data.dataset->folder().string()));
}

}  // namespace

void check_unchanged(const std::string& intention, const SoundRecipe& sound, const std::optional<Origin>& origin,
                     const checkpoint::TrainingState* state) {
  check_data(intention, sound, state != nullptr ? state->data_digest : origin ? origin->data_digest : std::string());
  if (!origin || origin->recipe.empty()) return;
  std::string changed;
  for (const std::string& path : recipe::parse(origin->recipe).recipe.differences(sound.recipe)) {
    if (!recipe::may_change_on_resume(path)) changed += (changed.empty() ? "" : ", ") + path;
  }
  if (changed.empty()) return;
  throw Failure(ErrorKind::invalid_input, intention, "its recipe.toml was changed since it began, in " + changed,
                "Put these back as provenance.json has them, or start a fork with --fork");
}

}  // namespace athanor::runner
