// Weights & Biases: run-<id>.wandb, a log of Records. Source: wandb/proto/wandb_internal.proto.
#include "core/import/input.h"
#include "core/import/level_log.h"
#include "core/import/numbers.h"
#include "core/import/readers.h"
#include "core/import/wire.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

constexpr const char* kEnding = ".wandb";
constexpr int kDeepest = 32;  // of values inside values

// Numbers of Record's fields.
enum Kind : std::uint32_t { history = 2, config = 5, stats = 7, output_raw = 13, run = 17, exit_record = 18 };

std::int64_t timestamp_ns(std::string_view message) {
  std::int64_t seconds = 0, nanoseconds = 0;
  Wire wire(message);
  WireField field;
  while (wire.next(field)) {
    if (field.number == 1) seconds = field.as_integer();
    if (field.number == 2) nanoseconds = field.as_integer();
  }
  const std::int64_t whole = time_of_seconds(static_cast<double>(seconds));
  return whole == 0 || nanoseconds < 0 || nanoseconds >= 1'000'000'000 ? whole : whole + nanoseconds;
}

// A key and a value: HistoryItem, ConfigItem, StatsItem.
struct Item {
  std::string key;  // parts of a nested one joined by dots, as W&B shows it
  std::optional<double> number;
  std::string json;  // empty: the number says it
};

Item item_of(std::string_view message) {
  Item item;
  Wire wire(message);
  WireField field;
  while (wire.next(field)) {
    switch (field.number) {
      case 1: item.key = field.bytes; break;
      case 2:
        if (!item.key.empty()) item.key += '.';
        item.key += field.bytes;
        break;
      case 4: item.number = field.as_integer() != 0 ? 1.0 : 0.0; break;
      case 5: item.number = static_cast<double>(field.as_zigzag()); break;
      case 6: item.number = field.as_double(); break;
      case 7: item.json = Json(std::string(field.bytes)).dump(-1, ' ', false, Json::error_handler_t::replace); break;
      case 8:
      case 16: item.json = field.bytes; break;
      default: break;
    }
  }
  if (!item.number) item.number = number_in(item.json);
  return item;
}

// How deep brackets are nested: a value is taken apart step by step, so that none may be too deep for the stack.
bool is_too_deep(std::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '\\' && in_text)
      ++i;
    else if (json[i] == '"')
      in_text = !in_text;
    else if (!in_text && (json[i] == '{' || json[i] == '[') && ++depth > kDeepest)
      return true;
    else if (!in_text && (json[i] == '}' || json[i] == ']'))
      --depth;
  }
  return false;
}

Json value_in(const std::string& text) { return is_too_deep(text) ? Json() : Json::parse(text, nullptr, false); }

class Records {
 public:
  Records(Told& told, const Tell& tell) : told_(told), tell_(tell) {}

  void take(std::string_view record) {
    Wire wire(record);
    WireField field;
    while (wire.next(field)) {
      if (field.kind != WireField::Kind::bytes) continue;
      if (field.number == history) take_history(field.bytes);
      if (field.number == config) take_config(field.bytes);
      if (field.number == stats) take_stats(field.bytes);
      if (field.number == output_raw) take_output(field.bytes);
      if (field.number == run) take_run(field.bytes);
      if (field.number == exit_record) take_exit(field.bytes);
    }
    if (wire.is_damaged()) ++damaged_;
  }

  void finish() {
    if (damaged_ > 0) told_.lost.push_back(counted(damaged_, "record") + " that could not be understood");
    if (no_step_ > 0) told_.lost.push_back(counted(no_step_, "row") + " with a step beyond all bounds");
    if (others_ > 0)
      told_.left_out.push_back(counted(others_, "value") +
                               " that are no numbers (pictures, tables, histograms, texts)");
    told_.ended_ns = last_ns_;
  }
  [[nodiscard]] bool has_run() const { return !told_.id.empty(); }

