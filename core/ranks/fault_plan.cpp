#include "core/ranks/fault_plan.h"

#include "kernels/base/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace athanor::runner {
namespace {

constexpr std::array<const char*, 11> kKinds = {"kill",   "stop",    "hang", "loader", "slow", "drag",
                                                "memory", "message", "size", "order",  "disk"};
constexpr std::array<const char*, 8> kMoments = {"data", "forward",  "backward",   "optimizer",
                                                 "tell", "evaluate", "checkpoint", "save"};

FaultMoment moment_of(FaultKind kind) {
  if (kind == FaultKind::loader) return FaultMoment::data;
  if (kind == FaultKind::disk) return FaultMoment::save;
  return FaultMoment::forward;
}

tl::unexpected<Error> refused(std::string cause) {
  return fail(ErrorKind::invalid_input, "inject faults", std::move(cause),
              "write them as in: seed=7; kill: p=0.001; hang: rank=1 step=30 at=backward");
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

// Calls part(text) for what lies between the separators, until it gives an error.
template <class Part>
Result<void> for_each_part(std::string_view text, char separator, Part&& part) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    const std::string_view one = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    if (auto done = part(one); !done) return done;
  }
  return {};
}

template <class Names>
std::optional<std::size_t> index_in(const Names& names, std::string_view word) {
  const auto found = std::ranges::find(names, word);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

template <class T>
Result<void> read_number(std::string_view name, std::string_view text, T& value) {
  T read{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (code != std::errc{} || end != text.data() + text.size() || read < T{})
    return refused(fmt::format("{} is {}", name, text));
  value = read;
  return {};
}

Result<void> read_setting(std::string_view text, PlannedFault& fault) {
  if (text == "again") {
    fault.again = true;
    return {};
  }
  const auto equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  if (name == "rank") return read_number(name, value, fault.rank.emplace());
  if (name == "step") return read_number(name, value, fault.step.emplace());
  if (name == "p") return read_number(name, value, fault.probability);
  if (name == "ms") return read_number(name, value, fault.pause_ms);
  if (name == "factor") return read_number(name, value, fault.factor);
  if (name == "until") return read_number(name, value, fault.until.emplace());
  if (name != "at") return refused(fmt::format("{} is none of rank, step, p, at, ms, factor, until, again", text));
  const auto moment = index_in(kMoments, value);
  if (!moment) return refused(fmt::format("{} is none of {}", value, fmt::join(kMoments, ", ")));
  fault.at = static_cast<FaultMoment>(*moment);
  return {};
}

Result<void> read_fault(std::string_view text, FaultPlan& plan) {
  if (text.starts_with("seed=")) return read_number("seed", text.substr(5), plan.seed);
  const auto colon = text.find(':');
  const std::string_view word = trimmed(text.substr(0, colon));
  const auto kind = index_in(kKinds, word);
  if (!kind) return refused(fmt::format("{} is none of {}", word, fmt::join(kKinds, ", ")));
  PlannedFault fault;
  fault.kind = static_cast<FaultKind>(*kind);
  fault.at = moment_of(fault.kind);
  const std::string_view settings = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  auto done = for_each_part(settings, ' ', [&](std::string_view setting) { return read_setting(setting, fault); });
  if (done) plan.faults.push_back(fault);
  return done;
}

}  // namespace

const char* to_string(FaultKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)]; }
const char* to_string(FaultMoment moment) noexcept { return kMoments[static_cast<std::size_t>(moment)]; }

std::string to_string(const PlannedFault& fault) {
  std::string out = fmt::format("{}: at={} p={} ms={} factor={}", to_string(fault.kind), to_string(fault.at),
                                fault.probability, fault.pause_ms, fault.factor);
  const auto add = [&](const char* name, const auto& value) {
    if (value) out += fmt::format(" {}={}", name, *value);
  };
  add("rank", fault.rank);
  add("step", fault.step);
  add("until", fault.until);
  return fault.again ? out + " again" : out;
}

bool FaultPlan::is_due(std::size_t fault, int rank, std::int64_t step, FaultMoment moment) const noexcept {
  const PlannedFault& planned = faults[fault];
  if (planned.kind == FaultKind::drag) return false;  // of no moment
  if (planned.at != moment || planned.rank.value_or(rank) != rank || planned.step.value_or(step) != step) return false;
  const auto drawn = philox_at(seed, static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(fault),
                               static_cast<std::uint64_t>(rank));
  return static_cast<double>(drawn.word[0]) * 0x1p-32 < planned.probability;
}

double FaultPlan::drag(int rank, std::int64_t step) const noexcept {
  double most = 1;
  for (const PlannedFault& each : faults)
    if (each.kind == FaultKind::drag && each.rank.value_or(rank) == rank && each.step.value_or(step) <= step &&
        each.until.value_or(step) >= step)
      most = std::max(most, each.factor);
  return most;
}

Result<FaultPlan> read_fault_plan(std::string_view text) {
  FaultPlan plan;
  if (auto done = for_each_part(text, ';', [&](std::string_view one) { return read_fault(one, plan); }); !done)
    return tl::unexpected(done.error());
  return plan;
}

}  // namespace athanor::runner
