#include "tests/core/timeline/waiting_run.h"

#include "core/comm/group.h"
#include "core/distributed/pipeline_runner.h"
#include "core/journal/reader.h"
#include "core/journal/span_sampling.h"
#include "core/journal/writer.h"
#include "core/parallel/generate.h"
#include "core/parallel/passes.h"
#include "core/tensor/context.h"

#include <cmath>
#include <ctime>
#include <fstream>
#include <memory>

namespace athanor::timeline::test {
namespace {

using namespace distributed;
using parallel::OpKind;
constexpr std::int64_t kMessageNumbers = 1 << 10;

class WaitingStage final : public StageWork {
 public:
  WaitingStage(Context& context, const parallel::StageCost& cost_ns)
      : context_(context), cost_(cost_ns), message_(context.full({kMessageNumbers}, 1.0F)) {}

  Tensor make_input_space(int) override { return context_.empty(message_.shape()); }
  Tensor make_output_gradient_space(int) override { return context_.empty(message_.shape()); }
  Tensor forward(int, const Tensor&) override { return wait(OpKind::forward); }
  Tensor input_gradient(int, const Tensor&) override { return wait(OpKind::input_gradient); }
  Tensor backward(int, const Tensor&) override { return wait(OpKind::backward); }
  void weight_gradient(int) override { (void)wait(OpKind::weight_gradient); }
  void step() override {}

 private:
  Tensor wait(OpKind kind) const {
    const std::int64_t until = journal::monotonic_now_ns() + static_cast<std::int64_t>(compute_time(cost_, kind));
    const timespec at{.tv_sec = until / 1'000'000'000, .tv_nsec = until % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
    }
    return message_;
  }

  Context& context_;
  parallel::StageCost cost_;
  Tensor message_;
};

void tell_of_run(journal::Writer& journal, int step, double step_ms) {
  value_or_throw(journal.append(journal::MetricSamples{step,
                                                       {{"train/loss", 4.8 * std::exp(-step / 60.0) + 0.4},
                                                        {"train/learning_rate", 1e-3},
                                                        {"train/gradient_norm", 1.5},
                                                        {"train/samples_per_s", 128e3 / step_ms},
                                                        {"train/step_ms", step_ms},
                                                        {"comm/pipeline_bytes", 16.0 * kMessageNumbers * 4},
                                                        {"comm/data_bytes", 4.8e6},
                                                        {"comm/sent_bytes", 4.8e6 + 16.0 * kMessageNumbers * 4},
                                                        {"comm/exposed_ms", 0.08 * step_ms},
                                                        {"comm/total_ms", 0.2 * step_ms}}}));
}

void run_rank(const std::filesystem::path& folder, const WaitingRun& run, const parallel::Schedule& schedule,
              comm::Communicator& world) {
  const int rank = world.rank();
  const auto journal = value_or_throw(journal::Writer::open(folder / journal::file_name(rank)));
  if (rank == 0) value_or_throw(journal->append(journal::StateChanged{journal::RunState::running, ""}));
  Context context{ContextOptions{}};
  std::vector<std::unique_ptr<WaitingStage>> owned;
  std::vector<StageWork*> stages;
  for (std::size_t stage = 0; stage < schedule.stage_ranks.size(); ++stage) {
    const bool is_here = schedule.stage_ranks[stage] == rank;
    owned.push_back(is_here ? std::make_unique<WaitingStage>(context, run.costs_ns[stage]) : nullptr);
    stages.push_back(owned.back().get());
  }
  journal::SpanSampling sampling;
  int step = 1;
  PipelineRunner runner(world, schedule, stages,
                        {.now_ns = [&] { return journal->now_ns(); },
                         .tell =
                             [&](const PipelineSpan& told) {
                               const journal::Span span = to_journal(told, rank, step);
                               if (sampling.tells(span)) value_or_throw(journal->append(span));
                             },
                         .enter = {}});
  for (; step <= run.steps; ++step) {
    world.barrier();
    const std::int64_t begin = journal->now_ns();
    runner.run();
    if (rank != 0) continue;
    tell_of_run(*journal, step, static_cast<double>(journal->now_ns() - begin) / 1e6);
    if (step == run.steps / 2) {
      value_or_throw(journal->append(
          journal::FaultSeen{step, "communication", "take a step", "rank 3 was killed by signal 9", "none needed"}));
      value_or_throw(journal->append(
          journal::Recovery{step, "what the ranks hold in memory; rank 3 was lost", 3, 0, 21.5, 0.4, 312, 18, 61}));
    }
  }
  if (rank == 0 && !run.goes_on)
    value_or_throw(journal->append(journal::StateChanged{journal::RunState::finished, ""}));
}

}  // namespace

void write_waiting_run(const std::filesystem::path& folder, const WaitingRun& run) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "recipe.toml") << "[run]\nname = \"" << folder.filename().string()
                                        << "\"\n[train]\nwarmup_steps = 0\nsteps = " << run.steps << '\n';
  const parallel::Schedule schedule = insert_steps(insert_transfers(order_micro_batches(run.schedule)));
  comm::run_threads(schedule.rank_count(), {},
                    [&](comm::Group& group) { run_rank(folder, run, schedule, group.world()); });
}

WaitingRun eight_ranks(double forward_ns, int steps) {
  WaitingRun run{parallel::zb_v(8, 16), {}, steps};
  run.costs_ns.assign(
      16, {.forward = forward_ns, .input_gradient = 1.15 * forward_ns, .weight_gradient = 0.85 * forward_ns});
  run.costs_ns.back().forward *= 1.4;
  return run;
}

}  // namespace athanor::timeline::test
