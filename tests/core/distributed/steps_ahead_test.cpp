// Steps that are taken before the norm of the whole model is known leave the bits of steps that wait for it, whatever
// has to be clipped, skipped or refused.
#include "tests/core/distributed/trained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <sstream>

namespace athanor {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSteps = 14;

recipe::Recipe recipe_of(const std::string& words) {
  recipe::Recipe recipe = recipe_for(1, 4);
  std::istringstream stream(words);
  for (std::string word; stream >> word;) EXPECT_FALSE(recipe::apply_override(recipe, word)) << word;
  return recipe;
}

std::string cut(const std::string& schedule, double clip_norm) {
  return "parallel.pipeline=2 parallel.schedule=" + schedule + " train.clip_norm=" + std::to_string(clip_norm);
}

// From the first step on.
void ahead(runner::Assembly&, train::Parts& parts, train::Plan& plan, train::Ports&) {
  parts.steps_ahead = true;
  plan.ahead_after = 0;
}

void waiting(runner::Assembly&, train::Parts& parts, train::Plan&, train::Ports&) { parts.steps_ahead = false; }

void expect_same(const std::vector<Trace>& some, const std::vector<Trace>& others) {
  ASSERT_EQ(some.size(), others.size());
  for (std::size_t rank = 0; rank < some.size(); ++rank) {
    SCOPED_TRACE("rank " + std::to_string(rank));
    EXPECT_EQ(some[rank].losses, others[rank].losses);
    EXPECT_EQ(some[rank].norms, others[rank].norms);
    EXPECT_EQ(some[rank].evaluations, others[rank].evaluations);
    for (const auto& [name, numbers] : others[rank].numbers)
      EXPECT_TRUE(some[rank].numbers.at(name) == numbers) << name;
    ASSERT_EQ(some[rank].residuals.size(), others[rank].residuals.size());
    for (const auto& [name, residual] : others[rank].residuals) {
      EXPECT_TRUE(some[rank].residuals.at(name).sender == residual.sender) << name;
      EXPECT_TRUE(some[rank].residuals.at(name).owner == residual.owner) << name;
    }
  }
}

// A pass in which after some steps a gradient of one rank is not what it was.
class SpoilingPass final : public train::Pass {
 public:
  SpoilingPass(train::Pass& inner, std::function<void()> spoil) : inner_(inner), spoil_(std::move(spoil)) {}
  Tensor forward(const data::Batch& batch) override { return inner_.forward(batch); }
  void backward(float loss_scale) override {
    inner_.backward(loss_scale);
    spoil_();
  }
  [[nodiscard]] bool watch(const train::PassPorts& ports) override { return inner_.watch(ports); }
  void drop() override { inner_.drop(); }

