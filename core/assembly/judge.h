// What keeps a recipe from being carried out here and can only be judged with more than the recipe at hand: its data
// set, text encoder, weights and device, the parameters that its patterns name, the run that it repeats or forks.
// Computes nothing and keeps no weights, so a form can ask at every change; of a checkpoint to fork every byte is read.
#pragma once

#include "core/assembly/run_directory.h"
#include "core/checkpoint/checkpoint.h"
#include "core/data/dataset.h"
#include "core/parallel/layout.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::runner {

// The data set that this program can make (`athanor-run prepare`).
inline constexpr const char* kPreparable = "emoji";
inline constexpr const char* kTextEncoder = "minilm";  // a text encoder to finetune

// What is wrong with a recipe, gathered one judgement after the other. A field that has a fault is not judged again.
class Faults {
 public:
  // `found`: what the recipe alone told; `doubtful`: fields that were named but not understood.
  Faults(const recipe::Recipe& recipe, std::vector<recipe::Fault> found, std::set<std::string, std::less<>> doubtful);

  void add(std::string_view field, std::string reason);
  // An Error that is no slip of the recipe, or of no field (""), keeps its own words and kind where it stays alone.
  void add(std::string_view field, Error error);
  [[nodiscard]] bool spoils(std::string_view field) const { return spoiled_.contains(field); }
  // "model": whether anything in that section has a fault.
  [[nodiscard]] bool spoils_section(std::string_view section) const;
  // The recipe with the defaults where it has faults.
  [[nodiscard]] recipe::Recipe without_spoiled() const;

  void add(recipe::Fault fault);
  [[nodiscard]] const std::set<std::string, std::less<>>& spoiled() const { return spoiled_; }
  // Assignments that would do for every fault of the layout.
  void offer_layout(const std::vector<std::string>& cure);

  // In order of lines. Empty where `alone` is to be thrown instead.
  [[nodiscard]] bool empty() const { return found_.empty(); }
  [[nodiscard]] const Error* alone() const;
  [[nodiscard]] std::vector<recipe::Fault> sorted() const;

 private:
  const recipe::Recipe& recipe_;
  std::vector<recipe::Fault> found_;
  std::set<std::string, std::less<>> spoiled_;
  std::optional<Error> error_;
};

// What of the recipe's model decides how it can be cut, that of its text encoder too.
[[nodiscard]] parallel::LayoutFacts facts_for_layout(const recipe::Recipe& recipe);

// The data set, opened as a by-product; null when that failed.
struct DataJudgement {
  std::shared_ptr<const data::Dataset> dataset;
  std::int64_t train_pictures = 0;
  std::int64_t test_pictures = 0;
};
// A missing or damaged data set, groups it does not hold, a batch larger than the training set.
[[nodiscard]] DataJudgement judge_data(const recipe::Recipe& recipe, Faults& faults);

// train.device, and everything that make_learner() would refuse: encoders and weights that are not there or do not fit,
// patterns that match nothing, decisions that cannot be repeated. `dataset` may be null.
void judge_learner(const recipe::Recipe& recipe, const data::Dataset* dataset, Faults& faults);

// The rules that speak of a prepared text encoder, and the nearest layout that keeps all, as advice. `may_change` as in
// recipe::layout_limits().
void judge_layout(const recipe::Recipe& recipe, const std::function<bool(const std::string& path)>& may_change,
                  Faults& faults);

// A run to go on from under another recipe, and its checkpoint, which is whole.
struct Fork {
  RunDirectory parent;
  checkpoint::Saved from;
};
// The run and its checkpoint, and every field that keeps the recipe from taking over what was learnt. `parent` is the
// run, or why there is none. Nothing when either is missing or damaged.
[[nodiscard]] std::optional<Fork> judge_fork(const recipe::Recipe& recipe, const Result<RunDirectory>& parent,
                                             std::int64_t step, Faults& faults);

}  // namespace athanor::runner
