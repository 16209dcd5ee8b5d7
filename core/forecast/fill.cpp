#include "core/forecast/fill.h"

#include "core/assembly/assembly.h"
#include "core/forecast/facts.h"
#include "core/forecast/measure.h"
#include "core/forecast/ranks.h"
#include "core/observe/process.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace athanor::runner {
namespace {

constexpr double kProbe_s = 0.2;
constexpr double kMebibyte = 1024.0 * 1024.0;

class Filling {
 public:
  Filling(const SoundRecipe& sound, double share, std::int64_t memory_bytes) : sound_(sound), sizes_(dry_sizes(sound)) {
    on_gpu_ = resolve_device(sound.recipe).kind == DeviceKind::cuda;
    ranks_ = parallel::world_size(mesh_of(sound.recipe));
    unit_ = sound.recipe.integer("parallel.micro_batches");
    out_.memory_bytes = memory_bytes > 0 ? memory_bytes : device_memory(sound.recipe);
    out_.target_bytes = static_cast<std::int64_t>(share * static_cast<double>(out_.memory_bytes));
    const recipe::Field& batch = *recipe::find_field("data.batch_size");
    const auto allowed = static_cast<std::int64_t>(batch.maximum);
    least_ = (static_cast<std::int64_t>(batch.minimum) + unit_ - 1) / unit_;
    units_ = std::min(allowed, sound.data.train_pictures) / unit_;
    out_.largest = units_ * unit_;
    bound_ = sound.data.train_pictures < allowed
                 ? fmt::format("there are {} training pictures", sound.data.train_pictures)
                 : fmt::format("a batch may be of {} pairs at most", allowed);
  }

  FillAnswer run() {
    if (predict(least_) > out_.target_bytes) refuse(least_, predict(least_), "by prediction");
    const std::int64_t first_guess = solve([this](std::int64_t units) { return predict(units); });
    probe(std::max(least_, first_guess / 2));
    // The program itself takes what is known only by measuring; it is the same at every size.
    const std::int64_t off = out_.probes[0].measured_bytes - out_.probes[0].predicted_bytes;
    const std::int64_t second_guess = solve([&](std::int64_t units) { return predict(units) + off; });
    if (second_guess * unit_ > out_.probes[0].batch_size) probe(second_guess);
    const std::int64_t units = solve([this](std::int64_t some) { return expect(some); });
    if (expect(units) > out_.target_bytes) refuse(units, expect(units), "as measured");
    out_.batch_size = units * unit_;
    out_.predicted_bytes = predict(units);
    out_.expected_bytes = expect(units);
    if (units == units_) out_.bounded_by = bound_;
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::int64_t units, std::int64_t bytes, const char* how) const {
    throw Failure(
        ErrorKind::out_of_memory, "find the batch size that fills the memory",
        fmt::format("a batch of {} takes {:.0f} MiB {}, and the share is {:.0f} MiB", units * unit_,
                    static_cast<double>(bytes) / kMebibyte, how, static_cast<double>(out_.target_bytes) / kMebibyte),
        "give a larger share or memory, lower the model's widths, or take the batch in more micro-batches");
  }

  [[nodiscard]] recipe::Recipe sized(std::int64_t units) const {
    recipe::Recipe recipe = sound_.recipe;
    recipe.set("data.batch_size", units * unit_);
    return recipe;
  }

  // Of all ranks, without the checkpoints that a measurement does not write.
  std::int64_t predict(std::int64_t units) {
    const auto found = predicted_.find(units);
    if (found != predicted_.end()) return found->second;
    const recipe::Recipe recipe = sized(units);
    recipe::Prediction need;
    const DryWorld world = dry_world(recipe, sizes_);
    fill_ranks(need, world, dry_run(world), {.data_bytes = data_bytes(sound_, recipe)});
    return predicted_[units] = memory_of_all(need);
  }

  // By the line through both probes; by the first alone where there is but one.
  [[nodiscard]] std::int64_t expect(std::int64_t units) {
    const FillProbe& a = out_.probes.front();
    const FillProbe& b = out_.probes.back();
    if (a.batch_size == b.batch_size) return predict(units) + a.measured_bytes - a.predicted_bytes;
    const double slope =
        static_cast<double>(b.measured_bytes - a.measured_bytes) / static_cast<double>(b.batch_size - a.batch_size);
    return b.measured_bytes + static_cast<std::int64_t>(slope * static_cast<double>(units * unit_ - b.batch_size));
  }

  // The largest number of units, at least as many as there may be, whose bytes are within the share; they grow with it.
  template <class Bytes>
  [[nodiscard]] std::int64_t solve(const Bytes& bytes) const {
    std::int64_t low = least_, high = units_;
    while (low < high) {
      const std::int64_t middle = (low + high + 1) / 2;
      if (bytes(middle) <= out_.target_bytes) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  void probe(std::int64_t units) {
    SoundRecipe sized_recipe = sound_;
    sized_recipe.recipe = sized(units);
    FillProbe& probe = out_.probes.emplace_back();
    probe.batch_size = units * unit_;
    probe.predicted_bytes = predict(units);
    const Measured measured = ranks_ > 1 ? measure_together(sized_recipe, kProbe_s) : measure(sized_recipe, kProbe_s);
    // The peak of the process grows with the batch, so the smaller one is measured first.
    probe.measured_bytes = on_gpu_ ? measured.reserved_bytes * ranks_ : observe::memory_use().peak_resident_bytes;
  }

  const SoundRecipe& sound_;
  DrySizes sizes_;
  bool on_gpu_ = false;
  int ranks_ = 1;
  std::int64_t unit_ = 1;               // samples by which a batch grows
  std::int64_t least_ = 1, units_ = 1;  // of them
  std::string bound_;
  std::map<std::int64_t, std::int64_t> predicted_;
  FillAnswer out_;
};

}  // namespace

FillAnswer fill(const SoundRecipe& sound, double share, std::int64_t memory_bytes) {
  return Filling(sound, share, memory_bytes).run();
}

std::string to_json(const FillAnswer& answer) {
  nlohmann::json probes = nlohmann::json::array();
  for (const FillProbe& probe : answer.probes) {
    probes.push_back({{"batch_size", probe.batch_size},
                      {"predicted_bytes", probe.predicted_bytes},
                      {"measured_bytes", probe.measured_bytes}});
  }
  nlohmann::json out = {{"batch_size", answer.batch_size},
                        {"set", nlohmann::json::array({fmt::format("data.batch_size={}", answer.batch_size)})},
                        {"predicted_bytes", answer.predicted_bytes},
                        {"expected_bytes", answer.expected_bytes},
                        {"target_bytes", answer.target_bytes},
                        {"memory_bytes", answer.memory_bytes},
                        {"largest", answer.largest},
                        {"probes", probes}};
  if (!answer.bounded_by.empty()) out["bounded_by"] = answer.bounded_by;
  return out.dump();
}

}  // namespace athanor::runner
