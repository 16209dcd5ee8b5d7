// A history with one run of many spans: 8 ranks, each with a lane of computing and one of messages, in the pattern of a
// one-forward-one-backward schedule with random lengths. As the agent takes them in, a megabyte of journal at a time.
//   fill_timeline FOLDER [--spans 1e7]
#include "core/store/writer.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <random>
#include <vector>

namespace {

using namespace athanor;
using journal::SpanKind;
constexpr int kRanks = 8;
constexpr int kMicroBatches = 16;
constexpr int kStepsAtOnce = 128;  // of each rank; about a megabyte of journal
constexpr std::int64_t kAnchor = 1'700'000'000'000'000'000;

class Rank {
 public:
  explicit Rank(int rank) : rank_(rank), random_(static_cast<std::uint64_t>(rank) + 1) {}

  // One step from `begin_ns` on; where it ends.
  std::int64_t step(std::int64_t number, std::int64_t begin_ns, std::vector<journal::Event>& out) {
    at_ = begin_ns;
    tell(out, SpanKind::data, number, -1, 0, 0.2);
    at_ += length(0.3 * rank_);  // until the first message is there
    int forward = 0, backward = 0;
    const int ahead = std::min(kMicroBatches, kRanks - rank_);
    while (backward < kMicroBatches) {
      if (forward < kMicroBatches && forward - backward < ahead) {
        tell(out, SpanKind::forward, number, forward, 0, 1);
        tell_beside(out, SpanKind::send, number, forward++);
      } else {
        if (forward < kMicroBatches) at_ += length(0.1);
        tell(out, SpanKind::input_gradient, number, backward, 0, 1.1);
        tell_beside(out, SpanKind::receive, number, backward);
        tell(out, SpanKind::weight_gradient, number, backward++, 0, 0.9);
      }
    }
    tell(out, SpanKind::reduce, number, -1, 1, 2);
    tell(out, SpanKind::optimizer, number, -1, 0, 1.5);
    return at_;
  }

 private:
  // Milliseconds on average; some take far longer.
  std::int64_t length(double milliseconds) {
    const double spread = std::lognormal_distribution<double>(0, 0.25)(random_);
    const double hitch = random_() % 4096 == 0 ? 20 : 1;
    return static_cast<std::int64_t>(milliseconds * spread * hitch * 1e6) + 50;
  }
  void tell(std::vector<journal::Event>& out, SpanKind kind, std::int64_t step, int micro_batch, int lane, double ms) {
    at_ += length(0.01);
    const std::int64_t end = at_ + length(ms);
    out.push_back({end, journal::Span{rank_, lane, kind, step, micro_batch, at_, end, rank_}});
    at_ = end;
  }
  void tell_beside(std::vector<journal::Event>& out, SpanKind kind, std::int64_t step, int micro_batch) {
    beside_ = std::max(beside_ + 100, at_);
    const std::int64_t end = beside_ + length(0.15);
    out.push_back({end, journal::Span{rank_, 1, kind, step, micro_batch, beside_, end, rank_}});
    beside_ = end;
  }

  int rank_;
  std::mt19937_64 random_;
  std::int64_t at_ = 0, beside_ = 0;
};

}  // namespace

int main(int count, char** words) {
  CLI::App app("Fills a history with one run of many spans");
  std::filesystem::path folder;
  double spans = 1e7;
  app.add_option("FOLDER", folder)->required();
  app.add_option("--spans", spans);
  CLI11_PARSE(app, count, words);
  std::filesystem::create_directories(folder);
  const auto writer = value_or_throw(store::Writer::open(folder / "history.db"));
  store::NewRun fresh;
  fresh.name = "many spans";
  fresh.status = store::RunStatus::running;
  fresh.created_ns = kAnchor;
  fresh.directory = folder / "runs/many-1";
  const store::RunId run = value_or_throw(writer->add_run(fresh)).run;
  std::vector<Rank> ranks;
  for (int rank = 0; rank < kRanks; ++rank) ranks.emplace_back(rank);
  std::array<std::int64_t, kRanks> at{};
  std::int64_t told = 0, step = 1, offset = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (static_cast<double>(told) < spans) {
    std::array<std::vector<journal::Event>, kRanks> events;
    for (int i = 0; i < kStepsAtOnce; ++i, ++step) {
      std::int64_t end = 0;
      for (std::size_t rank = 0; rank < kRanks; ++rank) at[rank] = ranks[rank].step(step, at[rank], events[rank]);
      for (const std::int64_t each : at) end = std::max(end, each);
      at.fill(end);
    }
    for (int rank = 0; rank < kRanks; ++rank) {
      const auto& some = events[static_cast<std::size_t>(rank)];
      told += std::ssize(some);
      value_or_throw(writer->ingest({run, rank, offset, offset + 1, kAnchor, some, 0, {}, {}, {}}));
    }
    ++offset;
  }
  value_or_throw(writer->set_status(run, store::RunStatus::finished, "", kAnchor + at[0]));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto bytes = std::filesystem::file_size(folder / "history.db");
  fmt::print("{} spans of {} ranks in {:.0f} steps over {:.1f} h, taken in within {:.1f} s ({:.2f} µs a span)\n", told,
             kRanks, static_cast<double>(step - 1), static_cast<double>(at[0]) / 3.6e12, seconds,
             1e6 * seconds / static_cast<double>(told));
  fmt::print("history: {:.1f} MiB, {:.2f} bytes a span\n", static_cast<double>(bytes) / (1 << 20),
             static_cast<double>(bytes) / static_cast<double>(told));
  return 0;
}
