// CSV: a column with steps, and either a column for each metric, or columns "metric" and "value" with a row for each
// sample; a column "run" tells several runs apart.
#include "core/base/files.h"
#include "core/import/csv_cells.h"
#include "core/import/input.h"
#include "core/import/numbers.h"
#include "core/import/readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 6> kSteps = {"step", "_step", "global_step", "iteration", "iter", "epoch"};
constexpr std::array<const char*, 6> kTimes = {"time_ns", "wall time", "wall_time", "time", "timestamp", "_timestamp"};

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  while (out.ends_with(' ')) out.pop_back();
  return out.substr(std::min(out.size(), out.find_first_not_of(' ')));
}

// Which column holds what.
struct Columns {
  std::vector<std::string> names;
  std::optional<std::size_t> step, time, run, run_name, metric, value;
  bool is_time_in_ns = false;
  bool is_list_of_runs = false;  // as this program exports it

  [[nodiscard]] bool is_long() const { return metric && value; }
};

Columns columns_of(std::vector<std::string> header) {
  Columns columns;
  columns.names = std::move(header);
  const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto found = std::ranges::find(columns.names, name, [](const std::string& each) { return plain(each); });
    if (found == columns.names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.names.begin());
  };
  for (const char* name : kSteps)
    if (!columns.step) columns.step = find(name);
  for (const char* name : kTimes) {
    if (columns.time) break;
    columns.time = find(name);
    columns.is_time_in_ns = columns.time && std::string_view(name) == "time_ns";
  }
  columns.is_list_of_runs = find("run") && find("status") && find("directory");
  columns.metric = find("metric");
  columns.value = find("value");
  if (columns.is_long()) {
    columns.run = find("run");
    columns.run_name = find("name");
  }
  return columns;
}

class Table {
 public:
  explicit Table(const fs::path& file) : input_(file), rows_(input_) {
    std::vector<std::string> header;
    if (rows_.next(header)) columns_ = columns_of(std::move(header));
  }
  [[nodiscard]] const Columns& columns() const { return columns_; }
  [[nodiscard]] Input& input() { return input_; }
  bool next(std::vector<std::string>& cells) { return rows_.next(cells); }

 private:
  Input input_;
  CsvRows rows_;
  Columns columns_;
};

std::string cell(const std::vector<std::string>& cells, std::optional<std::size_t> column) {
  return column && *column < cells.size() ? cells[*column] : std::string();
}

class Rows {
 public:
  Rows(const Columns& columns, const fs::path& file, Told& told, const Tell& tell)
      : columns_(columns), stem_(file.stem().string()), changed_ns_(changed_ns(file)), told_(told), tell_(tell) {}

  void take(const std::vector<std::string>& cells) {
    const auto step = step_in(cell(cells, columns_.step));
    if (!step) {
      ++no_step_;
      return;
    }
    const std::int64_t time_ns = columns_.time ? time_in(cell(cells, columns_.time)) : changed_ns_;
    told_.ended_ns = std::max(told_.ended_ns, time_ns);
    if (told_.created_ns == 0) told_.created_ns = time_ns;
    journal::MetricSamples samples;
    samples.step = *step;
    for (std::size_t i = 0; i < cells.size() && i < columns_.names.size(); ++i)
      if (is_metric(i)) take_cell(name_of(cells, i), cells[i], samples);
    if (!samples.values.empty()) tell_or_throw(tell_, time_ns, std::move(samples));
  }

  void finish() {
    if (no_step_ > 0) told_.lost.push_back(counted(no_step_, "row") + " without a whole number for the step");
    if (no_number_ > 0) told_.lost.push_back(counted(no_number_, "cell") + " that are no numbers");
  }

 private:
  [[nodiscard]] bool is_metric(std::size_t i) const {
    return columns_.is_long() ? i == columns_.value : i != columns_.step && i != columns_.time;
  }