 private:
  void take_run(std::string_view message) {
    std::string id;
    std::int64_t begun_ns = 0;
    Wire wire(message);
    WireField field;
    std::vector<std::string> tags;
    while (wire.next(field)) {
      switch (field.number) {
        case 1: id = field.bytes; break;
        case 2: origin("entity", field.bytes); break;
        case 3: origin("project", field.bytes); break;
        case 4: take_config(field.bytes); break;
        case 6: origin("group", field.bytes); break;
        case 7: origin("job_type", field.bytes); break;
        case 8: told_.name = field.bytes; break;
        case 9: told_.note = cut_text(field.bytes); break;
        case 10: tags.push_back(cut_text(field.bytes)); break;
        case 12: origin("sweep", field.bytes); break;
        case 13: origin("host", field.bytes); break;
        case 17: begun_ns = timestamp_ns(field.bytes); break;
        default: break;
      }
    }
    if (wire.is_damaged()) ++damaged_;
    if (!tags.empty()) told_.tags = std::move(tags);
    if (told_.created_ns == 0) told_.created_ns = begun_ns;
    last_ns_ = std::max(last_ns_, begun_ns);
    if (!told_.id.empty() || id.empty()) return;
    // A run that was resumed has the same id and files of its own.
    told_.id = fmt::format("{}@{}", id, begun_ns);
    if (told_.name.empty()) told_.name = id;
  }

  void origin(const char* name, std::string_view value) {
    if (!value.empty()) told_.origin[name] = cut_text(value);
  }

  void take_config(std::string_view message) {
    Wire wire(message);
    WireField field;
    while (wire.next(field)) {
      if (field.number != 1 && field.number != 2) continue;
      const Item item = item_of(field.bytes);
      if (item.key.empty() || item.key.starts_with("_wandb")) continue;
      std::erase_if(told_.settings,
                    [&](const auto& each) { return each.first == item.key || each.first.starts_with(item.key + "."); });
      if (field.number == 1) set(item.key, value_in(item.json));
    }
    if (wire.is_damaged()) ++damaged_;
  }

