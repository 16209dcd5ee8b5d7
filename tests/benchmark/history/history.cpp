// history: how fast samples go into the history and come out again. Prints medians of `--rounds` rounds.
//   history [--runs 1000] [--samples 1000000] [--rounds 5] [--turn]
// Peer for writing: one row per sample in a plain SQLite table, as trackers without chunks keep them. Beside MLflow and
// TensorBoard peers.py measures it, by single turns.
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "core/store/reader.h"
#include "core/store/writer.h"

#include <CLI/CLI.hpp>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

namespace {

using namespace athanor;
namespace fs = std::filesystem;

constexpr int kMetrics = 8;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(int rounds, const std::function<double()>& once) {
  std::vector<double> seen;
  for (int i = 0; i < rounds; ++i) seen.push_back(once());
  std::ranges::sort(seen);
  return seen[seen.size() / 2];
}

std::vector<journal::Event> steps(int count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 0.1);
  std::vector<journal::Event> events;
  for (int step = 0; step < count; ++step) {
    journal::MetricSamples samples;
    samples.step = step;
    for (int m = 0; m < kMetrics; ++m)
      samples.values.emplace_back(fmt::format("train/metric_{}", m), std::exp(-step * 1e-4) + noise(random));
    events.push_back({step * 50'000'000LL, std::move(samples)});
  }
  return events;
}

store::RunId add(store::Writer& writer, int number) {
  store::NewRun run;
  run.name = fmt::format("run {}", number);
  run.status = store::RunStatus::running;
  run.created_ns = number;
  run.directory = fmt::format("/runs/{}", number);
  return value_or_throw(writer.add_run(run)).run;
}

// In stretches of `stretch` events, as a follower that catches up takes them in.
void feed(store::Writer& writer, store::RunId run, std::span<const journal::Event> events, std::size_t stretch) {
  std::int64_t offset = value_or_throw(writer.offset(run, 0));
  for (std::size_t at = 0; at < events.size(); at += stretch, ++offset) {
    const auto part = events.subspan(at, std::min(stretch, events.size() - at));
    value_or_throw(writer.ingest({run, 0, offset, offset + 1, 0, part}));
  }
}

double plain_rows(const fs::path& file, std::span<const journal::Event> events, std::size_t stretch) {
  fs::remove(file);
  SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE metrics (key TEXT, value REAL, time_ns "
      "INTEGER, step INTEGER)");
  SQLite::Statement insert(database, "INSERT INTO metrics VALUES (?, ?, ?, ?)");
  return seconds_of([&] {
    for (std::size_t at = 0; at < events.size(); at += stretch) {
      SQLite::Transaction transaction(database);
      for (const auto& event : events.subspan(at, std::min(stretch, events.size() - at))) {
        const auto& samples = std::get<journal::MetricSamples>(event.payload);
        for (const auto& [name, value] : samples.values) {
          insert.bind(1, name);
          insert.bind(2, value);
          insert.bind(3, event.time_ns);
          insert.bind(4, samples.step);
          insert.exec();
          insert.reset();
        }
      }
      transaction.commit();
    }
  });
}

void measure_journal(const fs::path& folder, std::span<const journal::Event> events, int rounds) {
  const fs::path file = folder / "journal-0.athj";
  const double write = median(rounds, [&] {
    fs::remove(file);
    const auto writer = value_or_throw(journal::Writer::open(file));
    return seconds_of([&] {
      for (const auto& event : events) value_or_throw(writer->append(event.payload));
    });
  });
  const double read = median(rounds, [&] {
    return seconds_of([&] {
      for (std::int64_t offset = 0;;) {
        const auto batch = value_or_throw(journal::read(file, offset));
        if (batch.next_offset == offset) break;
        offset = batch.next_offset;
      }
    });
  });
  const auto count = static_cast<double>(events.size());
  fmt::print("journal append                 {:8.2f} us per event of {} samples, {:.0f} bytes\n", write / count * 1e6,
             kMetrics, static_cast<double>(fs::file_size(file)) / count);
  fmt::print("journal read                   {:8.2f} M samples/s\n", count * kMetrics / read / 1e6);
}

