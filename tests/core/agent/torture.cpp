#include "tests/core/agent/torture.h"

#include "core/journal/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace athanor::agent {
namespace {

using store::RunStatus;

// What the journal says, each event once and superseded samples left out.
struct Told {
  std::vector<std::pair<std::int64_t, double>> samples;
  int states = 0, recoveries = 0;
  std::vector<std::int64_t> checkpoints;
  [[nodiscard]] bool operator==(const Told&) const = default;
};

Told told_by_journal(const std::filesystem::path& file, const std::string& metric) {
  Told told;
  std::int64_t offset = 0;
  while (true) {
    const auto batch = value_or_throw(journal::read(file, offset));
    if (batch.next_offset == offset) return told;
    offset = batch.next_offset;
    for (const auto& event : batch.events) {
      told.states += std::holds_alternative<journal::StateChanged>(event.payload) ? 1 : 0;
      if (const auto* written = std::get_if<journal::CheckpointWritten>(&event.payload))
        told.checkpoints.push_back(written->step);
      if (const auto* recovery = std::get_if<journal::Recovery>(&event.payload)) {
        ++told.recoveries;
        const std::int64_t last_kept = recovery->step == 0 ? -1 : recovery->step;
        std::erase_if(told.samples, [&](const auto& sample) { return sample.first > last_kept; });
        std::erase_if(told.checkpoints, [&](std::int64_t step) { return step > last_kept; });
      }
      if (const auto* samples = std::get_if<journal::MetricSamples>(&event.payload)) {
        for (const auto& [name, value] : samples->values) {
          if (name == metric) told.samples.emplace_back(samples->step, value);
        }
      }
    }
  }
}

Told told_by_history(const Home& home, store::RunId run, const std::string& metric) {
  Told told;
  const auto history = home.history();
  for (const auto& point : value_or_throw(history->points(run, metric, 0, 1LL << 40)))
    told.samples.emplace_back(point.step, point.value);
  for (const auto& occurrence : value_or_throw(history->occurrences(run))) {
    told.states += std::holds_alternative<journal::StateChanged>(occurrence.payload) ? 1 : 0;
    if (const auto* written = std::get_if<journal::CheckpointWritten>(&occurrence.payload))
      told.checkpoints.push_back(written->step);
    told.recoveries += std::holds_alternative<journal::Recovery>(occurrence.payload) ? 1 : 0;
  }
  return told;
}

class Torture {
 public:
  Torture(Home& home, const TortureSettings& settings) : home_(home), settings_(settings), random_(settings.seed) {}

  TortureReport run() {
    home_.start_agent();
    run_ = value_or_throw(home_.client->enqueue({settings_.recipe, 0, 0}));
    if (settings_.window) open_window();
    while (true) {
      const auto victims = left();
      if (victims.empty()) break;
      pause();
      (this->*victims[random_() % victims.size()])();
    }
    close_window();
    finish();
    return report_;
  }

 private:
  using Strike = void (Torture::*)();

  // What has not been killed often enough.
  std::vector<Strike> left() const {
    std::vector<Strike> victims;
    if (report_.rank_kills < settings_.kills) victims.push_back(&Torture::strike_rank);
    if (report_.agent_kills < settings_.kills) victims.push_back(&Torture::strike_agent);
    if (settings_.window && report_.window_kills < settings_.kills) victims.push_back(&Torture::strike_window);
    return victims;
  }

  void open_window() {
    window_ = home_.spawn("athanor", {"--page", "live", "--run", std::to_string(run_)}, home_.root / "window-output");
  }

  void close_window() {
    if (window_ == 0) return;
    ::kill(window_, SIGKILL);
    ::waitpid(window_, nullptr, 0);
    window_ = 0;
  }

  // The window owns nothing: whoever else lives goes on, and the next window opens on the same history.
  void strike_window() {
    if (::waitpid(window_, nullptr, WNOHANG) != 0) {
      fault("the window had ended by itself");
      window_ = 0;
    }
    const pid_t rank = home_.rank_of(run_);
    close_window();
    ++report_.window_kills;
    if (rank != 0 && ::kill(rank, 0) != 0) fault("the rank went with the window");
    if (!home_.client->list()) fault("the agent went with the window");
    open_window();
  }

  void fault(const std::string& text) {
    report_.faults.push_back(fmt::format("after {} + {} + {} kills: {}", report_.rank_kills, report_.agent_kills,
                                         report_.window_kills, text));
  }

