// A home of its own with real programs: athanor-agent, and the small rank in the place of athanor-run.
#pragma once

#include "core/agent/client.h"
#include "core/agent/protocol.h"
#include "core/store/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace athanor::agent {

class Home {
 public:
  explicit Home(const std::string& name = "home",
                const std::filesystem::path& rank = ATH_BINARY_DIR "/tests/small_rank") {
    std::string folder = (std::filesystem::temp_directory_path() / "athanor-agent-XXXXXX").string();
    root = mkdtemp(folder.data());
    path = root / name;
    std::filesystem::create_directories(root / "bin");
    // Copies, since each program looks for the other beside itself.
    std::filesystem::copy_file(ATH_BINARY_DIR "/bin/athanor-agent", root / "bin/athanor-agent");
    std::filesystem::copy_file(rank, root / "bin/athanor-run");
  }
  ~Home() {
    kill_agent();
    if (auto reader = store::Reader::open(path / "history.db")) {
      for (const store::Run& run : (*reader)->runs().value_or(std::vector<store::Run>{})) kill_rank(run.id);
    }
    std::filesystem::remove_all(root);
  }

  struct Output {
    int status = 0;
    std::string text;  // stdout and stderr
  };
  enum class Streams { both, only_stdout };
  // Runs athanor-agent (or another program) in this home to its end.
  Output call(const std::vector<std::string>& arguments, const std::string& program = "athanor-agent",
              Streams streams = Streams::both) const {
    const auto file = root / fmt::format("output-{}", calls_++);
    const pid_t pid = spawn(program, arguments, file, streams);
    int status = 0;
    ::waitpid(pid, &status, 0);
    std::ifstream in(file);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), {std::istreambuf_iterator<char>(in), {}}};
  }
  pid_t spawn(const std::string& program, const std::vector<std::string>& arguments,
              const std::filesystem::path& output, Streams streams = Streams::both) const {
    const std::string home = "ATHANOR_HOME=" + path.string();
    std::vector<std::string> words = {(root / "bin" / program).string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv, env = {const_cast<char*>(home.c_str())};
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    for (char** entry = environ; *entry != nullptr; ++entry) env.push_back(*entry);
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (streams == Streams::both) posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    ::posix_spawn(&pid, words[0].c_str(), &actions, nullptr, argv.data(), env.data());
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

  // As a child of the test, so that its end can be waited for.
  void start_agent() {
    agent_pid = spawn("athanor-agent", {"--foreground"}, root / "agent-output");
    client = nullptr;
    until([this] {
      auto connected = Client::connect(path, false);
      if (connected) client = std::move(*connected);
      return client != nullptr;
    });
  }
  // Also an agent that a window has started meanwhile.
  void kill_agent() {
    if (agent_pid > 0) {
      ::kill(agent_pid, SIGKILL);
      ::waitpid(agent_pid, nullptr, 0);
      agent_pid = 0;
    }
    for (const pid_t other : processes_of("athanor-agent")) {
      ::kill(other, SIGKILL);
      until([other] { return ::kill(other, 0) != 0; });
    }
    client.reset();
  }
  // The processes that run this home's copy of a program.
  [[nodiscard]] std::vector<pid_t> processes_of(const std::string& program) const {
    std::vector<pid_t> found;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", code)) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (std::filesystem::read_symlink(entry.path() / "exe", code) == root / "bin" / program)
        found.push_back(std::stoi(name));
    }
    return found;
  }

  [[nodiscard]] store::RunId enqueue(int steps, const std::string& notes = "pace=2") const {
    return value_or_throw(client->enqueue({recipe(steps, notes), 0, 0}));
  }
  static std::string recipe(int steps, const std::string& notes, const std::string& name = "small") {
    return fmt::format("[run]\nname = \"{}\"\nnotes = \"{}\"\n[train]\nwarmup_steps = 0\nsteps = {}\n", name, notes,
                       steps);
  }
  [[nodiscard]] store::Run wait(store::RunId run) const {
    return value_or_throw(client->wait(run, std::chrono::seconds(60)));
  }
  [[nodiscard]] std::unique_ptr<store::Reader> history() const {
    return value_or_throw(store::Reader::open(path / "history.db"));
  }
  [[nodiscard]] store::Run run(store::RunId id) const { return value_or_throw(history()->run(id)); }

  // The steps of the metric `sequence`, as the history has them.
  [[nodiscard]] std::vector<std::int64_t> steps_of(store::RunId id) const {
    std::vector<std::int64_t> steps;
    for (const store::Point& point : value_or_throw(history()->points(id, "sequence", 0, 1 << 30)))
      steps.push_back(point.step);
    return steps;
  }
  [[nodiscard]] std::int64_t acknowledged(store::RunId id) const {
    std::ifstream in(std::filesystem::path(run(id).directory) / "acknowledged");
    std::int64_t step = 0;
    in >> step;
    return step;
  }
  // The process that writes the run's journal; 0 when none does.
  [[nodiscard]] pid_t rank_of(store::RunId id) const {
    const std::string journal = run(id).directory + "/journal-0.athj";
    std::error_code code;
    for (const pid_t rank : processes_of("athanor-run")) {
      for (const auto& fd : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", rank), code)) {
        if (std::filesystem::read_symlink(fd.path(), code) == journal) return rank;
      }
    }
    return 0;
  }
  // All ranks of a run on several, in the order in which they were started.
  [[nodiscard]] std::vector<pid_t> ranks_of(store::RunId id) const {
    std::vector<pid_t> ranks;
    const pid_t first = rank_of(id);
    if (first == 0) return ranks;
    const auto parent_of = [](pid_t process) {
      std::ifstream in(fmt::format("/proc/{}/stat", process));
      std::string text{std::istreambuf_iterator<char>(in), {}};
      const auto name_end = text.rfind(')');
      return name_end == std::string::npos ? 0 : std::atoi(text.c_str() + name_end + 4);
    };
    const pid_t parent = parent_of(first);
    for (const pid_t rank : processes_of("athanor-run"))
      if (rank != parent && parent_of(rank) == parent) ranks.push_back(rank);
    std::ranges::sort(ranks);
    return ranks;
  }
  void kill_rank(store::RunId id) const {
    if (const pid_t pid = rank_of(id); pid > 0) ::kill(pid, SIGKILL);
  }

  // Waits until it holds; false after a minute.
  static bool until(const std::function<bool()>& holds) {
    for (int i = 0; i < 12000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool until_step(store::RunId id, std::int64_t step) const {
    return until([&] { return run(id).step >= step; });
  }

  std::filesystem::path root, path;
  pid_t agent_pid = 0;
  std::unique_ptr<Client> client;

 private:
  mutable int calls_ = 0;
};

}  // namespace athanor::agent
