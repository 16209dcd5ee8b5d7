// hangs: how many of so many seeded hangs are named rightly, and how long after the deadline.
//   hangs [--count 50] [--deadline 1.5] [--seed 0]
// Must: at least 95 % named by rank, operation and cause, within 5 s of the deadline; aim: all, within 1 s.
#include "tests/core/comm/seeded_hangs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

int main(int argc, char** argv) {
  using namespace athanor::comm;
  unsigned count = 50, seed = 0;
  double deadline_s = 1.5;
  CLI::App app("Counts how many hangs of ranks are named rightly", "hangs");
  app.add_option("--count", count, "How many");
  app.add_option("--seed", seed, "Of the first");
  app.add_option("--deadline", deadline_s, "Of each exchange, in seconds");
  CLI11_PARSE(app, argc, argv);
  const std::chrono::milliseconds deadline(static_cast<std::int64_t>(1e3 * deadline_s));

  std::map<std::string, std::pair<int, int>> by_kind;  // right, all
  int right = 0;
  double latest_s = 0;
  for (unsigned i = 0; i < count; ++i) {
    const SeededHang hang = hang_of(seed + i);
    const Diagnosis said = diagnose(hang, deadline);
    auto& [good, all] = by_kind[to_string(hang.kind)];
    ++all;
    if (said.is_right()) ++right, ++good;
    if (!said.is_right())
      fmt::print("wrong: {} of rank {} of {} in step {}: {}\n", to_string(hang.kind), hang.rank, hang.ranks, hang.step,
                 said.text);
    latest_s = std::max(latest_s, said.late_s);
  }
  for (const auto& [kind, counts] : by_kind) fmt::print("  {:<14} {} of {}\n", kind, counts.first, counts.second);
  const double share = static_cast<double>(right) / std::max(1U, count);
  fmt::print(
      "hangs: {} of {} named by rank, operation and cause ({:.0f} %, must 95 %); at most {:.2f} s after the "
      "deadline (must 5 s, aim 1 s)\n",
      right, count, 100 * share, latest_s);
  return share >= 0.95 && latest_s <= 5 ? 0 : 1;
}