 private:
  train::Pass& inner_;
  std::function<void()> spoil_;
};

// Which of all steps, from 0.
using Which = std::function<bool(std::uint32_t step)>;

// The first gradient of rank 1 of the pipeline is not finite in those steps, where it is not all another one's.
Adjust spoiling(const Adjust& also, std::vector<std::unique_ptr<train::Pass>>& keep, std::mutex& mutex, Which which) {
  return [&, also, which](runner::Assembly& assembly, train::Parts& parts, train::Plan& plan, train::Ports& ports) {
    also(assembly, parts, plan, ports);
    if (assembly.peers->mesh.here.pipeline != 1) return;
    const std::lock_guard lock(mutex);
    parts.pass =
        keep.emplace_back(std::make_unique<SpoilingPass>(
                              *parts.pass,
                              [&assembly, which] {
                                if (!which(assembly.context->step())) return;
                                for (const Parameter& parameter : assembly.model->named_parameters()) {
                                  if (!parameter->gradient.present() || assembly.stages->rank_of(parameter->path) != 1)
                                    continue;
                                  parameter->gradient.host<float>().front() = std::numeric_limits<float>::infinity();
                                  return;
                                }
                              }))
            .get();
  };
}

class StepsAhead : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Schedules, StepsAhead,
                         testing::Values("gpipe", "1f1b", "interleaved", "zb-h1", "zb-h2", "zb-v", "v-half", "v-min",
                                         "search"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(StepsAhead, GiveTheBitsOfStepsThatWaitWhereSomeAllOrNoneAreClipped) {
  std::vector<double> norms = train_ranks(recipe_of("train.clip_norm=0"), kSteps).front().norms;
  std::ranges::sort(norms);
  const double some = norms[norms.size() / 2], all = norms.front() / 2;
  for (const double clip_norm : {0.0, some, all}) {
    SCOPED_TRACE(clip_norm);
    const recipe::Recipe recipe = recipe_of(cut(GetParam(), clip_norm));
    const std::vector<Trace> traces = train_ranks(recipe, kSteps, {}, ahead);
    expect_same(traces, train_ranks(recipe, kSteps, {}, waiting));
    const auto [taken, taken_back] = traces.front().ahead;
    EXPECT_EQ(taken, kSteps - 1);
    EXPECT_EQ(traces.back().ahead.taken_back, taken_back);
    EXPECT_EQ(taken_back == 0, clip_norm == 0);
    EXPECT_EQ(taken_back == taken, clip_norm == all);
  }
}

TEST(StepsAheadOfOtherKinds, GiveTheBitsOfStepsThatWait) {
  for (const char* words : {"train.optimizer=lamb", "train.optimizer=sgd", "precision.policy=bf16",
                            "precision.policy=bf16 precision.master=bf16_stochastic precision.moments=bf16",
                            "parallel.tensor=2", "parallel.data=2", "parallel.data=2 parallel.shard=optimizer",
                            "parallel.data=2 parallel.shard=gradients", "parallel.data=2 parallel.gradient_format=fp8",
                            "parallel.data=2 parallel.shard=optimizer parallel.gradient_format=int8"}) {
    SCOPED_TRACE(words);
    recipe::Recipe recipe = recipe_of(cut("zb-v", 0) + " parallel.micro_batches=8 " + words);
    ASSERT_TRUE(recipe::validate(recipe).empty());
    std::vector<double> norms = train_ranks(recipe, kSteps, {}, waiting).front().norms;
    std::ranges::sort(norms);
    recipe.set("train.clip_norm", norms[norms.size() / 2]);
    const std::vector<Trace> traces = train_ranks(recipe, kSteps, {}, ahead);
    expect_same(traces, train_ranks(recipe, kSteps, {}, waiting));
    EXPECT_GT(traces.front().ahead.taken_back, 0);
    EXPECT_LT(traces.front().ahead.taken_back, traces.front().ahead.taken);
  }
}

TEST(StepsAhead, AreSkippedWithASmallerLossScaleAsThoseThatWait) {
  std::mutex mutex;
  std::vector<std::unique_ptr<train::Pass>> keep;
  const Which which = [](std::uint32_t step) { return step % 4 == 2 || step == 3; };
  for (const char* words : {"", "parallel.data=2", "parallel.data=2 parallel.shard=optimizer",
                            "parallel.data=2 parallel.gradient_format=fp8"}) {
    SCOPED_TRACE(words);
    const recipe::Recipe recipe =
        recipe_of(cut("zb-h2", 0.1) + " precision.policy=fp16 parallel.micro_batches=8 " + words);
    const std::vector<Trace> traces = train_ranks(recipe, kSteps, {}, spoiling(ahead, keep, mutex, which));
    expect_same(traces, train_ranks(recipe, kSteps, {}, spoiling(waiting, keep, mutex, which)));
    EXPECT_GE(traces.front().ahead.taken_back, 4);
  }
}

// What a run says of the step in which a gradient is not finite and nothing helps, and what it has saved before.
std::pair<std::string, std::vector<std::int64_t>> refused(const Adjust& adjust) {
  std::mutex mutex;
  std::vector<std::unique_ptr<train::Pass>> keep;
  std::vector<std::int64_t> saved;
  const Adjust spoiled = spoiling(adjust, keep, mutex, [](std::uint32_t step) { return step == 5; });
  const Adjust all = [&](runner::Assembly& assembly, train::Parts& parts, train::Plan& plan, train::Ports& ports) {
    spoiled(assembly, parts, plan, ports);
    if (assembly.peers->world.leads()) ports.save = [&](std::int64_t step) { saved.push_back(step); };
  };
  try {
    (void)train_ranks(recipe_of(cut("zb-h2", 0)), kSteps, {}, all);
  } catch (const Failure& failure) {
    return {failure.what(), saved};
  }
  return {};
}

TEST(StepsAhead, AreRefusedAsThoseThatWaitWhereAGradientIsNotFinite) {
  for (const Adjust& adjust : {Adjust(ahead), Adjust(waiting)}) {
    const auto [text, saved] = refused(adjust);
    EXPECT_THAT(text, testing::AllOf(HasSubstr("take step 6"), HasSubstr("is not finite (1 numbers in all)")));
    EXPECT_THAT(saved, testing::ElementsAre(5));
  }
}

TEST(StepsAhead, AreToldKeptAndStoppedAfterOnceTheyAreKnownToBeRight) {
  struct Seen {
    std::vector<std::int64_t> kept, saved;
    std::vector<std::int64_t> told_before_kept;
    std::vector<std::map<std::string, std::vector<float>>> states;
  };
  const auto look = [](const Adjust& adjust) {
    std::array<Seen, 2> all;
    (void)train_ranks(recipe_of(cut("zb-h2", 0.05)), kSteps, {},
                      [&](runner::Assembly& assembly, train::Parts& parts, train::Plan& plan, train::Ports& ports) {
                        adjust(assembly, parts, plan, ports);
                        Seen& seen = all[static_cast<std::size_t>(assembly.peers->mesh.here.pipeline)];
                        auto told = std::make_shared<std::int64_t>(0);
                        ports.tell = [told, tell = ports.tell](const journal::Payload& payload) {
                          if (const auto* figures = std::get_if<journal::MetricSamples>(&payload))
                            *told = figures->step;
                          tell(payload);
                        };
                        ports.keep = [&seen, &assembly, told](const train::Progress& progress) {
                          seen.kept.push_back(progress.done);
                          seen.told_before_kept.push_back(*told);
                          auto& state = seen.states.emplace_back();
                          for (const Parameter& parameter : assembly.model->named_parameters())
                            state[parameter->path] = assembly.context->download(parameter->value);
                          for (const auto& [name, tensor] : assembly.optimizer->named_state())
                            state[name] = assembly.context->download(tensor);
                          state["steps"] = {static_cast<float>(assembly.optimizer->step_count())};
                        };
                        ports.save = [&seen](std::int64_t step) { seen.saved.push_back(step); };
                        ports.stop = [told, is_asked = assembly.peers->mesh.here.pipeline == 1] {
                          return is_asked && *told >= 8;
                        };
                      });
    return all;
  };
  const std::array<Seen, 2> all = look(ahead), expected = look(waiting);
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    EXPECT_EQ(all[rank].kept, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(all[rank].told_before_kept, all[rank].kept);
    EXPECT_EQ(all[rank].saved, std::vector<std::int64_t>{8});
    EXPECT_TRUE(all[rank].states == expected[rank].states);
  }
}

TEST(StepsAhead, AreTakenOnlyAfterSoManyThatWouldHaveBeenRightAndBeforeNothingThatIsDue) {
  std::mutex mutex;
  std::vector<std::unique_ptr<train::Pass>> keep;
  const Adjust adjust = [](runner::Assembly&, train::Parts& parts, train::Plan& plan, train::Ports&) {
    parts.steps_ahead = true;
    plan.ahead_after = 3;
    plan.checkpoint_every = 9;
  };
  const recipe::Recipe recipe = recipe_of(cut("zb-h2", 0) + " precision.policy=fp16");
  const std::vector<Trace> traces =
      train_ranks(recipe, 12, {}, spoiling(adjust, keep, mutex, [](std::uint32_t step) { return step == 4; }));
  // Of the steps from 1 on, 4 and 5 are taken ahead, and 5 is taken back; then none but those after 8: not 9, 12.
  EXPECT_EQ(traces.front().ahead.taken, 4);
  EXPECT_EQ(traces.front().ahead.taken_back, 1);
}

TEST(StepsAhead, SendWhatThoseThatWaitSend) {
  const recipe::Recipe recipe = recipe_of(cut("zb-v", 0));
  const std::vector<Trace> traces = train_ranks(recipe, 6, {}, ahead), expected = train_ranks(recipe, 6, {}, waiting);
  for (std::size_t rank = 0; rank < traces.size(); ++rank) EXPECT_EQ(traces[rank].sent, expected[rank].sent);
}

TEST(StepsAhead, AreForWhatTheyMakeShorter) {
  const auto are_for = [](const char* schedule) {
    return runner::cut_into_stages(recipe_of(cut(schedule, 0) + " model.image_depth=8 model.text_depth=8"), 3000)
        .steps_ahead;
  };
  for (const char* schedule : {"zb-h2", "zb-v"}) EXPECT_TRUE(are_for(schedule)) << schedule;
  for (const char* schedule : {"gpipe", "1f1b", "v-half"}) EXPECT_FALSE(are_for(schedule)) << schedule;
}

}  // namespace
}  // namespace athanor
