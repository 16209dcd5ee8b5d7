#include "core/forecast/layouts.h"

#include "core/assembly/assembly.h"
#include "core/assembly/gpus.h"
#include "core/forecast/estimate.h"
#include "core/forecast/facts.h"
#include "core/forecast/measure.h"
#include "core/forecast/ranks.h"
#include "core/observe/process.h"
#include "core/recipe/layout.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace athanor::runner {
namespace {

using parallel::Layout;
using parallel::LayoutField;

constexpr double kProbe_s = 0.4;
constexpr double kLeast_s = 3;  // of looking at layouts
// Where operations are measured besides the whole batch: small ones are slower for what they do.
constexpr std::int64_t kSmallParts = 8;

// Between two ranks of this machine, as threads: they use the shared memory that processes would.
LinkCost measure_link() {
  constexpr int kLarge = 4, kSmall = 64;
  constexpr std::int64_t kNumbers = 1 << 20;
  LinkCost out;
  comm::run_threads(2, {}, [&](comm::Group& group) {
    std::vector<float> numbers(kNumbers);
    const auto timed = [&](std::int64_t count, int times) {
      const View view(numbers.data(), DType::f32, Shape{count});
      group.world().all_reduce(view);
      double least = std::numeric_limits<double>::infinity();  // nothing makes a link quicker than it is
      for (int i = 0; i < times; ++i) {
        const auto begin = Clock::now();
        group.world().all_reduce(view);
        least = std::min(least, seconds_since(begin));
      }
      return least;
    };
    const double large = timed(kNumbers, kLarge), small = timed(1, kSmall);
    if (group.world().rank() != 0) return;
    out.seconds_per_message = small;
    out.seconds_per_byte = std::max(0.0, large - 2 * small) / (4.0 * kNumbers);
  });
  return out;
}

// Costs of operations by the threads that a rank has: as they are kept, or measured with one rank.
class Costs {
 public:
  Costs(const SoundRecipe& sound, const DrySizes& sizes) : sound_(sound), sizes_(sizes) {}

  const OpRates& of(int threads) {
    const auto found = rates_.find(threads);
    return found != rates_.end() ? found->second : rates_.emplace(threads, look_up(threads)).first->second;
  }
  [[nodiscard]] bool measured_now() const { return measured_now_; }

 private:
  OpRates look_up(int threads) {
    SoundRecipe alone = sound_;
    recipe::set_layout(alone.recipe, {});
    alone.recipe.set("train.threads", std::int64_t{threads});
    MachineCalibration known = load_calibration(machine_key(alone.recipe));
    OpRates rates = known.rates.value_or(OpRates{});
    const std::int64_t batch = alone.recipe.integer("data.batch_size");
    const std::int64_t small = std::max<std::int64_t>(1, batch / kSmallParts);
    const double step_flops = dry_run(alone.recipe, sizes_).step_flops();
    if (rates.overhead.contains(size_class(step_flops))) return rates;
    for (const std::int64_t size : {batch, small}) {
      alone.recipe.set("data.batch_size", size);
      learn(rates, measure(alone, kProbe_s).rates);
    }
    measured_now_ = true;
    known.rates = rates;
    store_calibration(machine_key(alone.recipe), known);
    return rates;
  }

  const SoundRecipe& sound_;
  DrySizes sizes_;
  std::map<int, OpRates> rates_;
  bool measured_now_ = false;
};

// Many layouts are to be looked at.
DrySizes quick(DrySizes sizes) {
  sizes.rehearsed = 2;
  return sizes;
}

class Search {
 public:
  Search(const SoundRecipe& sound, const LayoutQuestion& question)
      : sound_(sound),
        question_(question),
        sizes_(quick(dry_sizes(sound))),
        costs_(sound, sizes_),
        link_(measure_link()) {
    if (resolve_device(sound.recipe).kind == DeviceKind::cuda) gpus_ = static_cast<int>(gpus().size());
    table_.ranks = question.ranks > 0 ? question.ranks : gpus_ > 0 ? gpus_ : observe::machine().cores;
    table_.memory_bytes = question.memory_bytes > 0 ? question.memory_bytes : device_memory(sound.recipe);
    table_.bytes_per_second = link_.seconds_per_byte > 0 ? 1 / link_.seconds_per_byte : 0;
    table_.seconds_per_message = link_.seconds_per_message;
  }

  LayoutTable run() {
    std::vector<Layout> layouts = all();
    table_.valid = layouts.size();
    table_.own = consider(recipe::layout_of(sound_.recipe));
    const auto begin = Clock::now();
    const double budget_s = std::max(kLeast_s, question_.budget_s - seconds_since(begin_));
    for (const Layout& layout : layouts) {
      if (seconds_since(begin) > budget_s) break;
      ++table_.looked_at;
      if (cannot_fit(layout)) {
        ++table_.too_large;
        continue;
      }
      LayoutChoice choice = consider(layout);
      if (choice.fits) {
        table_.best.push_back(std::move(choice));
      } else {
        ++table_.too_large;
      }
    }
    std::ranges::stable_sort(table_.best, {}, &LayoutChoice::step_s);
    if (table_.best.size() > question_.most) table_.best.resize(question_.most);
    table_.measured_now = costs_.measured_now();
    return std::move(table_);
  }

