#include "core/ranks/state_keeper.h"

#include "core/ranks/run_state.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <vector>

namespace athanor::runner {

using distributed::StateCopy;

StateKeeper::StateKeeper(const recipe::Recipe& recipe, Assembly& assembly, const std::filesystem::path& folder,
                         int rank)
    : assembly_(assembly), file_(folder / fmt::format("state-{}", rank)) {
  if (!assembly.is_shared() || !recipe.boolean("checkpoint.in_memory")) return;
  try {
    copy_ = std::make_unique<StateCopy>(file_, held_by(assembly));
  } catch (const Failure& failure) {
    trouble_ = failure.error().message();
  }
}

void StateKeeper::keep(const train::Progress& progress) {
  if (!copy_) return;
  const nlohmann::json text{{"evaluated", progress.evaluated},
                            {"optimizer_steps", assembly_.optimizer->step_count()},
                            {"precision", assembly_.precision ? assembly_.precision->state() : std::string()}};
  if (!copy_->keep(*assembly_.context, progress.done, text.dump()))
    trouble_ = "what the number formats have to say of themselves is too long";
}

// What only some keep helps nobody.
void StateKeeper::keep_with(comm::Communicator& ranks) {
  std::int64_t lacking = copy_ ? 0 : 1;
  ranks.all_reduce(View(&lacking, DType::i64, Shape{1}), comm::Reduce::max);
  if (lacking == 0 || !copy_) return;
  copy_.reset();
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  trouble_ = "another rank cannot keep its part";
}

std::optional<train::Progress> StateKeeper::bring_back(comm::Communicator& ranks) {
  keep_with(ranks);
  auto own = copy_ ? copy_->steps() : std::array{StateCopy::kNone, StateCopy::kNone};
  std::vector<std::int64_t> all(own.size() * static_cast<std::size_t>(ranks.size()));
  ranks.all_gather({own.data(), DType::i64, Shape{std::ssize(own)}}, {all.data(), DType::i64, Shape{std::ssize(all)}});
  const std::int64_t step = distributed::last_common(all);
  if (step == StateCopy::kNone) return std::nullopt;
  const nlohmann::json text = nlohmann::json::parse(copy_->bring_back(*assembly_.context, step));
  assembly_.optimizer->set_step_count(text.at("optimizer_steps"));
  if (const auto& precision = text.at("precision").get_ref<const std::string&>(); !precision.empty())
    assembly_.precision->restore(precision);
  // What was about to be written when a rank was lost may not be there.
  return train::Progress{.done = step, .evaluated = text.at("evaluated"), .saved = -1};
}

void StateKeeper::forget() {
  if (copy_) copy_->forget();
}

}  // namespace athanor::runner
