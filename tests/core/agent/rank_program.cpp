// A small program that behaves as athanor-run does towards an agent: it takes the same arguments, writes a real journal
// and checkpoints, resumes, and ends as its recipe's notes say. It trains nothing. What it has written to its journal
// it acknowledges in the file `acknowledged`, flushed, so that tests can hold the history against it.
//
//   run.notes = "pace=2 end=finished"    milliseconds per step; end: finished, exit1, silent, crash, or
//                                        saves: takes its time to write the checkpoint when asked to stop,
//                                        lingers: its process goes on for a while after its last word,
//                                        hangs: its process does not end after its last word,
//                                        stubborn: it does not stop, nor does a child of it that holds the journal,
//                                        ranks: another process of it does the work, and is replaced when it is killed
//                                        fault: it fails half way, unless it goes on, by the fault of the next word
//   odd=nan odd_from=30 odd_to=40        its loss is that in these steps; heals=1: unless it goes on
//   silent=30                            it says nothing for a while after this step
//   fault=io                             the kind of that fault; always=1: also when it goes on
//
// Its eval/t2i_r1 is the better the nearer train.learning_rate is to 1e-3, and grows with its steps.
#include "core/base/command_line.h"
#include "core/base/files.h"
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "core/recipe/recipe.h"

#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace athanor;
namespace fs = std::filesystem;

volatile std::sig_atomic_t g_asked_to_stop = 0;

constexpr int kCheckpointEvery = 20;

struct Arguments {
  fs::path recipe, directory, from;
  bool resume = false;
  std::int64_t fork = -1, until = 0;
  std::vector<std::string> overrides;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--run-dir") {
      arguments.directory = argv[++i];
    } else if (word == "--resume") {
      arguments.resume = true;
    } else if (word == "--fork") {
      arguments.fork = std::stoll(argv[++i]);
    } else if (word == "--from") {
      arguments.from = argv[++i];
    } else if (word == "--until") {
      arguments.until = std::stoll(argv[++i]);
    } else if (word == "--set") {
      arguments.overrides.emplace_back(argv[++i]);
    } else {
      arguments.recipe = word;
    }
  }
  if (arguments.recipe.empty()) arguments.recipe = arguments.directory / "recipe.toml";
  return arguments;
}

std::map<std::string, std::string> wishes(const recipe::Recipe& recipe) {
  std::map<std::string, std::string> found = {{"pace", "2"},         {"end", "finished"}, {"fault", "io"},
                                              {"always", "0"},       {"odd", ""},         {"odd_from", "0"},
                                              {"odd_to", "1000000"}, {"heals", "0"},      {"silent", "0"}};
  std::istringstream words(recipe.text("run.notes"));
  for (std::string word; words >> word;) found[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  return found;
}

std::int64_t newest_checkpoint(const fs::path& directory) {
  std::int64_t newest = 0;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(directory / "checkpoints", code)) {
    const std::string name = entry.path().filename().string();
    if (name.find('.') == std::string::npos && fs::exists(entry.path() / "COMPLETE"))
      newest = std::max<std::int64_t>(newest, std::stoll(name.substr(5)));
  }
  return newest;
}

class Rank {
 public:
  Rank(const Arguments& arguments, const recipe::Recipe& recipe)
      : arguments_(arguments),
        steps_(recipe.integer("train.steps")),
        score_(1 / (1 + std::abs(std::log10(recipe.real("train.learning_rate")) + 3))),
        wishes_(wishes(recipe)) {
    fs::create_directories(arguments.directory);
    if (wishes_.at("end") == "stubborn") std::signal(SIGTERM, SIG_IGN);
    journal_ = value_or_throw(journal::Writer::open(arguments.directory / journal::file_name(0)));
  }

