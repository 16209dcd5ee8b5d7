#include "core/forecast/measure.h"

#include "core/assembly/assembly.h"
#include "core/forecast/facts.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace athanor::runner {
namespace {

// Time and arithmetic of every operation while it is switched on. Operations do not nest.
class OpMeter final : public TraceSink, public WorkObserver {
 public:
  void begin(const char*) noexcept override { begin_ = Clock::now(); }
  void end(const char* op) noexcept override {
    if (!on) return;
    Total& total = totals_[op][size_class(flops_)];
    const double seconds = seconds_since(begin_);
    total.least_s = std::min(total.least_s, flops_ > 0 ? seconds / flops_ : seconds);
  }
  void on_launch(const char* op, const Work& work) noexcept override {
    flops_ = work.flops;  // of the begin() and end() that follow
    if (!on) return;
    Total& total = totals_[op][size_class(work.flops)];
    total.flops += work.flops;
    total.launches += 1;
  }

  bool on = false;

  // Adds the rates, each of the quickest launch, for nothing makes a machine quicker than it is; and returns what all
  // launches take at these.
  struct Sum {
    double seconds = 0, flops = 0;
  };
  Sum into(OpRates& rates) const {
    Sum sum;
    for (const auto& [op, by_class] : totals_) {
      for (const auto& [size, total] : by_class) {
        if (total.launches == 0 || total.least_s == kNever) continue;
        const double times = total.flops > 0 ? total.flops : total.launches;
        sum.seconds += times * total.least_s;
        sum.flops += total.flops;
        if (total.flops > 0) {
          rates.seconds_per_flop[op][size] = total.least_s;
        } else {
          rates.seconds_per_launch[op] = total.least_s;
        }
      }
    }
    return sum;
  }

 private:
  static constexpr double kNever = std::numeric_limits<double>::infinity();
  struct Total {
    double flops = 0, launches = 0;
    double least_s = kNever;  // of a launch, for each of its operations where these are counted
  };
  std::map<std::string, std::map<int, Total>> totals_;
  Clock::time_point begin_;
  double flops_ = 0;
};

}  // namespace

Measured measure(const SoundRecipe& sound, double budget_s, comm::Group* group) {
  const auto begin = Clock::now();
  // Alone it does what one of those ranks does that share a model's matrices.
  std::optional<int> rank;
  if (group || mesh_of(sound.recipe).tensor > 1) rank = group ? group->world().rank() : 0;
  Assembly assembly = assemble(sound.recipe, sound.data.dataset, {}, rank);
  if (group)
    join(assembly, sound.recipe, *group);
  else if (assembly.tensor)
    assembly.tensor->pretend();
  const double assemble_s = seconds_since(begin);
  OpMeter meter;
  assembly.context->set_trace(&meter);
  assembly.context->set_work_observer(&meter);

  std::vector<double> step_s;
  train::Plan plan = train_plan(sound.recipe);
  plan.steps = 1'000'000;
  if (!group) plan.micro_batches /= mesh_of(sound.recipe).data;  // what one rank does, without the others
  plan.evaluate_every = plan.checkpoint_every = 0;
  plan.schedule.peak =
      0;  // the same work, but a recipe that diverges does so in its run, where it is told step by step
  train::Ports ports;
  ports.tell = [](const journal::Payload&) {};
  ports.save = [](std::int64_t) {};
  ports.now_ns = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
  };

  // The first evaluation and the first step choose kernels and reserve memory; they are left out of the rates.
  auto last = begin;
  bool first = true;
  double evaluate_s = 0;
  std::size_t asked = 0;
  ports.stop = [&] {
    const double spent = seconds_since(last);
    if (asked == 0) {
      evaluate_s = spent - assemble_s;
    } else if (first) {
      first = false;
      meter.on = true;
    } else {
      step_s.push_back(spent);
    }
    ++asked;
    last = Clock::now();
    if (group && group->world().rank() != 0) return false;
    return !step_s.empty() && seconds_since(begin) + step_s.back() > budget_s;
  };
  (void)train::Trainer(assembly.parts(), plan, ports).run(0);

  Measured out;
  out.times.step_s = mean(step_s);
  out.times.start_s = assemble_s;
  out.times.evaluate_s_per_picture =
      evaluate_s / static_cast<double>(std::max<std::int64_t>(sound.data.test_pictures, 1));
  const auto inside = meter.into(out.rates);
  const auto steps = static_cast<double>(step_s.size());
  if (inside.seconds > 0) {
    out.rates.overhead[size_class(inside.flops / steps)] =
        std::max(1.0, *std::ranges::min_element(step_s) * steps / inside.seconds);
  }
  out.rates.start_s = assemble_s;
  out.reserved_bytes = static_cast<std::int64_t>(assembly.context->memory().peak_reserved_bytes);
  return out;
}

Measured measure_together(const SoundRecipe& sound, double budget_s) {
  Measured out;
  comm::run_threads(parallel::world_size(mesh_of(sound.recipe)), {}, [&](comm::Group& group) {
    Measured own = measure(sound, budget_s, &group);
    if (group.world().rank() == 0) out = std::move(own);
  });
  return out;
}

}  // namespace athanor::runner
