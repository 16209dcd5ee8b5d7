#include "core/base/command_line.h"
#include "core/forecast/forecast.h"
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
  const SoundRecipe sound = read_sound_recipe(options.recipe);
  const bool quick = options.quick || options.recipe.file == "-";
  const std::int64_t done = sound.fork ? sound.fork->from.step : 0;
  const Forecast forecast = runner::forecast(sound, quick ? Effort::quick : Effort::thorough, done);
  print_line(options.json ? recipe::to_json(forecast.prediction) : table(forecast.prediction));
  return 0;
}

}  // namespace athanor::runner
