#include "core/recipe/layout.h"
#include "core/recipe/recipe.h"
#include "core/recipe/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace athanor::recipe {
namespace {

constexpr std::int64_t kStepsPerWarmup = 8;  // as the defaults have it
constexpr std::size_t kMostStages = 6;
constexpr std::int64_t kMostChannels = 4096;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string number(double value) { return fmt::format("{}", value); }

std::optional<std::string> judge_number(const Field& field, double value, const std::string& shown) {
  if (value >= field.minimum && value <= field.maximum) return std::nullopt;
  if (field.minimum == field.maximum) {
    return fmt::format("must be {} in this version, not {}", number(field.minimum), shown);
  }
  const bool whole = field.type == FieldType::integer;
  const auto bound = [whole](double b) { return whole ? fmt::format("{}", static_cast<std::int64_t>(b)) : number(b); };
  return fmt::format("must be between {} and {}, not {}", bound(field.minimum), bound(field.maximum), shown);
}

std::optional<std::string> judge_text(const Field& field, const std::string& value) {
  if (field.type == FieldType::choice) {
    if (std::ranges::find(field.choices, value) != field.choices.end()) return std::nullopt;
    const char* form = field.choices.size() == 1 ? "must be {} in this version, not {}" : "must be one of {}, not {}";
    return fmt::format(fmt::runtime(form), joined(field.choices), format_value(value));
  }
  if (!is_utf8(value)) return "must be UTF-8";
  if (value.empty()) return field.optional ? std::nullopt : std::optional<std::string>("must not be empty");
  if (value.size() > field.longest) {
    return fmt::format("must be at most {} bytes long, not {}", field.longest, value.size());
  }
  const bool control = std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control && field.path != "run.notes") return "must be one line without control characters";
  return std::nullopt;
}

std::optional<std::string> judge_list(const Field& field, const std::vector<std::string>& value) {
  if (value.empty() && !field.optional) return "must name at least one";
  std::set<std::string> seen;
  for (const std::string& word : value) {
    if (!field.choices.empty() && std::ranges::find(field.choices, word) == field.choices.end()) {
      return fmt::format("must be made of {}, not {}", joined(field.choices), format_value(word));
    }
    if (!seen.insert(word).second) return fmt::format("names {} twice", format_value(word));
  }
  return std::nullopt;
}

std::optional<std::string> judge(const Field& field, const Value& value) {
  switch (field.type) {
    case FieldType::boolean: return std::nullopt;
    case FieldType::integer:
      return judge_number(field, static_cast<double>(std::get<std::int64_t>(value)), format_value(value));
    case FieldType::real: return judge_number(field, std::get<double>(value), format_value(value));
    case FieldType::text:
    case FieldType::choice: return judge_text(field, std::get<std::string>(value));
    case FieldType::list: return judge_list(field, std::get<std::vector<std::string>>(value));
  }
  return std::nullopt;
}

// The rules between fields. Each is judged only when its own fields are in range, so that one slip is one fault.
class Rules {
 public:
  Rules(const Recipe& recipe, std::vector<Fault>& faults, const std::set<std::string, std::less<>>& doubtful)
      : recipe_(recipe), faults_(faults), spoiled_(doubtful) {
    for (const Fault& fault : faults) spoiled_.insert(fault.field);
  }

  void apply() {
    divides("model.image_heads", "model.image_width");
    divides("model.text_heads", "model.text_width");
    judge_stem();
    if (sound("finetune.weights", "model.text_tower") && !recipe_.text("finetune.weights").empty() &&
        recipe_.text("model.text_tower") == kSmallTextTower) {
      blame("finetune.weights", "model.text_tower", "needs model.text_tower to be the text encoder they belong to");
    }
    if (sound("train.warmup_steps", "train.steps") &&
        recipe_.integer("train.warmup_steps") >= recipe_.integer("train.steps")) {
      blame("train.warmup_steps", "train.steps", "must be less than train.steps ({})", recipe_.integer("train.steps"));
      faults_.back().cure = {fmt::format("train.warmup_steps={}", recipe_.integer("train.steps") / kStepsPerWarmup)};
    }
    judge_master();
    std::ranges::move(judge_layout(recipe_, layout_facts(recipe_), spoiled_), std::back_inserter(faults_));
    judge_balance();
    if (sound("precision.replay", "precision.policy") && !recipe_.text("precision.replay").empty() &&
        recipe_.text("precision.policy") != "dynamic") {
      blame("precision.replay", "precision.policy", "needs precision.policy = \"dynamic\": no other makes choices");
    }
    if (sound("precision.loss_scale", "precision.loss_scale")) {
      int exponent = 0;
      if (std::frexp(recipe_.real("precision.loss_scale"), &exponent) != 0.5)
        blame("precision.loss_scale", "precision.loss_scale", "must be a power of two, not {}",
              number(recipe_.real("precision.loss_scale")));
    }
    if (sound("augment.scale_min", "augment.scale_max") &&
        recipe_.real("augment.scale_min") > recipe_.real("augment.scale_max")) {
      blame("augment.scale_min", "augment.scale_max", "must not exceed augment.scale_max ({})",
            recipe_.real("augment.scale_max"));
    }
    if (sound("data.train_styles", "data.test_styles")) {
      for (const std::string& style : recipe_.list("data.test_styles")) {
        if (std::ranges::find(recipe_.list("data.train_styles"), style) == recipe_.list("data.train_styles").end())
          continue;
        blame("data.test_styles", "data.train_styles", "must be unseen, but {} is among data.train_styles",
              format_value(style));
      }
    }
  }

