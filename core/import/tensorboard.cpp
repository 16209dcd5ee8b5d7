// TensorBoard: a run is a folder with event files; each event has a time, a step and a summary of named values. Source:
// event.proto and summary.proto of TensorBoard, plugin_data.proto of its hparams plugin.
#include "core/import/input.h"
#include "core/import/numbers.h"
#include "core/import/readers.h"
#include "core/import/tensors.h"
#include "core/import/tf_records.h"
#include "core/import/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMark = "tfevents";
constexpr const char* kHparamsStart = "_hparams_/session_start_info";
constexpr const char* kHparamsEnd = "_hparams_/session_end_info";

bool is_event_file(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.path().filename().string().find(kMark) != std::string::npos && entry.is_regular_file(ignored);
}

std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code))
    if (is_event_file(*entry)) files.push_back(entry->path());
  if (code) throw Failure(ErrorKind::io, "look into " + folder.string(), code.message());
  std::ranges::sort(files);  // their names begin with when they were begun
  return files;
}

std::string_view inside(std::string_view message, std::uint32_t number) {
  Wire wire(message);
  WireField field;
  std::string_view found;
  while (wire.next(field))
    if (field.number == number) found = field.bytes;
  return found;
}

class Events {
 public:
  Events(Told& told, const Tell& tell) : told_(told), tell_(tell) {}

  void take_file(const fs::path& file) {
    Input input(file);
    TfRecords records(input);
    std::string_view record;
    std::int64_t unreadable = 0;
    while (records.next(record)) {
      understood_ |= take(record);
      unreadable += is_damaged_ ? 1 : 0;
    }
    std::ranges::move(records.lost(file.filename().string()), std::back_inserter(told_.lost));
    if (unreadable > 0)
      told_.lost.push_back(
          fmt::format("{}: {} could not be understood", file.filename().string(), counted(unreadable, "record")));
  }

  void finish() {
    if (others_ > 0)
      told_.left_out.push_back(counted(others_, "value") +
                               " that are no single numbers (pictures, histograms, texts, curves)");
    if (no_steps_ > 0) told_.lost.push_back(counted(no_steps_, "event") + " with a step beyond all bounds");
  }
  [[nodiscard]] bool understood() const { return understood_; }

 private:
  // Whether it is an event.
  bool take(std::string_view event) {
    is_damaged_ = false;
    std::int64_t step = 0, time_ns = 0;
    std::string_view summary;
    std::optional<std::int64_t> session;
    Wire wire(event);
    WireField field;
    while (wire.next(field)) {
      if (field.number == 1) time_ns = time_of_seconds(field.as_double());
      if (field.number == 2) step = field.as_integer();
      if (field.number == 5) summary = field.bytes;
      if (field.number == 7) session = session_status(field.bytes);
    }
    is_damaged_ = wire.is_damaged();
    if (is_damaged_) return false;
    if (told_.created_ns == 0) told_.created_ns = time_ns;
    told_.ended_ns = std::max(told_.ended_ns, time_ns);
    if (!is_step(step)) {
      ++no_steps_;
      return true;
    }
    constexpr std::int64_t kStart = 1;
    if (session == kStart) begin_again(time_ns, step);
    take_summary(summary, step, time_ns);
    return true;
  }

  static std::int64_t session_status(std::string_view log) {
    Wire wire(log);
    WireField field;
    std::int64_t status = 0;
    while (wire.next(field))
      if (field.number == 1) status = field.as_integer();
    return status;
  }

  // What is there of this step and later ones was said by a program that died: TensorBoard forgets it as well.
  void begin_again(std::int64_t time_ns, std::int64_t step) {
    if (highest_ && *highest_ >= step) {
      if (step == 1) told_.lost.push_back("the values of step 0, since the run was begun again from step 1");
      tell_or_throw(tell_, time_ns, journal::Recovery{std::max<std::int64_t>(0, step - 1), "an earlier step"});
      highest_.reset();
    }
  }

  void take_summary(std::string_view summary, std::int64_t step, std::int64_t time_ns) {
    journal::MetricSamples samples;
    samples.step = step;
    Wire wire(summary);
    WireField field;
    while (wire.next(field))
      if (field.number == 1) take_value(field.bytes, samples);
    is_damaged_ |= wire.is_damaged();
    if (samples.values.empty()) return;
    highest_ = std::max(highest_.value_or(step), step);
    tell_or_throw(tell_, time_ns, std::move(samples));
  }

