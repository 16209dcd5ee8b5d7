#include "core/forecast/measure.h"

#include "core/assembly/assembly.h"
#include "core/forecast/facts.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace athanor::runner {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Time and arithmetic of every operation while it is switched on. Operations do not nest.
class OpMeter final : public TraceSink, public WorkObserver {
 public:
  void begin(const char*) noexcept override { begin_ = Clock::now(); }
  void end(const char* op) noexcept override {
    if (on) totals_[op][size_].seconds += seconds_since(begin_);
  }
  void on_launch(const char* op, const Work& work) noexcept override {
    size_ = size_class(work.flops);  // of the begin() and end() that follow
    if (!on) return;
    Total& total = totals_[op][size_];
    total.flops += work.flops;
    total.launches += 1;
  }

  bool on = false;

  // Adds the rates and returns what was spent inside operations.
  struct Sum {
    double seconds = 0, flops = 0;
  };
  Sum into(OpRates& rates) const {
    Sum sum;
    for (const auto& [op, by_class] : totals_) {
      for (const auto& [size, total] : by_class) {
        sum.seconds += total.seconds;
        sum.flops += total.flops;
        if (total.flops > 0) {
          rates.seconds_per_flop[op][size] = total.seconds / total.flops;
        } else if (total.launches > 0) {
          rates.seconds_per_launch[op] = total.seconds / total.launches;
        }
      }
    }
    return sum;
  }

 private:
  struct Total {
    double seconds = 0, flops = 0, launches = 0;
  };
  std::map<std::string, std::map<int, Total>> totals_;
  Clock::time_point begin_;
  int size_ = 0;
};

}  // namespace

Measured measure(const SoundRecipe& sound, double budget_s, comm::Group* group) {
  const auto begin = Clock::now();
  Assembly assembly =
      assemble(sound.recipe, sound.data.dataset, {}, group ? std::optional<int>(group->world().rank()) : std::nullopt);
  if (group) join(assembly, sound.recipe, *group);
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
    out.rates.overhead[size_class(inside.flops / steps)] = std::max(1.0, out.times.step_s * steps / inside.seconds);
  }
  out.rates.start_s = assemble_s;
  return out;
}

}  // namespace athanor::runner