  void pause() {
    const auto longest = static_cast<unsigned>(settings_.longest_pause_ms);
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % longest));
  }

  bool kill_rank() {
    const pid_t rank = home_.rank_of(run_);
    if (rank == 0) return false;
    ::kill(rank, SIGKILL);
    Home::until([&] { return home_.rank_of(run_) == 0; });
    ++report_.rank_kills;
    return true;
  }

  void strike_agent() {
    home_.kill_agent();
    ++report_.agent_kills;
    pause();
    const bool both =
        settings_.replicas == 1 && report_.rank_kills < settings_.kills && random_() % 3 == 0 && kill_rank();
    home_.start_agent();
    if (home_.client == nullptr) throw std::runtime_error("the next agent did not start");
    if (both) recover();
  }

  // One of several is replaced, and the run goes on by itself.
  void strike_replica() {
    const auto ranks = home_.ranks_of(run_);
    if (ranks.size() != static_cast<std::size_t>(settings_.replicas)) return;  // some are just being started
    const std::int64_t before = home_.run(run_).step;
    ::kill(ranks[random_() % ranks.size()], SIGKILL);
    ++report_.rank_kills;
    if (Home::until([&] { return home_.run(run_).step > before + 1; })) return;
    const auto run = home_.run(run_);
    fault(fmt::format("the run did not go on after step {}; it is {} ({})", before, store::to_string(run.status),
                      run.cause));
  }

  void strike_rank() {
    if (settings_.replicas > 1) return strike_replica();
    if (!kill_rank()) return;  // it is just being started
    recover();
  }

  // After a rank died: the run must be broken with a cause, the history must be the journal, and it must go on.
  void recover() {
    const auto settled = home_.client->wait(run_, std::chrono::seconds(60));
    if (!settled) return fault("the run was not settled: " + settled.error().message());
    // A rank killed before its first word is put back into the queue instead.
    if (settled->status != RunStatus::broken || settled->cause.empty()) {
      fault(fmt::format("the run is {} ({})", store::to_string(settled->status), settled->cause));
    }
    compare();
    if (!Home::until([&] { return home_.client->resume(run_).has_value(); }))
      return fault("the run could not be resumed");
    if (random_() % 2 == 0 && !Home::until([&] { return home_.rank_of(run_) != 0; })) {
      const auto run = home_.run(run_);
      fault(fmt::format("the resumed run has no process; it is {} ({})", store::to_string(run.status), run.cause));
    }
  }

  void compare() {
    ++report_.comparisons;
    const std::filesystem::path directory = home_.run(run_).directory;
    const Told journal = told_by_journal(directory / journal::file_name(0), settings_.metric);
    Told history;
    if (!Home::until([&] { return (history = told_by_history(home_, run_, settings_.metric)) == journal; })) {
      fault(fmt::format(
          "the journal has {} samples, {} states, {} recoveries, {} checkpoints; the history has {}, {}, {}, {}",
          journal.samples.size(), journal.states, journal.recoveries, journal.checkpoints.size(),
          history.samples.size(), history.states, history.recoveries, history.checkpoints.size()));
    }
    for (std::size_t i = 1; i < history.samples.size(); ++i) {
      if (history.samples[i].first <= history.samples[i - 1].first)
        fault(fmt::format("step {} is there twice", history.samples[i].first));
    }
    const std::int64_t last = history.samples.empty() ? 0 : history.samples.back().first;
    if (settings_.acknowledges && last < home_.acknowledged(run_)) {
      fault(fmt::format("step {} was acknowledged, the history ends at {}", home_.acknowledged(run_), last));
    }
    report_.steps = last;
  }

  void finish() {
    if (!Home::until([&] { return home_.rank_of(run_) != 0 && home_.client->stop(run_).has_value(); }))
      return fault("the run could not be stopped");
    const auto stopped = home_.client->wait(run_, std::chrono::seconds(60));
    if (!stopped || stopped->status != RunStatus::stopped) fault("the run did not stop");
    compare();
    const std::size_t runs = value_or_throw(home_.client->list()).size();
    if (runs != 1) fault(fmt::format("there are {} runs instead of one", runs));
  }

  Home& home_;
  const TortureSettings& settings_;
  std::mt19937 random_;
  store::RunId run_ = 0;
  pid_t window_ = 0;
  TortureReport report_;
};

}  // namespace

TortureReport torture(Home& home, const TortureSettings& settings) { return Torture(home, settings).run(); }

}  // namespace athanor::agent
