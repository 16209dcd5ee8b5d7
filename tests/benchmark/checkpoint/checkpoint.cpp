// Bytes per second of checkpoints against the physical limit: the same bytes written plainly and flushed, or read
// plainly. In turns, random numbers, the first round left out. And the memory that reading a part takes.
//   checkpoint [--folder DIR] [--mebibytes 128] [--rounds 5]
#include "core/checkpoint/checkpoint.h"

#include "core/base/files.h"
#include "core/checkpoint/reader.h"
#include "core/checkpoint/shards.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <malloc.h>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace athanor;
using namespace athanor::checkpoint;
namespace fs = std::filesystem;

constexpr std::int64_t kRow = 1024;
constexpr double kMebibyte = 1024.0 * 1024.0;

template <class Work>
double seconds(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Three arrays of random bits: a parameter and its two moments.
Contents random_contents(std::int64_t bytes) {
  Contents out;
  out.state.step = 1;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const std::int64_t rows = bytes / 3 / (kRow * 4);
  const auto fill = [&](const char* name) {
    Array array{name, {rows, kRow}, std::vector<float>(static_cast<std::size_t>(rows * kRow))};
    for (float& value : array.values) value = normal(random);
    return array;
  };
  out.parameters.push_back(fill("w"));
  out.optimizer.push_back(fill("w.m"));
  out.optimizer.push_back(fill("w.v"));
  return out;
}

ShardContents as_pieces(const Contents& contents) {
  ShardContents out{contents.state, {}};
  const auto add = [&](Section section, const Array& array) {
    const auto bytes = std::as_bytes(std::span(array.values));
    out.pieces.push_back(
        {section, array.name, "F32", array.shape, whole_box(array.shape), {bytes.begin(), bytes.end()}});
  };
  for (const Array& array : contents.parameters) add(Section::model, array);
  for (const Array& array : contents.optimizer) add(Section::optimizer, array);
  return out;
}

std::string as_text(const Contents& contents) {
  std::string out;
  for (const auto* arrays : {&contents.parameters, &contents.optimizer})
    for (const Array& array : *arrays)
      out.append(reinterpret_cast<const char*>(array.values.data()), array.values.size() * sizeof(float));
  return out;
}

std::int64_t kibibytes(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoll(line.substr(line.find(':') + 1));
  return 0;
}

struct Part {
  double ratio = 0, seconds = 0;
  std::int64_t asked = 0, read = 0;
};

// Columns [first, first + count) of every array, which lie in every block.
Part read_part(const fs::path& checkpoint, std::int64_t rows, std::int64_t first, std::int64_t count) {
  ::malloc_trim(0);                               // what was freed is no room for what comes
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const std::int64_t before = kibibytes("VmRSS");
  Part out;
  out.seconds = seconds([&] {
    const Reader reader = value_or_throw(Reader::open(checkpoint));
    std::vector<std::vector<std::byte>> memory;
    std::vector<Wanted> wanted;
    for (const Holding& holding : reader.holdings()) {
      memory.emplace_back(static_cast<std::size_t>(rows * count * 4));
      wanted.push_back({holding.section, holding.name, "F32", {{0, first}, {rows, count}}, {}});
      out.asked += rows * count * 4;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i].into = memory[i];
    out.read = value_or_throw(reader.read(wanted)).bytes;
  });
  out.ratio = static_cast<double>(kibibytes("VmHWM") - before) * 1024 / static_cast<double>(out.asked);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times checkpoints against plain files");
  std::string folder = ".";
  std::int64_t mebibytes = 128;
  int rounds = 5;
  app.add_option("--folder", folder, "On the disk to measure");
  app.add_option("--mebibytes", mebibytes);
  app.add_option("--rounds", rounds);
  CLI11_PARSE(app, argc, argv);
  const fs::path home = fs::path(folder) / "checkpoint-benchmark";
  fs::create_directories(home);

  const Contents contents = random_contents(mebibytes * 1024 * 1024);
  const ShardContents pieces = as_pieces(contents);
  const std::string text = as_text(contents);
  std::map<std::string, std::vector<double>> times;
  for (int round = 0; round <= rounds; ++round) {
    const auto time = [&](const char* what, auto&& work) {
      const double spent = seconds(work);
      if (round > 0) times[what].push_back(spent);
    };
    time("plain", [&] { value_or_throw(write_file_flushed(home / "plain", text)); });
    time("one", [&] { (void)value_or_throw(write(home / "one", contents, 1)); });
    time("shards", [&] { (void)value_or_throw(write_shards(home / "shards", pieces, 1, Ranks{})); });
    time("plain read", [&] { (void)value_or_throw(read_file(home / "plain")); });
    time("read one", [&] { (void)value_or_throw(load_newest(home / "one")); });
    time("read shards", [&] { (void)value_or_throw(load_newest(home / "shards")); });
  }
  const double size = static_cast<double>(text.size());
  const auto line = [&](const char* what, const char* words, const char* peer) {
    fmt::print("  {:<34} {:7.0f} MiB/s   {:.2f} of {}\n", words, size / kMebibyte / median(times[what]),
               median(times[peer]) / median(times[what]), peer);
  };
  fmt::print("checkpoints of {:.0f} MiB against plain files, median of {}\n", size / kMebibyte, rounds);
  line("plain", "plain write and fsync", "plain");
  line("one", "one writer, SHA-256", "plain");
  line("shards", "one shard of one, CRC32C", "plain");
  line("plain read", "plain read", "plain read");
  line("read one", "one writer's, checked", "plain read");
  line("read shards", "shards, checked", "plain read");
  const std::int64_t rows = contents.parameters[0].shape[0];
  for (const std::int64_t parts : {1, 2, 4}) {
    const Part part = read_part(home / "shards/step-1", rows, 0, kRow / parts);
    fmt::print("  1/{} of every row: {:.1f} MiB asked for, {:.1f} MiB read, peak memory {:.3f} of what is asked for\n",
               parts, static_cast<double>(part.asked) / kMebibyte, static_cast<double>(part.read) / kMebibyte,
               part.ratio);
  }
  fs::remove_all(home);
  return 0;
}