 private:
  // Those with more ranks and parts as they usually are best first: where time runs out, they are the ones worth
  // knowing. To search for a schedule takes longest.
  [[nodiscard]] std::vector<Layout> all() const {
    parallel::LayoutFacts facts = facts_for_layout(sound_.recipe);
    facts.ranks = table_.ranks;
    parallel::LayoutLimits limits = recipe::layout_limits();
    limits.fixed = {LayoutField::gradient_format};
    std::vector<Layout> out = parallel::valid_layouts(recipe::layout_of(sound_.recipe), facts, limits);
    // Of one stage all schedules are the same, and one replica has nobody to share its state with.
    const Layout own = recipe::layout_of(sound_.recipe);
    std::erase_if(out, [&](const Layout& layout) {
      return (layout.pipeline == 1 && layout.schedule != own.schedule) ||
             (layout.data == 1 && layout.shard != own.shard);
    });
    std::ranges::stable_sort(out, {}, [](const Layout& layout) {
      const std::int64_t parts = layout.micro_batches / layout.data,
                         usual = layout.pipeline > 1 ? 2 * layout.pipeline : 1;
      return std::tuple(-layout.data * layout.tensor * layout.pipeline, layout.schedule == "search", layout.pipeline,
                        std::max(parts, usual) / std::min(parts, usual));
    });
    return out;
  }

  [[nodiscard]] RankSetting setting_of(const recipe::Recipe& recipe) {
    RankSetting out = setting_of_run(sound_, recipe);
    out.program_bytes = costs_.of(resolve_threads(recipe)).program_bytes;
    return out;
  }

  // Of ranks that need so much `each`, and so much in `all`. On GPUs those that share one must fit there.
  [[nodiscard]] bool fits(int ranks, std::int64_t each, std::int64_t all) const noexcept {
    return (gpus_ > 0 ? (ranks + gpus_ - 1) / gpus_ * each : all) <= table_.memory_bytes;
  }

  // Known without a rehearsal, which takes time.
  bool cannot_fit(const Layout& layout) {
    recipe::Recipe recipe = sound_.recipe;
    recipe::set_layout(recipe, layout);
    const std::int64_t each = least_memory(recipe, setting_of(recipe));
    const int ranks = parallel::world_size(mesh_of(recipe));
    return !fits(ranks, each, ranks * each);
  }

  LayoutChoice consider(const Layout& layout) {
    recipe::Recipe recipe = sound_.recipe;
    recipe::set_layout(recipe, layout);
    LayoutChoice out;
    out.layout = layout;
    out.set = recipe::assignments(sound_.recipe, layout);
    out.ranks = parallel::world_size(mesh_of(recipe));
    const DryWorld world = dry_world(recipe, sizes_);
    recipe::Prediction need;
    const OpRates& rates = costs_.of(resolve_threads(recipe));
    double busy_s = 0;  // of all ranks
    fill_ranks(need, world, dry_run(world), setting_of(recipe), [&](const DryRun& some, int count) {
      busy_s += count * estimate(some.step, rates).seconds * overhead(rates, some.step_flops());
    });
    out.rank_memory_bytes = need.peak_memory_bytes;
    out.memory_bytes = memory_of_all(need);
    out.bytes_on_wire = need.bytes_on_wire_per_step;
    out.bubble = need.schedule.bubble;
    out.fits = fits(out.ranks, out.rank_memory_bytes, out.memory_bytes);
    out.compute_s = busy_s / out.ranks * waiting(recipe, out.bubble);
    out.exchange_s = exchange_seconds(need.wire, link_);
    out.step_s = out.compute_s + out.exchange_s;
    return out;
  }

  Clock::time_point begin_ = Clock::now();
  const SoundRecipe& sound_;
  LayoutQuestion question_;
  DrySizes sizes_;
  Costs costs_;
  int gpus_ = 0;  // of this machine, where the run computes on them
  LinkCost link_;
  LayoutTable table_;
};

nlohmann::json json_of(const LayoutChoice& choice) {
  return {{"set", choice.set},
          {"ranks", choice.ranks},
          {"step_seconds", choice.step_s},
          {"compute_seconds", choice.compute_s},
          {"exchange_seconds", choice.exchange_s},
          {"bubble", choice.bubble},
          {"rank_memory_bytes", choice.rank_memory_bytes},
          {"memory_bytes", choice.memory_bytes},
          {"bytes_on_wire_per_step", choice.bytes_on_wire},
          {"fits", choice.fits}};
}

}  // namespace

double exchange_seconds(const std::vector<recipe::AxisTraffic>& wire, const LinkCost& link) {
  double sum = 0;
  for (const recipe::AxisTraffic& axis : wire)
    sum += static_cast<double>(axis.bytes) * link.seconds_per_byte +
           static_cast<double>(axis.messages) * link.seconds_per_message;
  return sum;
}

LayoutTable best_layouts(const SoundRecipe& sound, const LayoutQuestion& question) {
  return Search(sound, question).run();
}

std::string to_json(const LayoutTable& table) {
  nlohmann::json best = nlohmann::json::array();
  for (const LayoutChoice& choice : table.best) best.push_back(json_of(choice));
  const nlohmann::json out = {
      {"layouts", best},
      {"own", json_of(table.own)},
      {"ranks", table.ranks},
      {"memory_bytes", table.memory_bytes},
      {"valid", table.valid},
      {"looked_at", table.looked_at},
      {"too_large", table.too_large},
      {"link", {{"bytes_per_second", table.bytes_per_second}, {"seconds_per_message", table.seconds_per_message}}},
      {"basis",
       {{"step_seconds", "predicted"},
        {"bubble", "simulated"},
        {"link", "measured"},
        {"operations", table.measured_now ? "measured just now" : "measured before"}}}};
  return out.dump();
}

}  // namespace athanor::runner
