#include "tests/core/distributed/pipeline_optimizer.h"

#include "core/comm/group.h"
#include "core/optim/adamw.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace athanor::distributed {
namespace {

constexpr int kRanks = 3;
constexpr std::int64_t kNumel = 20000;  // more than a piece

// Parameter i of the model, with a gradient of its own; rank i of a pipeline has it.
Parameter parameter(Context& context, int i) {
  std::vector<float> gradient(kNumel);
  for (std::size_t k = 0; k < gradient.size(); ++k)
    gradient[k] = 1.0f / static_cast<float>(k + 3) + static_cast<float>(i);
  Parameter made = make_parameter(std::string("p").append(std::to_string(i)), context.full({kNumel}, 1.0f));
  made->gradient = context.upload(gradient, {kNumel});
  return made;
}

struct Stepped {
  std::array<std::vector<float>, kRanks> values;
  std::array<optim::StepReport, kRanks> reports;
};

const optim::StepOptions kOptions{.learning_rate = 0.1f, .max_norm = 1.0f};

// Of two stages a rank; `spoil` may change the gradients of a rank.
Stepped step_over_ranks(const std::function<void(int rank, Tensor& gradient)>& spoil = {}) {
  Stepped stepped;
  comm::run_threads(kRanks, {}, [&](comm::Group& group) {
    const int rank = group.world().rank();
    Context context({});
    std::vector<Parameter> model;
    for (int i = 0; i < kRanks; ++i) model.push_back(parameter(context, i));
    const Parameter mine = model[static_cast<std::size_t>(rank)];
    if (spoil) spoil(rank, mine->gradient);
    optim::AdamW optimizer(context, {mine}, {});
    PipelineOptimizer step(context, group.world(), optimizer, optim::sizes_of(model), {mine}, 2);
    step.set_options(kOptions);
    step.arrive();
    EXPECT_EQ(optimizer.step_count(), 0);
    EXPECT_TRUE(mine->gradient.present());
    step.arrive();
    EXPECT_FALSE(mine->gradient.present());
    stepped.values[static_cast<std::size_t>(rank)] = context.download(mine->value);
    stepped.reports[static_cast<std::size_t>(rank)] = step.report();
  });
  return stepped;
}

TEST(PipelineOptimizer, StepsOnceAllStagesHaveArrivedAsOneOptimizerOfTheWholeModelDoes) {
  Context context({});
  std::vector<Parameter> model;
  for (int i = 0; i < kRanks; ++i) model.push_back(parameter(context, i));
  optim::AdamW optimizer(context, model, {});
  const optim::StepReport report = optimizer.step(context, kOptions);
  const Stepped stepped = step_over_ranks();
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    EXPECT_EQ(stepped.values[rank], context.download(model[rank]->value));
    EXPECT_EQ(stepped.reports[rank].gradient_norm, report.gradient_norm);
  }
}

TEST(PipelineOptimizer, RefusesOnAllRanksWhatIsNotFiniteOnOne) {
  const Stepped stepped = step_over_ranks([](int rank, Tensor& gradient) {
    if (rank == 1) gradient.host<float>()[17000] = std::numeric_limits<float>::infinity();
  });
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    EXPECT_EQ(stepped.reports[rank].nonfinite, 1);
    EXPECT_EQ(stepped.values[rank], std::vector<float>(kNumel, 1.0f));
  }
}

}  // namespace
}  // namespace athanor::distributed