  // Tables become names with dots, lists stay one text.
  void set(const std::string& name, const Json& value) {
    if (value.is_object()) {
      for (const auto& [key, inner] : value.items()) set(name + "." + key, inner);
    } else if (value.is_boolean()) {
      told_.settings[name] = value.get<bool>();
    } else if (value.is_number_integer() && !value.is_number_unsigned()) {
      told_.settings[name] = value.get<std::int64_t>();
    } else if (value.is_number()) {
      const auto number = value.get<double>();
      told_.settings[name] =
          is_small(number) && value.is_number_unsigned() ? Setting(value.get<std::int64_t>()) : Setting(number);
    } else if (value.is_string()) {
      told_.settings[name] = cut_text(value.get_ref<const std::string&>());
    } else if (value.is_array()) {
      told_.settings[name] = cut_text(value.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }
  static bool is_small(double number) { return number < 9e15; }

  void take_history(std::string_view message) {
    journal::MetricSamples samples;
    samples.step = next_step_;
    std::int64_t time_ns = 0;
    double runtime_s = -1;
    Wire wire(message);
    WireField field;
    while (wire.next(field)) {
      if (field.number == 2) samples.step = step_of(field.bytes);
      if (field.number != 1) continue;
      Item item = item_of(field.bytes);
      if (item.key == "_step" && item.number) {
        samples.step = step_in(fmt::format("{}", *item.number)).value_or(INT64_MAX);
      } else if (item.key == "_timestamp" && item.number) {
        time_ns = time_of_seconds(*item.number);
      } else if (item.key == "_runtime" && item.number) {
        runtime_s = *item.number;
      } else if (!item.key.starts_with("_wandb")) {
        take_value(item, samples);
      }
    }
    if (wire.is_damaged()) ++damaged_;
    if (!is_step(samples.step)) {
      ++no_step_;
      return;
    }
    if (time_ns == 0 && runtime_s >= 0 && runtime_s < 1e9 && told_.created_ns > 0)
      time_ns = told_.created_ns + static_cast<std::int64_t>(runtime_s * 1e9);
    step_ = samples.step;
    next_step_ = samples.step + 1;
    last_ns_ = std::max(last_ns_, time_ns);
    if (samples.values.empty()) return;
    std::ranges::sort(samples.values, {}, [](const auto& value) -> const std::string& { return value.first; });
    tell_or_throw(tell_, time_ns, std::move(samples));
  }

  static std::int64_t step_of(std::string_view message) {
    Wire wire(message);
    WireField field;
    std::int64_t step = 0;  // which is not written
    while (wire.next(field))
      if (field.number == 1) step = field.as_integer();
    return step;
  }

  void take_value(const Item& item, journal::MetricSamples& samples) {
    if (item.key.empty()) return;
    if (item.number)
      samples.values.emplace_back(item.key, *item.number);
    else
      take_json(item.key, value_in(item.json), samples);
  }

  // W&B writes what is not finite as texts, too; what has a _type is a picture, a table, a histogram.
  void take_json(const std::string& name, const Json& value, journal::MetricSamples& samples) {
    if (value.is_object() && !value.contains("_type")) {
      for (const auto& [key, inner] : value.items()) take_json(name + "." + key, inner, samples);
    } else if (value.is_number()) {
      samples.values.emplace_back(name, value.get<double>());
    } else if (value.is_boolean()) {
      samples.values.emplace_back(name, value.get<bool>() ? 1.0 : 0.0);
    } else if (const auto number = value.is_string() ? number_in(value.get_ref<const std::string&>()) : std::nullopt;
               number && !std::isfinite(*number)) {
      samples.values.emplace_back(name, *number);
    } else if (!value.is_null()) {
      ++others_;
    }
  }

  // Of the machine; they have a time and no step.
  void take_stats(std::string_view message) {
    journal::MetricSamples samples;
    samples.step = step_;
    std::int64_t time_ns = 0;
    Wire wire(message);
    WireField field;
    while (wire.next(field)) {
      if (field.number == 2) time_ns = timestamp_ns(field.bytes);
      if (field.number != 3) continue;
      const Item item = item_of(field.bytes);
      if (item.number && !item.key.empty()) samples.values.emplace_back("system/" + item.key, *item.number);
    }
    if (wire.is_damaged()) ++damaged_;
    last_ns_ = std::max(last_ns_, time_ns);
    if (!samples.values.empty()) tell_or_throw(tell_, time_ns, std::move(samples));
  }

  void take_output(std::string_view message) {
    std::string text;
    std::int64_t time_ns = 0;
    constexpr std::int64_t kStderr = 0;
    std::int64_t type = kStderr;
    Wire wire(message);
    WireField field;
    while (wire.next(field)) {
      if (field.number == 1) type = field.as_integer();
      if (field.number == 2) time_ns = timestamp_ns(field.bytes);
      if (field.number == 3) text = cut_text(field.bytes);
    }
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty()) return;
    const auto severity = type == kStderr ? journal::Severity::warning : journal::Severity::info;
    tell_or_throw(tell_, time_ns, journal::LogLine{severity, std::move(text)});
  }

  void take_exit(std::string_view message) {
    std::int64_t code = 0;
    Wire wire(message);
    WireField field;
    while (wire.next(field))
      if (field.number == 1) code = field.as_integer();
    told_.end = code == 0 ? End::finished : End::failed;
    told_.cause = code == 0 ? "" : fmt::format("its program ended with status {}", code);
  }

  Told& told_;
  const Tell& tell_;
  std::int64_t step_ = 0, next_step_ = 0, last_ns_ = 0;
  std::int64_t damaged_ = 0, others_ = 0, no_step_ = 0;
};

bool is_wandb_file(const fs::path& file) { return file.extension() == kEnding; }

}  // namespace

Found find_wandb(const fs::path& path) {
  Found found;
  std::error_code code, ignored;
  if (!fs::is_directory(path, code)) {
    if (is_wandb_file(path)) found.sources.push_back({Format::wandb, path, "", path.stem().string()});
    return found;
  }
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto entry = fs::recursive_directory_iterator(path, options, code);
       !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
    if (is_wandb_file(entry->path()) && entry->is_regular_file(ignored))
      found.sources.push_back({Format::wandb, entry->path(), "", entry->path().stem().string()});
  if (code) throw Failure(ErrorKind::io, "look into " + path.string(), code.message());
  return found;
}

Told read_wandb(const Source& source, const Tell& tell) {
  Input input(source.path);
  const auto refuse = [&](const char* cause) {
    throw Failure(ErrorKind::corrupt, "import " + source.path.string(), cause, "restore it from a copy");
  };
  if (!has_wandb_head(input)) refuse("it does not begin as W&B's files do");
  Told told;
  told.cause = "its file does not say how it ended: it was killed, or goes on";
  LevelLog log(input);
  Records records(told, tell);
  std::string_view record;
  while (log.next(record)) records.take(record);
  records.finish();
  std::ranges::move(log.lost(), std::back_inserter(told.lost));
  if (!records.has_run()) refuse("nothing in it says which run it is of");
  return told;
}

}  // namespace athanor::imports
