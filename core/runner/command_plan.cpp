#include "core/base/command_line.h"
#include "core/forecast/fill.h"
#include "core/forecast/forecast.h"
#include "core/forecast/layouts.h"
#include "core/runner/commands.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

std::string amount(std::int64_t bytes) {
  const auto mebibytes = static_cast<double>(bytes) / kMebibyte;
  return mebibytes >= 0.1 ? fmt::format("{:>8.1f} MiB", mebibytes) : fmt::format("{:>8.1f} KiB", mebibytes * 1024);
}

// What is trained, frozen and adapted, where that is not all the same.
std::string treatment(const recipe::Prediction& prediction) {
  if (prediction.trainable == prediction.parameters) return {};
  std::string out =
      fmt::format("learning     {} ({:.2f} %)\n", prediction.trainable,
                  100.0 * static_cast<double>(prediction.trainable) / static_cast<double>(prediction.parameters));
  for (const recipe::ParameterShare& share : prediction.treatment) {
    out += fmt::format("  {:<8} {:>12}  {} ({} array{})\n", share.learning, share.parameters, share.path, share.arrays,
                       share.arrays == 1 ? "" : "s");
  }
  return out;
}

// What each rank takes and sends, where there are several.
std::string ranks(const recipe::Prediction& prediction) {
  if (prediction.ranks.size() < 2) return {};
  std::string out;
  for (const recipe::RankNeed& need : prediction.ranks) {
    out += fmt::format("  rank {:<7} {}, sends {} a step\n", need.ranks, amount(need.peak_memory_bytes),
                       amount(need.bytes_on_wire_per_step));
  }
  for (const recipe::AxisTraffic& axis : prediction.wire) {
    out +=
        fmt::format("exchange     {} in {} messages a step along {}\n", amount(axis.bytes), axis.messages, axis.axis);
  }
  const recipe::SchedulePrediction& schedule = prediction.schedule;
  if (schedule.stages > 1) {
    out += fmt::format("schedule     {}: {} stages, {} micro-batches, {:.1f} % bubble (simulated)\n", schedule.name,
                       schedule.stages, schedule.micro_batches, 100 * schedule.bubble);
  }
  return out;
}

std::string words_of(const std::vector<std::string>& assignments) {
  std::string out;
  for (const std::string& assignment : assignments) out += (out.empty() ? "--set " : " --set ") + assignment;
  return out.empty() ? "as the recipe has it" : out;
}

std::string row(const LayoutChoice& choice) {
  return fmt::format("{:>10.2f} {:>10.2f} {:>11.2f} {:>8.1f} {:>9.0f} {:>9.2f}  {}\n", 1e3 * choice.step_s,
                     1e3 * choice.compute_s, 1e3 * choice.exchange_s, 100 * choice.bubble,
                     static_cast<double>(choice.rank_memory_bytes) / kMebibyte,
                     static_cast<double>(choice.bytes_on_wire) / kMebibyte, words_of(choice.set));
}

std::string table(const LayoutTable& found) {
  std::string out = fmt::format("{:>10} {:>10} {:>11} {:>8} {:>9} {:>9}\n", "step ms", "compute ms", "exchange ms",
                                "bubble %", "rank MiB", "sent MiB");
  for (const LayoutChoice& choice : found.best) out += row(choice);
  out += fmt::format(
      "{} of {} layouts that the rules allow for up to {} ranks were looked at; {} do not fit into {:.0f} MiB.\n"
      "Times are predicted from costs of operations measured {} with one rank, and from a link measured just now "
      "({:.0f} MiB/s, {:.1f} us a message); bubbles are simulated.",
      found.looked_at, found.valid, found.ranks, found.too_large, static_cast<double>(found.memory_bytes) / kMebibyte,
      found.measured_now ? "just now" : "before", found.bytes_per_second / kMebibyte, 1e6 * found.seconds_per_message);
  return out;
}

