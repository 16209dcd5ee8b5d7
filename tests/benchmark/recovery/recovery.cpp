// recovery: what the loss of a rank costs a run.
//   recovery --program BUILD/bin/athanor-run --datasets DIR [--recipe FILE] [--ranks 4] [--kills 10]
//   recovery … --goodput 600 --every 30
// Kills one rank after another with SIGKILL, each chosen at random, and reads in the run's journal when the others
// noticed, when the next step was done and how many steps were done twice. With --goodput it kills at that distance and
// tells which share of the steps of an undisturbed run was done all the same; what is under way at the end counts as
// not done. Must: noticed within 1 s, back within 5 s, at most one step lost, goodput at least 80 %.
#include "core/base/files.h"
#include "core/journal/reader.h"
#include "tests/support/temporary_folder.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <random>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace athanor;
namespace fs = std::filesystem;

struct Options {
  std::string program, datasets, recipe = ATH_SOURCE_DIR "/experiments/smoke.toml";
  int ranks = 4, kills = 10;
  double pause_s = 3, goodput_s = 0, every_s = 30;
  unsigned seed = 1;
};

double wall_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// What a journal tells, as it grows; times are of the wall clock, in seconds.
class Followed {
 public:
  explicit Followed(fs::path file) : file_(std::move(file)) {}

  struct Happened {
    double at = 0;
    std::int64_t step = 0;
  };
  std::vector<Happened> steps, faults, recoveries;
  std::vector<journal::Recovery> told;  // in the order of recoveries

  void read() {
    const auto batch = journal::read(file_, offset_);
    if (!batch) return;
    if (batch->anchor_wall_ns != 0) anchor_s_ = static_cast<double>(batch->anchor_wall_ns) * 1e-9;
    offset_ = batch->next_offset;
    for (const journal::Event& event : batch->events) note(event);
  }
  [[nodiscard]] std::int64_t step() const { return steps.empty() ? 0 : steps.back().step; }
  // The furthest that was told by then.
  [[nodiscard]] std::int64_t step_by(double time) const {
    std::int64_t furthest = 0;
    for (const Happened& each : steps)
      if (each.at <= time) furthest = std::max(furthest, each.step);
    return furthest;
  }
  // Until the run has gone on past the last loss.
  bool wait_for_step(std::int64_t step, double longest_s) {
    for (const double give_up = wall_s() + longest_s; wall_s() < give_up; sleep_s(0.002)) {
      read();
      if (this->step() >= step) return true;
    }
    return false;
  }

 private:
  void note(const journal::Event& event) {
    const double at = anchor_s_ + static_cast<double>(event.time_ns) * 1e-9;
    if (const auto* figures = std::get_if<journal::MetricSamples>(&event.payload)) {
      if (!figures->values.empty() && figures->values.front().first == "train/loss")
        steps.push_back({at, figures->step});
    }
    if (const auto* fault = std::get_if<journal::FaultSeen>(&event.payload)) faults.push_back({at, fault->step});
    if (const auto* back = std::get_if<journal::Recovery>(&event.payload)) {
      recoveries.push_back({at, back->step});
      told.push_back(*back);
    }
  }

  fs::path file_;
  std::int64_t offset_ = 0;
  double anchor_s_ = 0;
};

class Run {
 public:
  Run(const Options& options, const fs::path& home) : folder_(home / "run"), journal(folder_ / journal::file_name(0)) {
    fs::create_directories(home);
    fs::create_directory_symlink(fs::absolute(options.datasets), home / "datasets");
    const std::string ranks = std::to_string(options.ranks);
    process_ = ::fork();
    if (process_ != 0) return;
    ::setenv("ATHANOR_HOME", home.c_str(), 1);
    if (std::freopen((home / "err").c_str(), "w", stderr) == nullptr) ::_exit(1);
    const std::vector<std::string> sets = {"train.steps=10000000",        "train.threads=1",
                                           "parallel.data=" + ranks,      "parallel.micro_batches=" + ranks,
                                           "checkpoint.every_steps=1000", "eval.every_steps=0"};
    std::vector<std::string> words = {options.program, "train", options.recipe, "--run-dir", folder_.string()};
    for (const std::string& set : sets) words.insert(words.end(), {"--set", set});
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execv(options.program.c_str(), pointers.data());
    ::_exit(127);
  }
  ~Run() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] std::vector<int> ranks() const {
    const std::string name = std::to_string(process_);
    std::istringstream words(read_file(fs::path("/proc") / name / "task" / name / "children").value_or(""));
    std::vector<int> out;
    for (int child = 0; words >> child;) out.push_back(child);
    return out;
  }
  [[nodiscard]] std::optional<std::size_t> kill_one(std::mt19937& random) const {
    const auto all = ranks();
    if (all.empty()) return std::nullopt;
    const std::size_t which = random() % all.size();
    ::kill(all[which], SIGKILL);
    return which;
  }

 private:
  fs::path folder_;
  pid_t process_ = -1;

 public:
  Followed journal;
};

std::string spread(std::vector<double> seconds) {
  if (seconds.empty()) return "none";
  std::ranges::sort(seconds);
  return fmt::format("median {:.3f} s, worst {:.3f} s of {}", seconds[seconds.size() / 2], seconds.back(),
                     seconds.size());
}