 private:
  [[nodiscard]] bool sound(std::string_view a, std::string_view b) const {
    return !spoiled_.contains(a) && !spoiled_.contains(b);
  }

  void divides(std::string_view heads, std::string_view width) {
    if (sound(heads, width) && recipe_.integer(width) % recipe_.integer(heads) != 0) {
      blame(heads, width, "must divide {} ({})", width, recipe_.integer(width));
    }
  }

  // Replicas of a whole model sum gradients node by node of a tree, which only those that have all of them can. Layers
  // move between stages without what coding took away of their gradients.
  void judge_balance() {
    if (spoiled_.contains("parallel.balance") || recipe_.text("parallel.balance") == "off") return;
    const auto demand = [this](std::string_view path, bool holds, const char* value) {
      if (!spoiled_.contains(path) && !holds)
        blame("parallel.balance", path, "must be off unless {} = {}", path, value);
    };
    if (!spoiled_.contains("parallel.pipeline") && recipe_.integer("parallel.pipeline") == 1)
      demand("parallel.shard", recipe_.text("parallel.shard") == "none", "none");
    demand("parallel.gradient_format", recipe_.text("parallel.gradient_format") == "fp32", "fp32");
  }

  void judge_master() {
    if (sound("precision.master", "precision.policy") && recipe_.text("precision.master") != "fp32") {
      const std::string& policy = recipe_.text("precision.policy");
      if (policy == "fp32" || policy == "tf32" || policy == "fp16")
        blame("precision.master", "precision.policy", "needs activations in bf16, which the policy {} has not", policy);
    }
    if (!sound("precision.master", "train.optimizer") || !sound("precision.moments", "train.optimizer")) return;
    if (recipe_.text("train.optimizer") == "adamw") return;
    for (const char* field : {"precision.master", "precision.moments"})
      if (recipe_.text(field) != "fp32") blame(field, "train.optimizer", "needs train.optimizer = \"adamw\"");
  }

  void judge_stem() {
    if (!sound("model.stem", "data.image_px")) return;
    const auto channels = whole_numbers(recipe_.text("model.stem"));
    const bool usable = channels && channels->size() <= kMostStages &&
                        std::ranges::all_of(*channels, [](std::int64_t c) { return c >= 1 && c <= kMostChannels; });
    if (!usable) {
      blame("model.stem", "model.stem", "must be up to {} whole numbers from 1 to {} between commas, not {}",
            kMostStages, kMostChannels, format_value(recipe_.text("model.stem")));
    } else if (recipe_.integer("data.image_px") % (std::int64_t{1} << channels->size()) != 0) {
      blame("model.stem", "data.image_px", "halves the picture {} times, but data.image_px ({}) is no multiple of {}",
            channels->size(), recipe_.integer("data.image_px"), std::int64_t{1} << channels->size());
    }
  }

  template <class... Parts>
  void blame(std::string_view path, std::string_view other, const char* form, const Parts&... parts) {
    const int line = recipe_.line(path) > 0 ? recipe_.line(path) : recipe_.line(other);
    faults_.push_back({line, std::string(path), fmt::format(fmt::runtime(form), parts...)});
  }

  const Recipe& recipe_;
  std::vector<Fault>& faults_;
  std::set<std::string, std::less<>> spoiled_;
};

}  // namespace

std::vector<Fault> validate(const Recipe& recipe, const std::set<std::string, std::less<>>& doubtful) {
  std::vector<Fault> faults;
  for (const Field& field : fields()) {
    if (auto reason = judge(field, recipe.value(field.path))) {
      faults.push_back({recipe.line(field.path), field.path, std::move(*reason)});
    }
  }
  Rules(recipe, faults, doubtful).apply();
  return faults;
}

}  // namespace athanor::recipe
