#include "core/runner/rank_processes.h"

#include "core/assembly/assembly.h"
#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/runner/interrupt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

// How long the others have to end by themselves once one rank is gone.
constexpr std::chrono::seconds kPatience{15};
constexpr std::chrono::milliseconds kGlance{200};
// Until all ranks have come: rank 0 measures and predicts before.
constexpr std::chrono::minutes kMeeting{10};
constexpr std::chrono::seconds kLongestCall{60};

Failure system_failure(const std::string& intention) {
  return {ErrorKind::unavailable, intention, std::strerror(errno), "Free some memory or processes and try again"};
}

// A folder in memory that is this group's alone.
class MeetingPlace {
 public:
  MeetingPlace() {
    std::string name = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) / "athanor-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw system_failure("make a place for the ranks to meet");
    folder_ = name;
  }
  ~MeetingPlace() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  MeetingPlace(const MeetingPlace&) = delete;
  MeetingPlace& operator=(const MeetingPlace&) = delete;
  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

struct Rank {
  pid_t process = -1;  // -1 once it has ended
  int watch = -1;      // readable at its end
  int status = 0;      // of waitpid
};

std::string ending(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

bool ended_badly(int status) {
  return WIFSIGNALED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != kInterrupted);
}

std::vector<std::string> command_of(const RunDirectory& directory, const TrainOptions& options,
                                    const SoundRecipe& sound, const fs::path& meeting, int rank) {
  std::vector<std::string> out = {
      "athanor-run", "train",         "-", "--run-dir", directory.folder().string(), "--rank", std::to_string(rank),
      "--group",     meeting.string()};
  if (!options.recipe.file.empty()) out.insert(out.end(), {"--recipe-name", shown_name(options.recipe)});
  if (options.resume) out.emplace_back("--resume");
  if (sound.fork)
    out.insert(out.end(), {"--fork", std::to_string(sound.fork->step), "--from", sound.fork->parent.folder().string()});
  if (options.json && rank == 0) out.emplace_back("--json");
  return out;
}

// The recipe on the standard input of a rank: nobody can change it between the ranks.
int recipe_to_read(const std::string& text) {
  const int file = ::memfd_create("recipe", MFD_CLOEXEC);
  if (file < 0) throw system_failure("hand the recipe to the ranks");
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::lseek(file, 0, SEEK_SET) != 0) {
    ::close(file);
    throw system_failure("hand the recipe to the ranks");
  }
  return file;
}

// In the child: only what is allowed between fork and exec.
[[noreturn]] void become_rank(pid_t parent, int input, int log, const std::vector<char*>& words) {
  ::setpgid(0, 0);  // a key at the terminal reaches the one that passes it on, and nobody twice
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  ::dup2(input, STDIN_FILENO);
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
  }
  ::execv("/proc/self/exe", words.data());
  ::_exit(127);
}

class Ranks {
 public:
  Ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, int count)
      : directory_(directory) {
    const std::string text = recipe::to_toml(sound.recipe, recipe::Detail::everything);
    for (int rank = 0; rank < count; ++rank)
      start(command_of(directory, options, sound, meeting_.folder(), rank), text, rank);
  }
  ~Ranks() {
    signal_all(SIGKILL);
    while (is_any_alive()) reap(true);
    for (const Rank& rank : ranks_) ::close(rank.watch);
  }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  // Until all have ended.
  void wait() {
    bool stopping = false;
    std::optional<Clock::time_point> give_up;
    while (is_any_alive()) {
      if (stop_requested() && !stopping) {
        stopping = true;
        signal_all(SIGTERM);
      }
      glance();
      reap(false);
      if (first_bad_ && !give_up) give_up = Clock::now() + kPatience;
      if (give_up && Clock::now() > *give_up) signal_all(SIGKILL);
    }
  }
  [[nodiscard]] int status(int rank) const { return ranks_[static_cast<std::size_t>(rank)].status; }
  // The first that ended badly.
  [[nodiscard]] std::optional<int> first_bad() const { return first_bad_; }

 private:
  void start(std::vector<std::string> command, const std::string& recipe, int rank) {
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    const int input = recipe_to_read(recipe);
    const int log =
        rank == 0 ? -1 : ::open(directory_.log(rank).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) become_rank(parent, input, log, words);
    ::close(input);
    if (log >= 0) ::close(log);
    if (child < 0) throw system_failure(fmt::format("start rank {}", rank));
    ranks_.push_back({child, static_cast<int>(::syscall(SYS_pidfd_open, child, 0)), 0});
  }

  // Until something happens, or a moment has passed.
  void glance() const {
    std::vector<pollfd> watched;
    for (const Rank& rank : ranks_)
      if (rank.process > 0) watched.push_back({rank.watch, POLLIN, 0});
    ::poll(watched.data(), watched.size(), static_cast<int>(kGlance.count()));
  }

  void reap(bool wait) {
    for (std::size_t k = 0; k < ranks_.size(); ++k) {
      Rank& rank = ranks_[k];
      if (rank.process <= 0 || ::waitpid(rank.process, &rank.status, wait ? 0 : WNOHANG) != rank.process) continue;
      rank.process = -1;
      if (!first_bad_ && ended_badly(rank.status)) first_bad_ = static_cast<int>(k);
    }
  }

  void signal_all(int signal) const {
    for (const Rank& rank : ranks_)
      if (rank.process > 0) ::kill(rank.process, signal);
  }
  [[nodiscard]] bool is_any_alive() const {
    return std::ranges::any_of(ranks_, [](const Rank& rank) { return rank.process > 0; });
  }

  const RunDirectory& directory_;
  MeetingPlace meeting_;
  std::vector<Rank> ranks_;
  std::optional<int> first_bad_;
};

}  // namespace

int run_ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, Console& console) {
  const int count = parallel::world_size(mesh_of(sound.recipe));
  value_or_throw(directory.create());
  console.info(fmt::format("Starting {} ranks", count));
  Ranks ranks(directory, sound, options, count);
  ranks.wait();
  if (WIFEXITED(ranks.status(0))) return WEXITSTATUS(ranks.status(0));
  const int bad = ranks.first_bad().value_or(0);
  throw Failure(ErrorKind::internal, fmt::format("train in {}", directory.folder().string()),
                fmt::format("rank {} {}", bad, ending(ranks.status(bad))),
                fmt::format("See {} for its last words, and go on with --resume", directory.log(bad).string()));
}

std::unique_ptr<comm::Group> join_ranks(const RankPlace& place, const SoundRecipe& sound) {
  auto group = comm::join_processes(
      place.group, parallel::world_size(mesh_of(sound.recipe)), place.rank,
      {.timeout = kMeeting, .digest = sha256_hex(recipe::to_toml(sound.recipe, recipe::Detail::everything))});
  group->world().set_timeout(kLongestCall);
  return group;
}

}  // namespace athanor::runner
