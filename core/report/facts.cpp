#include "core/report/facts.h"

#include "core/base/files.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace athanor::report {
namespace {

constexpr std::int64_t kPiece = 1 << 20;  // samples

// "devices.0": every value of a JSON file with its place.
void flatten(const std::string& name, const nlohmann::json& value,
             std::vector<std::pair<std::string, std::string>>& out, int depth) {
  constexpr int kDeepest = 8;
  if (value.is_structured() && depth < kDeepest) {
    for (const auto& [key, inner] : value.items())
      flatten(name.empty() ? key : name + "." + key, inner, out, depth + 1);
  } else if (value.is_string()) {
    out.emplace_back(name, value.get<std::string>());
  } else if (!value.is_null()) {
    out.emplace_back(name, value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

void add_provenance(const std::filesystem::path& file, const std::string& prefix, RunFacts& facts) {
  const auto text = read_file(file);
  if (!text) return;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (json.is_object()) flatten(prefix, json, facts.provenance, 0);
}

void refuse_damage(store::Reader& history) {
  const auto damaged = history.take_damage();
  const auto lost = std::ranges::find(damaged, true, &store::DamagedSamples::is_lost);
  if (lost == damaged.end()) return;
  throw Failure(ErrorKind::corrupt, fmt::format("export run {}", lost->run),
                fmt::format("samples of {} from step {} to {} are damaged in the history", lost->metric,
                            lost->first_step, lost->last_step),
                "build the history again from the run directories: athanor-agent rebuild");
}

}  // namespace

RunFacts facts_of(store::Reader& history, store::RunId run) {
  RunFacts facts;
  facts.run = value_or_throw(history.run(run));
  facts.settings = std::move(value_or_throw(history.settings(std::array{run})).front());
  facts.metrics = value_or_throw(history.metrics(run));
  const std::filesystem::path folder = facts.run.directory;
  add_provenance(folder / "provenance.json", "", facts);
  add_provenance(folder / "imported.json", "imported", facts);
  return facts;
}

void each_sample(store::Reader& history, store::RunId run, const std::string& metric, const store::MetricFacts& facts,
                 const std::function<void(const store::Point&)>& take) {
  (void)history.take_damage();
  // Those whose steps go back keep their order only when they are read at once.
  const std::int64_t pieces = facts.rising ? facts.samples / kPiece + 1 : 1;
  const auto all = static_cast<std::uint64_t>(facts.last_step) - static_cast<std::uint64_t>(facts.first_step);
  const std::uint64_t width = all / static_cast<std::uint64_t>(pieces) + 1;
  std::int64_t first = facts.first_step;
  for (bool more = true; more;) {
    const auto left = static_cast<std::uint64_t>(facts.last_step) - static_cast<std::uint64_t>(first);
    more = left >= width;
    const auto last = more ? static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + width - 1) : facts.last_step;
    for (const store::Point& point : value_or_throw(history.points(run, metric, first, last))) take(point);
    refuse_damage(history);
    first = last + (more ? 1 : 0);
  }
}

std::string exact(double value) { return fmt::format("{}", value); }

std::string exact(const store::SettingValue& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? exact(*number) : std::get<std::string>(value);
}

std::string time_text(std::int64_t ns) {
  if (ns == 0) return {};
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(ns)};
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace athanor::report
