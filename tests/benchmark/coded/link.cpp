#include "tests/benchmark/coded/link.h"

#include "core/comm/coded_exchange.h"
#include "core/comm/group.h"
#include "tests/core/comm/coded_numbers.h"
#include "tests/support/net/hosts.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

namespace athanor::bench {
namespace {

using comm::CodedExchange;
using comm::WireFormat;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Milliseconds; the slowest rank counts, for all begin together.
double timed(comm::Communicator& world, const std::function<void()>& step) {
  world.barrier();
  const auto begin = std::chrono::steady_clock::now();
  step();
  double mine = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  world.all_reduce(View(&mine, DType::f64, Shape{1}), comm::Reduce::max);
  return mine;
}

struct Way {
  std::string name;
  std::function<void(comm::Numbers&)> step;
  std::function<std::int64_t()> sent;  // bytes so far
  std::vector<double> times;
  double megabytes = 0;
};

// Each way has connections of its own, so that none finds those that another has left congested.
struct Ways {
  std::deque<std::unique_ptr<comm::Communicator>> groups;
  std::deque<CodedExchange> exchanges;
  std::vector<Way> all;
};

void add_coded(Ways& ways, comm::Communicator& world, WireFormat format, bool feeds_back) {
  auto& group = ways.groups.emplace_back(world.split(0, world.rank()));
  CodedExchange* exchange = &ways.exchanges.emplace_back(*group, comm::CodedOptions{format, feeds_back});
  ways.all.push_back({fmt::format("{}{}", to_string(format), feeds_back ? ", residuals" : ""),
                      [exchange](comm::Numbers& data) {
                        if (!exchange->all_reduce("bucket", comm::view_of_numbers(data)))
                          throw std::runtime_error("the numbers were refused");
                      },
                      [exchange] { return exchange->traffic().payload_bytes; },
                      {}});
}

void add_ways(Ways& ways, comm::Communicator& world) {
  comm::Communicator* plain = ways.groups.emplace_back(world.split(0, world.rank())).get();
  ways.all.push_back({"f32, all_reduce",
                      [plain](comm::Numbers& data) { plain->all_reduce(comm::view_of_numbers(data)); },
                      [plain] { return plain->traffic().payload_bytes; },
                      {}});
  add_coded(ways, world, WireFormat::f32, false);
  add_coded(ways, world, WireFormat::bf16, true);
  add_coded(ways, world, WireFormat::fp8, true);
  add_coded(ways, world, WireFormat::int8, true);
  add_coded(ways, world, WireFormat::fp8, false);
}

void run_rank(const LinkSetup& setup, comm::Communicator& world) {
  const comm::Numbers fresh = comm::Gradients{}.of(1, static_cast<std::size_t>(setup.numbers), world.rank()).front();
  comm::Numbers data;
  Ways ways;
  add_ways(ways, world);
  for (int round = 0; round <= setup.rounds; ++round) {
    for (Way& way : ways.all) {
      data = fresh;
      std::int64_t sent = 0;
      const double time = timed(world, [&] {
        sent = -way.sent();
        way.step(data);
        sent += way.sent();
      });
      way.megabytes = static_cast<double>(sent) / 1e6;
      if (round > 0) way.times.push_back(time);  // the first is warm-up
    }
  }
  if (world.rank() != 0) return;
  const double plain = median(ways.all.front().times);
  for (const Way& way : ways.all)
    fmt::print("{:<18} {:>9.1f} {:>9.1f} {:>9.1f} {:>10.2f}\n", way.name, way.megabytes,
               way.megabytes * 8e3 / setup.megabits, median(way.times), plain / median(way.times));
}

}  // namespace

bool measure_link(const LinkSetup& setup) {
  fmt::print(
      "\nA step that is nothing but exchange: {} ranks, {} Mbit/s each way, {} MiB in f32, median of {} in turns "
      "(must: fp8 2.5 times as fast)\n"
      "{:<18} {:>9} {:>9} {:>9} {:>10}\n",
      setup.ranks, setup.megabits, setup.numbers * 4 >> 20, setup.rounds, "format", "MB sent", "least ms", "ms",
      "f32 = 1");
  std::fflush(stdout);
  return testing_support::on_hosts(setup.prefix, setup.ranks,
                                   [&](comm::Group& group) { run_rank(setup, group.world()); });
}

}  // namespace athanor::bench