std::string table(const FillAnswer& found) {
  const auto mebibytes = [](std::int64_t bytes) { return static_cast<double>(bytes) / kMebibyte; };
  std::string out = fmt::format(
      "batch size   {} (--set data.batch_size={})\nmemory       {:.0f} MiB expected of {:.0f} MiB wanted, {:.0f} MiB "
      "there\n",
      found.batch_size, found.batch_size, mebibytes(found.expected_bytes), mebibytes(found.target_bytes),
      mebibytes(found.memory_bytes));
  for (const FillProbe& probe : found.probes) {
    out += fmt::format("  at {:>6}    predicted {:.0f} MiB, measured {:.0f} MiB\n", probe.batch_size,
                       mebibytes(probe.predicted_bytes), mebibytes(probe.measured_bytes));
  }
  out += fmt::format("predicted    {:.0f} MiB before anything was measured", mebibytes(found.predicted_bytes));
  if (!found.bounded_by.empty()) out += fmt::format("\nIt is no larger, although there is room: {}", found.bounded_by);
  return out;
}

std::string table(const recipe::Prediction& prediction) {
  std::string out = fmt::format("model        {}\ndevice       {}\nparameters   {}\n", prediction.model,
                                prediction.device, prediction.parameters);
  out += treatment(prediction);
  out += fmt::format("memory       {:.0f} MiB of {:.0f} MiB\n",
                     static_cast<double>(prediction.peak_memory_bytes) / kMebibyte,
                     static_cast<double>(prediction.device_memory_bytes) / kMebibyte);
  for (const recipe::MemoryShare& share : prediction.memory) {
    if (share.bytes > 0) out += fmt::format("  {:<12} {}\n", share.owner, amount(share.bytes));
  }
  out += ranks(prediction);
  out += fmt::format("arithmetic   {:.2f} GFLOP a step\nspeed        {:.2f} steps/s, {:.0f} pairs/s\n",
                     prediction.flops_per_step / 1e9, prediction.steps_per_second, prediction.samples_per_second);
  out += fmt::format("time         {:.0f} s for {} steps, evaluations and checkpoints\ncheckpoint   {:.1f} MiB\n",
                     prediction.seconds_to_finish, prediction.steps,
                     static_cast<double>(prediction.checkpoint_bytes) / kMebibyte);
  for (const recipe::Note& note : prediction.notes) {
    const bool named = note.topic != recipe::Topic::general;
    out += named ? fmt::format("({}) {}\n", recipe::to_string(note.topic), note.text) : note.text + "\n";
  }
  out.pop_back();
  return out;
}

}  // namespace

int run_plan(const PlanOptions& options, Console&) {
  if (options.recipe.file.empty()) {
    throw Failure(ErrorKind::invalid_input, "plan", "no recipe is named", "Name one, or - for standard input");
  }
  if (!options.layouts && (options.ranks > 0 || (options.memory_bytes > 0 && !options.fill))) {
    throw Failure(ErrorKind::invalid_input, "plan", "--ranks is for --layouts, --memory for --layouts and --fill",
                  "Leave them out, or add --layouts");
  }
  const SoundRecipe sound = read_sound_recipe(options.recipe);
  if (options.layouts) {
    const LayoutTable found = best_layouts(sound, {.ranks = options.ranks, .memory_bytes = options.memory_bytes});
    print_line(options.json ? to_json(found) : table(found));
    return 0;
  }
  if (options.fill) {
    const FillAnswer found = fill(sound, *options.fill, options.memory_bytes);
    print_line(options.json ? to_json(found) : table(found));
    return 0;
  }
  const bool quick = options.quick || options.recipe.file == "-";
  const std::int64_t done = sound.fork ? sound.fork->from.step : 0;
  const Forecast forecast = runner::forecast(sound, quick ? Effort::quick : Effort::thorough, done);
  print_line(options.json ? recipe::to_json(forecast.prediction) : table(forecast.prediction));
  return 0;
}

}  // namespace athanor::runner