void measure_ingest(const fs::path& folder, std::span<const journal::Event> events, int rounds) {
  const double samples = static_cast<double>(events.size()) * kMetrics;
  for (const std::size_t stretch : {std::size_t{1}, std::size_t{100}, std::size_t{8000}}) {
    const auto part = events.first(std::min(events.size(), stretch * 4000));
    int run = 0;
    std::vector<double> ours, plain;
    for (int i = 0; i < rounds; ++i) {  // one after the other, so that both see the same machine
      const fs::path file = folder / fmt::format("ingest-{}-{}.db", stretch, ++run);
      const auto writer = value_or_throw(store::Writer::open(file));
      const store::RunId id = add(*writer, run);
      ours.push_back(seconds_of([&] { feed(*writer, id, part, stretch); }));
      plain.push_back(plain_rows(folder / "plain.db", part, stretch));
    }
    std::ranges::sort(ours);
    std::ranges::sort(plain);
    const double count = static_cast<double>(part.size()) * kMetrics;
    fmt::print("ingest, {:5} steps a commit   {:8.0f} k samples/s; plain rows {:8.0f} k samples/s; ratio {:.2f}\n",
               stretch, count / ours[ours.size() / 2] / 1e3, count / plain[plain.size() / 2] / 1e3,
               plain[plain.size() / 2] / ours[ours.size() / 2]);
  }
  fmt::print("size                           {:8.1f} bytes per sample; plain rows {:.1f}\n",
             static_cast<double>(fs::file_size(folder / "ingest-8000-1.db")) / samples,
             static_cast<double>(fs::file_size(folder / "plain.db")) / samples);
}

// From a journal on the disk into the history, as the agent follows a run: pages, summaries and offset in one commit.
void follow(const fs::path& file, store::Writer& writer, store::RunId run, std::int64_t bytes) {
  for (std::int64_t offset = 0;;) {
    const auto batch = value_or_throw(journal::read(file, offset, bytes, journal::MetricsAs::rows));
    if (batch.next_offset == offset) return;
    value_or_throw(writer.ingest({run,
                                  0,
                                  offset,
                                  batch.next_offset,
                                  batch.anchor_wall_ns,
                                  batch.events,
                                  batch.writer_pid,
                                  {},
                                  batch.clock,
                                  batch.rows}));
    offset = batch.next_offset;
  }
}

void write_flushed(const fs::path& file, std::span<const journal::Event> events) {
  const auto writer = value_or_throw(journal::Writer::open(file));
  for (const auto& event : events) value_or_throw(writer->append(event.payload));
  value_or_throw(writer->sync());
}

// All the way once: seconds to write a flushed journal, and to take it into a history of its own.
void take_turn(const fs::path& folder, std::span<const journal::Event> events) {
  const fs::path file = folder / "turn.athj";
  const double write = seconds_of([&] { write_flushed(file, events); });
  const double take = seconds_of([&] {
    const auto writer = value_or_throw(store::Writer::open(folder / "turn.db"));
    follow(file, *writer, add(*writer, 1), 1 << 20);
  });
  fmt::print("{:.6f} {:.6f}\n", write, take);
}

void measure_following(const fs::path& folder, std::span<const journal::Event> events, int rounds) {
  const fs::path file = folder / "followed.athj";
  write_flushed(file, events);
  const double samples = static_cast<double>(events.size()) * kMetrics;
  for (const std::int64_t bytes : {std::int64_t{1} << 16, std::int64_t{1} << 20, std::int64_t{1} << 22}) {
    int number = 0;
    const double seconds = median(rounds, [&] {
      const auto writer = value_or_throw(store::Writer::open(folder / fmt::format("follow-{}-{}.db", bytes, ++number)));
      const store::RunId run = add(*writer, number);
      return seconds_of([&] { follow(file, *writer, run, bytes); });
    });
    fmt::print("journal to history             {:8.2f} M samples/s, {} kB a commit\n", samples / seconds / 1e6,
               bytes >> 10);
  }
}

