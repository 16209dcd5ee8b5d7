#include "core/assembly/assembly.h"
#include "core/autograd/gradient_doctor.h"
#include "core/base/command_line.h"
#include "core/recipe/layout.h"
#include "core/runner/commands.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::runner {
namespace {

using nlohmann::json;

// Each parameter takes dozens of losses, so a few pairs must do.
constexpr std::int64_t kPairs = 8;

// How far formats may put gradients off, as a share of their length: more than was seen on models that are right.
constexpr double kNarrowNoise = 0.05, kFp8Noise = 0.15;

double noise_of(const precision::Session* session) {
  if (!session || session->resolution().stream == DType::f32) return 0;
  return precision::is_fp8(session->resolution().actual) ? kFp8Noise : kNarrowNoise;
}

// Everything in f32 while it lives.
class Wide {
 public:
  explicit Wide(Context& context) : context_(context), before_(context.layer_precision()) {
    context.set_layer_precision(nullptr);
  }
  ~Wide() { context_.set_layer_precision(before_); }
  Wide(const Wide&) = delete;
  Wide& operator=(const Wide&) = delete;

 private:
  Context& context_;
  nn::LayerPrecision* before_;
};

json to_json(const GradientRow& row) {
  return {{"path", row.path},   {"elements", row.elements},         {"direction", row.direction},
          {"tape", row.tape},   {"numeric", row.numeric},           {"uncertainty", row.uncertainty},
          {"error", row.error}, {"verdict", to_string(row.verdict)}};
}

std::string table(const std::vector<GradientRow>& rows, std::int64_t wrong, std::int64_t unclear) {
  std::size_t width = 9;
  for (const GradientRow& row : rows) width = std::max(width, row.path.size());
  std::string out = fmt::format("{:<{}} {:>9} {:<14} {:>12} {:>12} {:>10} {:>8}  verdict\n", "parameter", width,
                                "elements", "along", "tape", "differences", "give take", "error");
  for (const GradientRow& row : rows)
    out +=
        fmt::format("{:<{}} {:>9} {:<14} {:>12.5g} {:>12.5g} {:>10.2g} {:>8.2g}  {}\n", row.path, width, row.elements,
                    row.direction, row.tape, row.numeric, row.uncertainty, row.error, to_string(row.verdict));
  return out + fmt::format("{} parameters: {} wrong, {} unclear (too small beside the loss to be judged in f32)",
                           rows.size(), wrong, unclear);
}

}  // namespace

int run_gradient_doctor(const DoctorOptions& options, Console& console) {
  SoundRecipe sound = read_sound_recipe(options.gradients);
  const std::int64_t pairs = std::min(kPairs, sound.recipe.integer("data.batch_size"));
  recipe::set_layout(sound.recipe, {});  // pairs so few may be no multiple of its micro-batches
  sound.recipe.set("data.batch_size", pairs);
  sound.recipe.set("precision.master", std::string("fp32"));  // steps of differences are too small for others
  const Assembly assembly = assemble(sound.recipe, sound.data.dataset);
  const data::Batch batch = assembly.loader->make(0);
  assembly.context->set_step(0);
  const auto& parameters = assembly.model->named_parameters();
  const precision::Session* const session = assembly.precision.get();
  const std::string formats = session ? session->resolution().summary() : "everything in f32";
  console.info(
      fmt::format("Examining the gradients of {} parameters on {} pairs; {}", parameters.size(), pairs, formats));
  GradientDoctorOptions how;
  how.recorded = [&] { return assembly.task->loss(*assembly.context, batch); };
  how.scale = session ? session->loss_scale() : 1.0F;
  how.noise = noise_of(session);
  how.relative = std::max(how.relative, how.noise);
  const auto wide_loss = [&] {
    const Wide scope(*assembly.context);
    return assembly.task->loss(*assembly.context, batch);
  };
  const auto rows = examine_gradients(*assembly.context, wide_loss, parameters, how);

  const auto count = [&](GradientVerdict verdict) { return std::ranges::count(rows, verdict, &GradientRow::verdict); };
  const auto wrong = count(GradientVerdict::wrong), unclear = count(GradientVerdict::unclear);
  if (options.json) {
    json list = json::array();
    for (const GradientRow& row : rows) list.push_back(to_json(row));
    print_line(json{
        {"pairs", pairs},
        {"formats", formats},
        {"wrong", wrong},
        {"unclear", unclear},
        {"sound", wrong == 0},
        {"parameters",
         list}}.dump(-1, ' ', false, json::error_handler_t::replace));
  } else {
    print_line(table(rows, wrong, unclear));
  }
  return wrong == 0 ? 0 : exit_status(ErrorKind::numeric);
}

}  // namespace athanor::runner
