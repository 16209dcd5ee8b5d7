#include "core/assembly/calibration.h"

#include "core/assembly/assembly.h"
#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/base/paths.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace athanor::runner {
namespace {

using nlohmann::json;

constexpr int kFormat = 3;
constexpr double kPartOfTheWay = 0.3;  // in the logarithm

std::filesystem::path file() { return athanor_home() / "calibration.json"; }

json read_all() {
  const auto text = read_file(file());
  if (!text) return json::object();
  json all = json::parse(*text, nullptr, false);
  const bool usable = all.is_object() && all.contains("format") && all["format"] == kFormat &&
                      all.contains("machines") && all["machines"].is_object();
  return usable ? all["machines"] : json::object();
}

json to_json(const ShapeTimes& times) {
  return {{"step_s", times.step_s},
          {"evaluate_s_per_picture", times.evaluate_s_per_picture},
          {"start_s", times.start_s},
          {"checkpoint_s", times.checkpoint_s},
          {"program_bytes", times.program_bytes},
          {"measured_at", times.measured_at}};
}

ShapeTimes shape_from(const json& in) {
  return {in.at("step_s").get<double>(),        in.at("evaluate_s_per_picture").get<double>(),
          in.at("start_s").get<double>(),       in.at("checkpoint_s").get<double>(),
          in.at("program_bytes").get<double>(), in.at("measured_at").get<std::int64_t>()};
}

// JSON has only texts as keys.
template <class Value>
json by_class_json(const std::map<int, Value>& values) {
  json out = json::object();
  for (const auto& [size, value] : values) out[std::to_string(size)] = value;
  return out;
}

template <class Value>
std::map<int, Value> by_class_from(const json& in) {
  std::map<int, Value> out;
  for (const auto& [text, value] : in.items()) {
    int size = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), size).ec == std::errc{}) value.get_to(out[size]);
  }
  return out;
}

json to_json(const OpRates& rates) {
  json per_flop = json::object();
  for (const auto& [op, by_class] : rates.seconds_per_flop) per_flop[op] = by_class_json(by_class);
  return {{"seconds_per_flop", per_flop},
          {"seconds_per_launch", rates.seconds_per_launch},
          {"overhead", by_class_json(rates.overhead)},
          {"program_bytes", rates.program_bytes},
          {"start_s", rates.start_s}};
}

json to_json(const precision::TimeProfile& profile) {
  return {{"origin", profile.origin}, {"by_size", by_class_json(profile.by_size)}};
}

precision::TimeProfile format_times_from(const json& in) {
  return {in.at("origin").get<std::string>(), by_class_from<precision::TimeProfile::Times>(in.at("by_size"))};
}

OpRates rates_from(const json& in) {
  OpRates out;
  for (const auto& [op, by_class] : in.at("seconds_per_flop").items()) {
    out.seconds_per_flop[op] = by_class_from<double>(by_class);
  }
  in.at("seconds_per_launch").get_to(out.seconds_per_launch);
  out.overhead = by_class_from<double>(in.at("overhead"));
  in.at("program_bytes").get_to(out.program_bytes);
  in.at("start_s").get_to(out.start_s);
  return out;
}

}  // namespace

void learn(OpRates& rates, const OpRates& fresh) {
  for (const auto& [op, by_class] : fresh.seconds_per_flop) {
    for (const auto& [size, rate] : by_class) rates.seconds_per_flop[op][size] = rate;
  }
  for (const auto& [op, rate] : fresh.seconds_per_launch) rates.seconds_per_launch[op] = rate;
  for (const auto& [size, overhead] : fresh.overhead) rates.overhead[size] = overhead;
  rates.program_bytes = fresh.program_bytes;
  rates.start_s = fresh.start_s;
}

ShapeTimes learnt(const ShapeTimes& known, const ShapeTimes& fresh) {
  const auto time = [](double before, double now) {
    return before > 0 && now > before ? before * std::pow(now / before, kPartOfTheWay) : now;
  };
  ShapeTimes out = fresh;
  out.step_s = time(known.step_s, fresh.step_s);
  out.evaluate_s_per_picture = time(known.evaluate_s_per_picture, fresh.evaluate_s_per_picture);
  out.start_s = time(known.start_s, fresh.start_s);
  out.checkpoint_s = time(known.checkpoint_s, fresh.checkpoint_s);
  return out;
}

std::string machine_key(const recipe::Recipe& recipe) { return describe_device(recipe); }

std::string shape_key(const recipe::Recipe& recipe) {
  std::string text;
  constexpr std::array kOfTexts{"data.dataset", "data.language", "data.groups", "data.train_styles",
                                "data.keyword_share"};  // where their lengths matter
  for (const recipe::Field& field : recipe::fields()) {
    const std::string& path = field.path;
    const bool is_of_texts =
        recipe.boolean("data.group_by_length") && std::ranges::find(kOfTexts, path) != kOfTexts.end();
    const bool matters = is_of_texts || path.starts_with("model.") || path.starts_with("finetune.") ||
                         (path.starts_with("parallel.") && path != "parallel.deadline" && path != "parallel.balance") ||
                         path == "data.batch_size" || path == "data.image_px" || path == "data.max_tokens" ||
                         path == "data.group_by_length" || path == "data.workers" || path == "precision.policy";
    // Of an augmentation it matters only whether it takes place.
    if (path.starts_with("augment.")) text += recipe.is_default(path) || recipe.real(path) != 0 ? "1" : "0";
    if (matters) text += path + "=" + recipe::format_value(recipe.value(path)) + "\n";
  }
  return sha256_hex(text).substr(0, 16);
}

MachineCalibration load_calibration(const std::string& machine) {
  const json all = read_all();
  MachineCalibration out;
  if (!all.contains(machine)) return out;
  try {
    for (const auto& [key, shape] : all[machine].at("shapes").items()) out.shapes[key] = shape_from(shape);
    if (all[machine].contains("rates")) out.rates = rates_from(all[machine]["rates"]);
    if (all[machine].contains("format_times")) out.format_times = format_times_from(all[machine]["format_times"]);
  } catch (const json::exception&) {
    // What was read up to here is sound; the rest is measured again and then overwritten.
  }
  return out;
}

void store_calibration(const std::string& machine, const MachineCalibration& calibration) {
  json all = read_all();
  json& mine = all[machine];
  if (!mine.is_object() || !mine.contains("shapes")) mine = {{"shapes", json::object()}};
  const MachineCalibration known = load_calibration(machine);
  for (const auto& [key, shape] : calibration.shapes) {
    const auto before = known.shapes.find(key);
    mine["shapes"][key] = to_json(before == known.shapes.end() ? shape : learnt(before->second, shape));
  }
  if (calibration.rates) mine["rates"] = to_json(*calibration.rates);
  if (calibration.format_times) mine["format_times"] = to_json(*calibration.format_times);
  const json document = {{"format", kFormat}, {"machines", all}};
  std::error_code ignored;
  std::filesystem::create_directories(file().parent_path(), ignored);
  (void)write_file_atomically(file(), document.dump(1, ' ', false, json::error_handler_t::replace));
}

}  // namespace athanor::runner