void measure_curves(const fs::path& folder, std::span<const journal::Event> events, int rounds) {
  const fs::path file = folder / "curves.db";
  const auto writer = value_or_throw(store::Writer::open(file));
  const store::RunId id = add(*writer, 1);
  feed(*writer, id, events, 8000);
  const auto reader = value_or_throw(store::Reader::open(file));
  const auto last = static_cast<std::int64_t>(events.size());
  std::mt19937_64 random(3);
  for (const double share : {1.0, 0.1, 0.01, 0.001}) {
    const auto width = static_cast<std::int64_t>(static_cast<double>(last) * share);
    double worst = 0;
    const double typical = median(std::max(rounds, 21), [&] {
      const auto first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(last - width + 1));
      const double seconds =
          seconds_of([&] { value_or_throw(reader->curve(id, "train/metric_3", first, first + width - 1, 1000)); });
      worst = std::max(worst, seconds);
      return seconds;
    });
    fmt::print("curve, {:8} of {} steps  {:8.2f} ms into 1000 columns; worst {:.2f} ms\n", width, last, typical * 1e3,
               worst * 1e3);
  }
}

void measure_list(const fs::path& folder, int runs, int rounds) {
  const fs::path file = folder / "list.db";
  auto writer = value_or_throw(store::Writer::open(file));
  const auto events = steps(400, 1);
  for (int i = 1; i <= runs; ++i) {
    const store::RunId id = add(*writer, i);
    feed(*writer, id, events, 8000);
    const std::vector<journal::Event> end = {{1, journal::StateChanged{journal::RunState::finished, ""}}};
    feed(*writer, id, end, 1);
  }
  writer.reset();
  const double open = median(
      rounds, [&] { return seconds_of([&] { value_or_throw(value_or_throw(store::Reader::open(file))->runs()); }); });
  const auto reader = value_or_throw(store::Reader::open(file));
  const double list = median(rounds, [&] { return seconds_of([&] { value_or_throw(reader->runs()); }); });
  const double small = median(rounds, [&] {
    return seconds_of([&] {
      for (int i = 1; i <= 40; ++i) value_or_throw(reader->curve(i, "train/metric_0", 0, 1 << 20, 64));
    });
  });
  fmt::print("list of {:5} runs             {:8.2f} ms; with opening the history {:.2f} ms\n", runs, list * 1e3,
             open * 1e3);
  fmt::print("40 inline curves               {:8.2f} ms\n", small * 1e3);
  fmt::print("history of {} runs           {:8.1f} kB per run of 400 steps\n", runs,
             static_cast<double>(fs::file_size(file)) / runs / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 1000, samples = 1'000'000, rounds = 5;
  bool turn = false;
  CLI::App app("Measures journal and history", "history");
  app.add_option("--runs", runs, "How many runs the list has");
  app.add_option("--samples", samples, "How many samples are written and read");
  app.add_option("--rounds", rounds, "Of which the median is taken");
  app.add_flag("--turn", turn, "Only write a journal, take it into a history, and print the seconds of both");
  CLI11_PARSE(app, argc, argv);
  std::string name = (fs::temp_directory_path() / "athanor-history-XXXXXX").string();
  const fs::path folder = mkdtemp(name.data());
  const auto events = steps(samples / kMetrics, 7);
  if (turn) {
    take_turn(folder, events);
  } else {
    measure_journal(folder, events, rounds);
    measure_following(folder, events, rounds);
    measure_ingest(folder, events, rounds);
    measure_curves(folder, steps(samples, 8), rounds);
    measure_list(folder, runs, rounds);
  }
  fs::remove_all(folder);
  return 0;
}
