// Sums over ranks that travel in fewer bytes: their error beside what simulation has found and beside sums that are
// coded again at every hop, the bytes as the transport counted them, the speed of coding, what residuals make of the
// error over steps, and the time of a step over slow links.
//   coded [--link PREFIX --ranks 2 --megabits 1000]     only the step, between namespaces of slow_links.sh
#include "core/comm/coded_exchange.h"
#include "core/comm/group.h"
#include "kernels/base/number_format.h"
#include "tests/benchmark/coded/link.h"
#include "tests/core/comm/coded_numbers.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <vector>

namespace {

using namespace athanor;
using namespace athanor::comm;

constexpr std::array kRanks{2, 3, 4, 8, 16, 32};
constexpr std::array kCoded{WireFormat::bf16, WireFormat::fp8, WireFormat::int8};

// The peer: one scale for all ranks, so that codes can be added where they pass; each sum is a code again.
Numbers added_in_codes(const std::vector<Numbers>& all) {
  float largest = 0;
  for (const Numbers& numbers : all)
    for (const float each : numbers) largest = std::max(largest, std::fabs(each));
  const auto ranks = static_cast<float>(all.size());
  const float scale = largest * ranks / 448.0f;
  Numbers mean(all.front().size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    float sum = 0;
    for (const Numbers& numbers : all)
      sum = Float8E4M3::decode(Float8E4M3::encode(sum + Float8E4M3::decode(Float8E4M3::encode(numbers[i] / scale))));
    mean[i] = sum * scale / ranks;
  }
  return mean;
}

void print_errors() {
  struct Data {
    const char* name;
    Gradients gradients;
  };
  const std::array data{Data{"Laplace, half of the variance shared", {Tails::laplace, 1.0f, 0.5}},
                        Data{"normal, half of the variance shared", {Tails::normal, 1.0f, 0.5}},
                        Data{"normal, nothing shared", {Tails::normal, 1.0f, 0.0}},
                        Data{"Student's t(3), half of the variance shared", {Tails::student, 1.0f, 0.5}}};
  fmt::print("Relative error of an all_reduce, percent of the exact mean (must: fp8 3.5, int8 1.1)\n{:<34}", "ranks");
  for (const int ranks : kRanks) fmt::print(" {:>6}", ranks);
  fmt::print("\n");
  for (const auto& [name, at_two, at_many] :
       {std::tuple{"simulated: bf16 added hop by hop", 0.22, 0.57},
        std::tuple{"simulated: E4M3, blocks of 1024", 3.2, 2.64},
        std::tuple{"simulated: INT8, blocks of 128", 1.0, 0.8}, std::tuple{"simulated: E4M3 hop by hop", 3.7, 12.4}})
    fmt::print("{:<34} {:>6.2f} {:>34.2f}\n", name, at_two, at_many);
  for (const Data& each : data) {
    fmt::print("{}\n", each.name);
    for (const WireFormat format : kCoded) {
      fmt::print("  {:<32}", to_string(format));
      for (const int ranks : kRanks) {
        const auto all = each.gradients.of(ranks, 100'000);
        const auto reduced = reduce_coded({.format = format, .feeds_back = false, .least_piece = 0}, all);
        fmt::print(" {:>6.2f}", 100 * relative_error(reduced.numbers.front(), exact_mean(all)));
      }
      fmt::print("\n");
    }
    fmt::print("  {:<32}", "fp8 hop by hop, one scale");
    for (const int ranks : kRanks) {
      const auto all = each.gradients.of(ranks, 100'000);
      fmt::print(" {:>6.2f}", 100 * relative_error(added_in_codes(all), exact_mean(all)));
    }
    fmt::print("\n");
  }
}

void print_bytes() {
  constexpr int kGroup = 4;
  constexpr std::int64_t kNumbers = 4 << 20;
  std::int64_t plain = 0, frames = 0;
  run_threads(kGroup, {}, [&](Group& group) {
    Numbers data(kNumbers);
    const Traffic before = group.world().traffic();
    group.world().all_reduce(view_of_numbers(data));
    if (group.world().rank() == 0) plain = group.world().traffic().payload_bytes - before.payload_bytes;
  });
  fmt::print(
      "\nBytes that a rank of {} sends for {} MiB, as counted (must: 25.8 % of f32, scales included, aim 25.2)\n",
      kGroup, kNumbers * 4 >> 20);
  fmt::print("{:<34} {:>12} {:>12} {:>8} {:>8} {:>8}\n", "format", "payload", "by formula", "% f32", "% bf16",
             "frames");
  for (const WireFormat format : {WireFormat::f32, WireFormat::bf16, WireFormat::fp8, WireFormat::int8}) {
    std::int64_t sent = 0;
    run_threads(kGroup, {}, [&](Group& group) {
      CodedExchange exchange(group.world(), {.format = format});
      Numbers data(kNumbers, 1.0f);
      const Traffic before = exchange.traffic();
      const bool is_sound = exchange.all_reduce("bucket", view_of_numbers(data));
      if (group.world().rank() != 0 || !is_sound) return;
      sent = exchange.traffic().payload_bytes - before.payload_bytes;
      frames = exchange.traffic().overhead_bytes - before.overhead_bytes;
    });
    const auto share = 100.0 * static_cast<double>(sent) / static_cast<double>(plain);
    fmt::print("{:<34} {:>12} {:>12} {:>8.3f} {:>8.3f} {:>8}\n", to_string(format), sent,
               coded_all_reduce_bytes(format, kNumbers, kGroup), share, 2 * share, frames);
  }
}

// Nanoseconds a number, median of rounds in which the formats take turns; beside what a link carries meanwhile.
void print_speed() {
  constexpr std::int64_t kNumbers = 1 << 20;
  constexpr int kRounds = 9;
  constexpr std::array kFormats{WireFormat::f32, WireFormat::bf16, WireFormat::fp8, WireFormat::int8};
  const Numbers numbers = Gradients{}.of(1, kNumbers).front();
  Numbers back(kNumbers);
  std::array<std::vector<double>, kFormats.size()> writing, reading;
  const auto timed = [&](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::int64_t at = 0; at < kNumbers; at += kCodedChunk) work(at);
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / kNumbers;
  };
  for (int round = 0; round <= kRounds; ++round) {  // the first is warm-up
    for (std::size_t i = 0; i < kFormats.size(); ++i) {
      std::vector<std::byte> bytes(static_cast<std::size_t>(wire_bytes(kFormats[i], kNumbers)));
      const Packet packet(kFormats[i], kNumbers, bytes.data());
      packet.write(0, kNumbers, numbers.data());
      const double write = timed([&](std::int64_t at) { packet.write(at, kCodedChunk, numbers.data() + at); });
      const double read = timed([&](std::int64_t at) { packet.read(at, kCodedChunk, back.data() + at); });
      if (round == 0) continue;
      writing[i].push_back(write);
      reading[i].push_back(read);
    }
  }
  const auto median = [](std::vector<double>& times) {
    std::ranges::sort(times);
    return times[times.size() / 2];
  };
  fmt::print("\nOne thread coding {} numbers, ns a number, median of {} in turns\n{:<34} {:>8} {:>8} {:>14}\n",
             kNumbers, kRounds, "format", "write", "read", "1 Gbit/s takes");
  for (std::size_t i = 0; i < kFormats.size(); ++i)
    fmt::print("{:<34} {:>8.2f} {:>8.2f} {:>14.1f}\n", to_string(kFormats[i]), median(writing[i]), median(reading[i]),
               8.0 * static_cast<double>(wire_bytes(kFormats[i], kNumbers)) / kNumbers);
}

double error_over_steps(const CodedOptions& options, const Gradients& gradients) {
  constexpr int kGroup = 4, kSteps = 20;
  constexpr std::size_t kNumbers = 50'000;
  std::vector<double> want(kNumbers), got(kNumbers);
  std::vector<Residuals> residuals;
  for (int step = 0; step < kSteps; ++step) {
    const auto all = gradients.of(kGroup, kNumbers, step);
    const auto mean = exact_mean(all);
    const auto reduced = reduce_coded(options, all, residuals);
    residuals = reduced.residuals;
    for (std::size_t i = 0; i < kNumbers; ++i) {
      want[i] += mean[i];
      got[i] += reduced.numbers.front()[i];
    }
  }
  return relative_error(Numbers(got.begin(), got.end()), want);
}

void print_feedback() {
  fmt::print(
      "\nError of all that 20 steps gave out, 4 ranks, percent (simulated: 3.0 without residuals, 0.47 with; must: "
      "0.5)\n{:<34} {:>10} {:>10} {:>10} {:>10}\n",
      "variance that stays over steps", "fp8", "residuals", "int8", "residuals");
  for (const double shared : {0.0, 0.25, 0.5, 0.9}) {
    fmt::print("{:<34}", fmt::format("{:.0f} %", 100 * shared));
    for (const WireFormat format : {WireFormat::fp8, WireFormat::int8}) {
      for (const bool feeds_back : {false, true}) {
        const CodedOptions options{.format = format, .feeds_back = feeds_back, .least_piece = 0};
        fmt::print(" {:>10.3f}", 100 * error_over_steps(options, {Tails::normal, 1.0f, shared}));
      }
    }
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::LinkSetup link;
  CLI::App app("Error, bytes and time of coded sums over ranks");
  app.add_option("--link", link.prefix, "Namespaces PREFIX-1, PREFIX-2, …");
  app.add_option("--ranks", link.ranks)->check(CLI::Range(2, 16));
  app.add_option("--megabits", link.megabits, "What the links carry");
  app.add_option("--rounds", link.rounds)->check(CLI::Range(5, 101));
  CLI11_PARSE(app, argc, argv);
  if (!link.prefix.empty()) return bench::measure_link(link) ? 0 : 1;
  print_errors();
  print_bytes();
  print_speed();
  print_feedback();
  return 0;
}