  int run() {
    say(journal::StateChanged{journal::RunState::preparing, ""});
    resolve_recipe();
    if (wishes_.at("end") == "stubborn" && ::fork() == 0) {
      while (true) ::pause();
    }
    std::int64_t step = 0;
    if (arguments_.resume) step = newest_checkpoint(arguments_.directory);
    if (arguments_.fork >= 0) step = arguments_.fork;
    if (step < acknowledged()) acknowledge(step);  // what follows the checkpoint is about to be superseded
    if (arguments_.resume || arguments_.fork >= 0) say(journal::Recovery{step, "checkpoint"});
    say(journal::StateChanged{journal::RunState::running, ""});
    while (step < steps_) {
      if (g_asked_to_stop != 0) return stop(step);
      if (arguments_.until > 0 && step >= arguments_.until) return stop(step);
      ++step;
      say(journal::MetricSamples{step,
                                 {{"train/loss", loss_at(step)},
                                  {"sequence", static_cast<double>(step)},
                                  {"eval/t2i_r1", score_ * (1 - 0.1 / static_cast<double>(step))}}});
      acknowledge(step);
      if (step % kCheckpointEvery == 0) checkpoint(step);
      if (step == steps_ / 2 && end_badly()) return 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(wishes_.at("pace"))));
      if (step == std::stoll(wishes_.at("silent"))) std::this_thread::sleep_for(std::chrono::seconds(3));
    }
    say(journal::StateChanged{journal::RunState::finished, ""});
    return 0;
  }

 private:
  [[nodiscard]] double loss_at(std::int64_t step) const {
    const bool is_odd = !wishes_.at("odd").empty() && step >= std::stoll(wishes_.at("odd_from")) &&
                        step <= std::stoll(wishes_.at("odd_to")) && !(arguments_.resume && wishes_.at("heals") == "1");
    return is_odd ? std::stod(wishes_.at("odd")) : 4.0 / static_cast<double>(step);
  }

  void say(journal::Payload payload) { value_or_throw(journal_->append(std::move(payload))); }

  void resolve_recipe() const {
    if (arguments_.resume) return;
    const std::string text = value_or_throw(read_file(arguments_.recipe));
    if (!text.starts_with("# resolved"))
      value_or_throw(write_file_atomically(arguments_.directory / "recipe.toml", "# resolved\n" + text));
  }

  [[nodiscard]] std::int64_t acknowledged() const {
    const auto text = read_file(arguments_.directory / "acknowledged");
    return text ? std::stoll(*text) : 0;
  }

  void acknowledge(std::int64_t step) {
    value_or_throw(write_file_atomically(arguments_.directory / "acknowledged", std::to_string(step)));
  }

  void checkpoint(std::int64_t step) {
    const fs::path folder = arguments_.directory / "checkpoints" / ("step-" + std::to_string(step));
    fs::create_directories(folder);
    value_or_throw(write_file_flushed(folder / "COMPLETE", ""));
    say(journal::CheckpointWritten{step, 0, 0, "checkpoints/step-" + std::to_string(step)});
  }

  int stop(std::int64_t step) {
    if (wishes_.at("end") == "saves") {
      say(journal::StateChanged{journal::RunState::stopping, "SIGTERM"});
      std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    }
    checkpoint(step);
    say(journal::StateChanged{journal::RunState::stopped, "asked to stop"});
    while (wishes_.at("end") == "hangs") ::pause();
    if (wishes_.at("end") == "lingers") std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    constexpr int kInterrupted = 130;
    return kInterrupted;
  }

  bool end_badly() {
    const std::string& end = wishes_.at("end");
    if (end != "exit1" && end != "silent" && end != "crash" && end != "fault") return false;
    if (arguments_.resume && wishes_.at("always") == "0") return false;
    if (end == "fault") {
      say(journal::FaultSeen{steps_ / 2, wishes_.at("fault"), "go on", "there is a fault", ""});
      say(journal::StateChanged{journal::RunState::failed, "Could not go on: there is a fault"});
    }
    if (end == "crash") std::raise(SIGKILL);
    if (end == "exit1") std::cerr << "warming up\nCould not write the checkpoint: no space left on device\n";
    return true;
  }

  const Arguments& arguments_;
  std::int64_t steps_;
  double score_;
  std::map<std::string, std::string> wishes_;
  std::unique_ptr<journal::Writer> journal_;
};

// As much as it asks of a recipe.
int check(const std::string& file, bool json) {
  try {
    const auto parsed = value_or_throw(recipe::parse_file(file == "-" ? "/dev/stdin" : file));
    if (parsed.faults.empty()) return 0;
    throw Failure(ErrorKind::invalid_input, "use the recipe " + file, recipe::to_string(parsed.faults, file),
                  "correct the recipe");
  } catch (const Failure& failure) {
    std::cerr << failure.error().cause << '\n';
    if (json) print_line(error_json(failure.error()));
    return exit_status(failure.error().kind);
  }
}

constexpr const char* kIsRank = "ATHANOR_TEST_IS_RANK";

// As athanor-run does for several ranks; here there is but one.
int start_ranks(std::vector<std::string> words) {
  for (bool again = false;; again = true) {
    if (again) words.emplace_back("--resume");
    const pid_t child = ::fork();
    if (child == 0) {
      ::setpgid(0, 0);
      ::setenv(kIsRank, "1", 1);
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execv("/proc/self/exe", argv.data());
      ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) ::kill(child, SIGTERM);
    if (WIFEXITED(status)) return WEXITSTATUS(status);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[1]) == "check") return check(argv[2], argc > 3);
  const auto on_signal = [](int) { g_asked_to_stop = 1; };
  struct sigaction stop {};
  stop.sa_handler = on_signal;
  ::sigaction(SIGTERM, &stop, nullptr);  // ends the wait for a child
  ::sigaction(SIGINT, &stop, nullptr);
  try {
    const Arguments arguments = parse(argc, argv);
    auto parsed = value_or_throw(recipe::parse_file(arguments.recipe));
    for (const std::string& change : arguments.overrides) (void)recipe::apply_override(parsed.recipe, change);
    if (wishes(parsed.recipe).at("end") == "ranks" && std::getenv(kIsRank) == nullptr)
      return start_ranks({argv, argv + argc});
    return Rank(arguments, parsed.recipe).run();
  } catch (const std::exception& exception) {
    std::cerr << exception.what() << '\n';
    return 1;
  }
}
