#include "tests/core/runner/run_program.h"

#include "core/base/files.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

const fs::path kProgram = fs::path(ATH_BINARY_DIR) / "bin" / "athanor-run";
const fs::path kSmoke = fs::path(ATH_SOURCE_DIR) / "experiments" / "smoke.toml";

fs::path data_sets() {
  const char* chosen = std::getenv("ATHANOR_TEST_DATASETS");
  return chosen != nullptr ? fs::path(chosen) : fs::path(ATH_TEST_DATASETS);
}

void redirect(const fs::path& file, int flags, int descriptor) {
  const int opened = ::open(file.c_str(), flags, 0600);
  ::dup2(opened, descriptor);
  ::close(opened);
}

[[noreturn]] void become(const Launch& launch, const fs::path& home, const fs::path& scratch) {
  ::setenv("ATHANOR_HOME", home.c_str(), 1);
  redirect(scratch / "in", O_RDONLY, STDIN_FILENO);
  redirect(launch.output.empty() ? scratch / "out" : launch.output, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect(scratch / "err", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  if (launch.file_size_limit > 0) {
    const rlimit limit{static_cast<rlim_t>(launch.file_size_limit), static_cast<rlim_t>(launch.file_size_limit)};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<char*> arguments = {const_cast<char*>(kProgram.c_str())};
  for (const std::string& argument : launch.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(kProgram.c_str(), arguments.data());
  ::_exit(127);
}

}  // namespace

const fs::path& shared_home() {
  static const fs::path home = [] {
    const fs::path folder = fs::path(ATH_BINARY_DIR) / "tests" / "runner-home";
    fs::create_directories(folder);
    // Another test process may be making the same link.
    std::error_code there_already;
    fs::create_directory_symlink(data_sets(), folder / "datasets", there_already);
    return folder;
  }();
  return home;
}

fs::path empty_home(const testing_support::TemporaryFolder& folder) {
  fs::create_directory(folder / "empty-home");
  return folder / "empty-home";
}

bool has_data() { return fs::exists(data_sets() / "emoji" / "card.json"); }

Outcome launch_program(const Launch& launch) {
  const testing_support::TemporaryFolder scratch;
  EXPECT_TRUE(write_file_flushed(scratch / "in", launch.input));
  const fs::path home = launch.home.empty() ? shared_home() : launch.home;
  const pid_t child = ::fork();
  if (child == 0) become(launch, home, scratch.path());
  if (launch.meanwhile) launch.meanwhile(child);
  int status = 0;
  ::waitpid(child, &status, 0);
  constexpr int kSignalBase = 128;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status), bytes_of(scratch / "out"),
          bytes_of(scratch / "err")};
}

Outcome run_program(std::vector<std::string> arguments) {
  Launch launch;
  launch.arguments = std::move(arguments);
  return launch_program(launch);
}

std::vector<std::string> train_arguments(const fs::path& folder, const std::vector<std::string>& more) {
  std::vector<std::string> out = {"train", kSmoke.string(), "--run-dir", folder.string()};
  for (const char* setting :
       {"train.steps=30", "train.warmup_steps=5", "checkpoint.every_steps=10", "eval.every_steps=15"}) {
    out.insert(out.end(), {"--set", setting});
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Replay read_run(const fs::path& folder) { return value_or_throw(replay(folder / journal::file_name(0))); }

std::vector<journal::Payload> events_of(const fs::path& folder) {
  std::vector<journal::Payload> out;
  const auto keep = [&out](const journal::Event& event) { out.push_back(event.payload); };
  (void)value_or_throw(replay(folder / journal::file_name(0), keep));
  return out;
}

bool wait_for_step(const fs::path& folder, std::int64_t step) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto so_far = replay(folder / journal::file_name(0));
    if (so_far) {
      const auto loss = so_far->metrics.find("train/loss");
      if (loss != so_far->metrics.end() && !loss->second.empty() && loss->second.rbegin()->first >= step) return true;
    }
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

std::string bytes_of(const fs::path& file) {
  auto bytes = read_file(file);
  return bytes ? std::move(*bytes) : std::string();
}

}  // namespace athanor::runner