// The first of `list` at or after `at`.
std::optional<Followed::Happened> after(const std::vector<Followed::Happened>& list, double at) {
  const auto found = std::ranges::find_if(list, [at](const auto& each) { return each.at >= at; });
  return found == list.end() ? std::nullopt : std::optional(*found);
}

void print_parts(const std::vector<journal::Recovery>& told) {
  const auto print = [&](const char* name, double journal::Recovery::*part) {
    std::vector<double> seconds;
    for (const journal::Recovery& each : told)
      if (each.*part >= 0) seconds.push_back(each.*part * 1e-3);
    fmt::print("  {:<39}{}\n", name, spread(seconds));
  };
  print("detect", &journal::Recovery::detect_ms);
  print("decide", &journal::Recovery::decide_ms);
  print("respawn", &journal::Recovery::respawn_ms);
  print("load", &journal::Recovery::load_ms);
  print("replay", &journal::Recovery::replay_ms);
}

int measure_kills(const Options& options) {
  const testing_support::TemporaryFolder folder;
  Run run(options, folder / "home");
  std::mt19937 random(options.seed);
  if (!run.journal.wait_for_step(20, 120)) return fmt::print("the run did not begin\n"), 1;
  std::vector<double> noticed, back;
  std::int64_t most_lost = 0;
  int never = 0;
  for (int kill = 0; kill < options.kills; ++kill) {
    sleep_s(options.pause_s);
    run.journal.read();
    const double at = wall_s();
    if (!run.kill_one(random)) return fmt::print("the run has ended\n"), 1;
    const std::size_t recoveries = run.journal.recoveries.size();
    for (const double give_up = at + 60; run.journal.recoveries.size() == recoveries && wall_s() < give_up;
         sleep_s(0.002))
      run.journal.read();
    if (run.journal.recoveries.size() == recoveries) {
      ++never;
      continue;
    }
    const auto recovery = run.journal.recoveries.back();
    const std::int64_t before = std::ranges::max(run.journal.steps, {}, &Followed::Happened::step).step;
    most_lost = std::max(most_lost, before - recovery.step);
    (void)run.journal.wait_for_step(recovery.step + 1, 60);
    if (const auto fault = after(run.journal.faults, at)) noticed.push_back(fault->at - at);
    if (const auto step = after(run.journal.steps, recovery.at)) back.push_back(step->at - at);
  }
  fmt::print("kill -9 of one of {} ranks, {} kills, {} without recovery\n", options.ranks, options.kills, never);
  fmt::print("  noticed by rank 0, where it was left   {}   (must 1 s)\n", spread(noticed));
  fmt::print("  next step done                         {}   (must 5 s)\n", spread(back));
  fmt::print("  steps done twice                       at most {}   (must 1)\n", most_lost);
  print_parts(run.journal.told);
  return never == 0 ? 0 : 1;
}

int measure_goodput(const Options& options) {
  std::mt19937 random(options.seed);
  double undisturbed = 0, disturbed = 0;
  for (const bool kills : {false, true}) {
    const testing_support::TemporaryFolder folder;
    Run run(options, folder / "home");
    if (!run.journal.wait_for_step(20, 120)) return fmt::print("the run did not begin\n"), 1;
    const double begin = wall_s();
    // As long without as with, but no longer than tells the pace.
    const double length = kills ? options.goodput_s : std::min(options.goodput_s, 60.0);
    int killed = 0;
    for (double next = begin + options.every_s; wall_s() < begin + length; sleep_s(0.01)) {
      run.journal.read();
      if (!kills || wall_s() < next) continue;
      next += options.every_s;
      if (run.kill_one(random)) ++killed;
    }
    sleep_s(0.2);
    run.journal.read();
    (kills ? disturbed : undisturbed) =
        static_cast<double>(run.journal.step_by(begin + length) - run.journal.step_by(begin)) / length;
    if (!kills) continue;
    fmt::print("{} kills, {} recoveries\n", killed, run.journal.recoveries.size());
    print_parts(run.journal.told);
  }
  const double goodput = disturbed / undisturbed;
  fmt::print("goodput with a kill every {:.0f} s for {:.0f} s: {:.1f} % of {:.1f} steps/s   (must 80 %)\n",
             options.every_s, options.goodput_s, 100 * goodput, undisturbed);
  return goodput >= 0.8 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures what the loss of a rank costs a run", "recovery");
  app.add_option("--program", options.program, "athanor-run")->required();
  app.add_option("--datasets", options.datasets, "The prepared data sets")->required();
  app.add_option("--recipe", options.recipe, "What is trained");
  app.add_option("--ranks", options.ranks, "How many");
  app.add_option("--kills", options.kills, "How many");
  app.add_option("--pause", options.pause_s, "Seconds between two kills");
  app.add_option("--goodput", options.goodput_s, "Seconds of a run with kills; 0: none");
  app.add_option("--every", options.every_s, "Seconds between two of those");
  app.add_option("--seed", options.seed, "Of the choice of ranks");
  CLI11_PARSE(app, argc, argv);
  return options.goodput_s > 0 ? measure_goodput(options) : measure_kills(options);
}