  void take_value(std::string_view value, journal::MetricSamples& samples) {
    std::string_view tag, tensor, metadata;
    std::optional<double> number;
    bool has_tensor = false;
    Wire wire(value);
    WireField field;
    while (wire.next(field)) {
      if (field.number == 1) tag = field.bytes;
      if (field.number == 2) number = field.as_float();
      if (field.number == 8) tensor = field.bytes;
      has_tensor |= field.number == 8;
      if (field.number == 9) metadata = field.bytes;
    }
    is_damaged_ |= wire.is_damaged();
    if (wire.is_damaged() || tag.empty()) return;
    const std::string_view plugin_data = inside(metadata, 1);
    if (tag == kHparamsStart || tag == kHparamsEnd) return take_hparams(tag, inside(plugin_data, 2));
    // Which plugin draws a tag is said with its first value at least.
    const std::string plugin(inside(plugin_data, 1));
    const std::string& known = plugins_.try_emplace(std::string(tag), plugin).first->second;
    const bool may_be_scalar = known.empty() || known == "scalars";
    if (!number && has_tensor && may_be_scalar) number = only_number(tensor);
    if (!number) {
      ++others_;
      return;
    }
    samples.values.emplace_back(tag, *number);
  }

  // HParamsPluginData.
  void take_hparams(std::string_view tag, std::string_view content) {
    const bool is_start = tag == kHparamsStart;
    Wire wire(inside(content, is_start ? 3 : 4));
    WireField field;
    while (wire.next(field)) {
      if (is_start && field.number == 1) take_hparam(field.bytes);
      if (!is_start && field.number == 1) take_status(field.as_integer());
    }
  }

  void take_hparam(std::string_view entry) {
    const std::string name(inside(entry, 1));
    Wire wire(inside(entry, 2));
    WireField field;
    while (wire.next(field)) {
      if (field.number == 2) told_.settings[name] = whole_where_it_is(field.as_double());
      if (field.number == 3) told_.settings[name] = cut_text(field.bytes);
      if (field.number == 4) told_.settings[name] = field.as_integer() != 0;
    }
  }

  // All numbers are doubles there.
  static Setting whole_where_it_is(double number) {
    const auto whole = step_in(fmt::format("{}", number));
    return whole ? Setting(*whole) : Setting(number);
  }

  void take_status(std::int64_t status) {
    constexpr std::int64_t kSuccess = 1, kFailure = 2;
    if (status != kSuccess && status != kFailure) return;
    told_.end = status == kSuccess ? End::finished : End::failed;
    told_.cause = status == kFailure ? "its hyperparameters in TensorBoard say so" : "";
  }

  Told& told_;
  const Tell& tell_;
  std::unordered_map<std::string, std::string> plugins_;  // by tag
  std::optional<std::int64_t> highest_;                   // step
  std::int64_t others_ = 0, no_steps_ = 0;
  bool is_damaged_ = false, understood_ = false;
};

}  // namespace

Found find_tensorboard(const fs::path& path) {
  std::error_code code;
  std::set<fs::path> folders;
  fs::path root = path;
  if (fs::is_directory(path, code)) {
    const auto options = fs::directory_options::skip_permission_denied;
    for (auto entry = fs::recursive_directory_iterator(path, options, code);
         !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
      if (is_event_file(*entry)) folders.insert(entry->path().parent_path());
    if (code) throw Failure(ErrorKind::io, "look into " + path.string(), code.message());
  } else if (path.filename().string().find(kMark) != std::string::npos) {
    root = fs::absolute(path, code).parent_path();
    folders.insert(root);
  }
  Found found;
  for (const fs::path& folder : folders) {
    const fs::path below = folder.lexically_relative(root);
    const std::string own = fs::weakly_canonical(folder, code).filename().string();
    const bool is_root = below.empty() || below == ".";
    found.sources.push_back({Format::tensorboard, folder, "", is_root ? own : below.string()});
  }
  return found;
}

Told read_tensorboard(const Source& source, const Tell& tell) {
  const std::vector<fs::path> files = event_files(source.path);
  Told told;
  told.name = source.name;
  told.cause = "its event files do not say how it ended";
  std::error_code ignored;
  const std::string own = fs::weakly_canonical(source.path, ignored).filename().string();
  told.id = own + "/" + (files.empty() ? "" : files.front().filename().string());
  Events events(told, tell);
  for (const fs::path& file : files) events.take_file(file);
  events.finish();
  if (!events.understood())
    throw Failure(ErrorKind::corrupt, "import " + source.path.string(),
                  told.lost.empty() ? "its event files hold no event" : told.lost.front(),
                  "restore its files from a copy");
  return told;
}

}  // namespace athanor::imports