  // TensorBoard's own CSV files call every metric "Value"; what it is of stands in the file's name.
  [[nodiscard]] std::string name_of(const std::vector<std::string>& cells, std::size_t i) const {
    if (columns_.is_long()) return cell(cells, columns_.metric);
    return plain(columns_.names[i]) == "value" ? stem_ : columns_.names[i];
  }

  void take_cell(const std::string& name, const std::string& text, journal::MetricSamples& samples) {
    if (text.empty()) return;
    if (const auto number = number_in(text); number && !name.empty())
      samples.values.emplace_back(name, *number);
    else
      ++no_number_;
  }

  [[nodiscard]] std::int64_t time_in(const std::string& text) const {
    if (columns_.is_time_in_ns) {
      const std::int64_t ns = whole_number_in(text).value_or(0);
      return time_of_seconds(static_cast<double>(ns) * 1e-9) == 0 ? 0 : ns;
    }
    const auto number = number_in(text);
    return number ? time_of(*number) : 0;
  }

  const Columns& columns_;
  std::string stem_;
  std::int64_t changed_ns_;  // for rows without a time
  Told& told_;
  const Tell& tell_;
  std::int64_t no_step_ = 0, no_number_ = 0;
};

bool may_be_csv(const fs::path& file) {
  const std::string ending = plain(file.extension().string());
  return ending == ".csv" || ending == ".tsv";
}

void find_in(const fs::path& file, Found& found) {
  Table table(file);
  const Columns& columns = table.columns();
  if (columns.is_list_of_runs) {
    found.left_out.push_back(file.filename().string() + " lists runs and holds no samples");
    return;
  }
  if (!columns.step) {
    found.left_out.push_back(file.filename().string() + " has no column named step");
    return;
  }
  if (!columns.run) {
    found.sources.push_back({Format::csv, file, "", file.stem().string()});
    return;
  }
  std::map<std::string, std::size_t> places;
  std::vector<std::string> cells;
  std::int64_t begin = table.input().offset();
  while (table.next(cells)) {
    const std::string run = cell(cells, columns.run);
    const auto [place, is_new] = places.try_emplace(run, found.sources.size());
    if (is_new) {
      const std::string name = cell(cells, columns.run_name);
      found.sources.push_back({Format::csv, file, run, name.empty() ? file.stem().string() + "-" + run : name, begin});
    }
    begin = table.input().offset();
    found.sources[place->second].end = begin;
  }
}

}  // namespace

Found find_csv(const fs::path& path) {
  Found found;
  std::error_code code, ignored;
  if (!fs::is_directory(path, code)) {
    if (may_be_csv(path)) find_in(path, found);
    return found;
  }
  std::vector<fs::path> files;
  for (auto entry = fs::directory_iterator(path, code); !code && entry != fs::directory_iterator();
       entry.increment(code))
    if (may_be_csv(entry->path()) && entry->is_regular_file(ignored)) files.push_back(entry->path());
  if (code) throw Failure(ErrorKind::io, "look into " + path.string(), code.message());
  std::ranges::sort(files);
  for (const fs::path& file : files) find_in(file, found);
  return found;
}

Told read_csv(const Source& source, const Tell& tell) {
  Told told;
  std::error_code ignored;
  told.name = source.name;
  told.id = fs::weakly_canonical(source.path, ignored).string() + (source.part.empty() ? "" : "#" + source.part);
  told.cause = "its file does not say how it ended";
  Table table(source.path);
  if (!table.columns().step)
    throw Failure(ErrorKind::invalid_input, "import " + source.path.string(), "it has no column named step",
                  "name the column with the steps step");
  if (source.end > 0) {
    table.input().seek(source.begin);
    table.input().end_at(source.end);
  }
  Rows rows(table.columns(), source.path, told, tell);
  std::vector<std::string> cells;
  while (table.next(cells))
    if (cell(cells, table.columns().run) == source.part) rows.take(cells);
  rows.finish();
  return told;
}

}  // namespace athanor::imports
