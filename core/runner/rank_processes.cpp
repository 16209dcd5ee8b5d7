#include "core/runner/rank_processes.h"

#include "core/assembly/assembly.h"
#include "core/base/files.h"
#include "core/journal/writer.h"
#include "core/runner/interrupt.h"
#include "core/runner/rank_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
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

// How long the others have to end by themselves once one rank is gone for good: rank 0 may be saving.
constexpr std::chrono::minutes kPatience{2};
constexpr std::chrono::milliseconds kGlance{200};
// Losses for each rank, without a step between them, after which none is replaced any more.
constexpr int kFruitless = 3;
// How long a rank may stay in a group that others have left because of a fault.
constexpr std::chrono::seconds kHangs{2};

Failure system_failure(const std::string& intention) {
  return {ErrorKind::unavailable, intention, std::strerror(errno), "Free some memory or processes and try again"};
}

// A folder in memory that is this group's alone. Its name tells whose it is, so that those of the dead can be removed.
class MeetingPlace {
 public:
  MeetingPlace() {
    const fs::path parent = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    sweep(parent);
    std::string name = parent / fmt::format("{}{}-XXXXXX", kPrefix, ::getpid());
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
  static constexpr std::string_view kPrefix = "athanor-ranks-";

  static void sweep(const fs::path& parent) {
    std::error_code ignored;
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(parent, ignored)) {
      const std::string name = entry.path().filename().string();
      pid_t owner = 0;
      if (!name.starts_with(kPrefix)) continue;
      std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), owner);
      if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) left.push_back(entry.path());
    }
    for (const fs::path& folder : left) fs::remove_all(folder, ignored);
  }

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

bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

// Stopped by a signal, so that it cannot do anything.
bool is_stopped(pid_t process) {
  const auto text = read_file(fs::path("/proc") / std::to_string(process) / "stat");
  const auto name_end = text ? text->rfind(')') : std::string::npos;
  return name_end != std::string::npos && name_end + 2 < text->size() && (*text)[name_end + 2] == 'T';
}

// A wish to stop waits until the new process can hear it.
class Deafness {
 public:
  Deafness() {
    sigset_t wishes;
    sigemptyset(&wishes);
    sigaddset(&wishes, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &wishes, &before_);
  }
  ~Deafness() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Deafness(const Deafness&) = delete;
  Deafness& operator=(const Deafness&) = delete;

 private:
  sigset_t before_{};
};

bool ended_badly(int status) {
  return WIFSIGNALED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != kInterrupted);
}

std::vector<std::string> command_of(const RunDirectory& directory, const TrainOptions& options,
                                    const SoundRecipe& sound, const RankPlace& place) {
  std::vector<std::string> out = {"athanor-run", "train", "-", "--run-dir", directory.folder().string()};
  out.insert(out.end(), {"--rank", std::to_string(place.rank), "--meeting", place.meeting.string(), "--epoch",
                         std::to_string(place.epoch)});
  if (!options.recipe.file.empty()) out.insert(out.end(), {"--recipe-name", shown_name(options.recipe)});
  // Who takes over rank 0 goes on with a run that is there by now.
  const bool resumes = options.resume || place.epoch > 0;
  if (resumes) out.emplace_back("--resume");
  if (sound.fork && !resumes)
    out.insert(out.end(),
               {"--fork", std::to_string(sound.fork->from.step), "--from", sound.fork->parent.folder().string()});
  if (options.json && place.rank == 0) out.emplace_back("--json");
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

// By its name, which lists of processes show; the other way where it was replaced by another since.
std::string own_program() {
  std::error_code code;
  const fs::path named = fs::read_symlink("/proc/self/exe", code);
  return !code && fs::equivalent(named, "/proc/self/exe", code) ? named.string() : "/proc/self/exe";
}

// In the child: only what is allowed between fork and exec.
[[noreturn]] void become_rank(const char* program, pid_t parent, int input, int log, const std::vector<char*>& words) {
  ::setpgid(0, 0);  // a key at the terminal reaches the one that passes it on, and nobody twice
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  ::dup2(input, STDIN_FILENO);
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
  }
  ::execv(program, words.data());
  ::_exit(127);
}

class Ranks {
 public:
  Ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, Console& console)
      : directory_(directory), sound_(sound), options_(options), console_(console) {
    ranks_.resize(static_cast<std::size_t>(parallel::world_size(mesh_of(sound.recipe))));
  }
  ~Ranks() {
    signal_all(SIGKILL);
    for (const Rank& rank : ranks_) {
      if (rank.process > 0) ::waitpid(rank.process, nullptr, 0);
      if (rank.watch >= 0) ::close(rank.watch);
    }
  }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  void start() {
    open_epoch();
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank) start(rank);
  }
  // Until all have ended.
  void wait() {
    while (is_any_alive()) {
      if (stop_requested() && !stopping_) {
        stopping_ = true;
        signal_all(SIGTERM);
      }
      glance();
      for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank) reap(rank);
      if (give_up_ && Clock::now() > *give_up_) signal_all(SIGKILL);
      if (!first_bad_) look_for_hung();
    }
  }
  [[nodiscard]] int status(int rank) const { return at(rank).status; }
  // The first that ended badly and was not replaced.
  [[nodiscard]] std::optional<int> first_bad() const { return first_bad_; }

 private:
  void open_epoch() {
    ++epoch_;
    hang_seen_.reset();
    fs::create_directory(group_folder(meeting_.folder(), epoch_));
  }

  void start(int rank) {
    std::vector<std::string> command =
        command_of(directory_, options_, sound_, {.rank = rank, .meeting = meeting_.folder(), .epoch = epoch_});
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    const int input = recipe_to_read(recipe::to_toml(sound_.recipe, recipe::Detail::everything));
    const fs::path log_file = directory_.log(rank);
    const int log = rank == 0 ? -1 : ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const std::string program = own_program();
    const pid_t parent = ::getpid();
    const Deafness until_it_hears;
    const pid_t child = ::fork();
    if (child == 0) become_rank(program.c_str(), parent, input, log, words);
    ::close(input);
    if (log >= 0) ::close(log);
    if (child < 0) throw system_failure(fmt::format("start rank {}", rank));
    if (at(rank).watch >= 0) ::close(at(rank).watch);
    at(rank) = {child, static_cast<int>(::syscall(SYS_pidfd_open, child, 0)), 0};
  }

  // Until one ends or a signal comes, or a moment has passed.
  void glance() const {
    std::vector<pollfd> watched;
    for (const Rank& rank : ranks_)
      if (rank.process > 0) watched.push_back({rank.watch, POLLIN, 0});
    ::poll(watched.data(), watched.size(), static_cast<int>(kGlance.count()));
  }

  void reap(int rank) {
    Rank& ended = at(rank);
    if (ended.process <= 0 || ::waitpid(ended.process, &ended.status, WNOHANG) != ended.process) return;
    ended.process = -1;
    if (ended_well(ended.status)) any_finished_ = true;
    if (!ended_badly(ended.status) || first_bad_) return;
    if (!may_replace(ended.status) || !replace(rank)) give_up(rank);
  }

  bool replace(int rank) {
    console_.warn(fmt::format("Rank {} {}; another process takes its place", rank, ending(at(rank).status)));
    try {
      open_epoch();
      start(rank);
    } catch (const std::exception& refusal) {
      console_.error(refusal.what());
      return false;
    }
    return true;
  }

  void give_up(int rank) {
    first_bad_ = rank;
    give_up_ = Clock::now() + kPatience;
    (void)write_file_atomically(over_file(meeting_.folder()), "");
  }

  // What a rank says of itself by its exit status, the next one would say as well.
  bool may_replace(int status) { return WIFSIGNALED(status) && may_meet_again(); }

  // A step that kills whoever takes it would kill the next one, too.
  bool may_meet_again() {
    if (stopping_ || any_finished_) return false;
    const std::string reached = read_file(reached_file(meeting_.folder())).value_or("");
    fruitless_ = reached == reached_ ? fruitless_ + 1 : 1;
    reached_ = reached;
    return fruitless_ <= kFruitless * static_cast<int>(ranks_.size());
  }

  // Some have left the group and wait for the others, who live and do not come. One that is stopped will not; one that
  // works may still.
  void look_for_hung() {
    const auto has_left = [this](int rank) { return fs::exists(left_file(meeting_.folder(), epoch_, rank)); };
    std::vector<int> staying;
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank)
      if (!has_left(rank)) staying.push_back(rank);
    if (staying.size() == ranks_.size()) return;
    if (staying.empty()) return meet_without_loss();
    if (!hang_seen_) hang_seen_ = Clock::now();
    if (Clock::now() - *hang_seen_ < kHangs) return;
    for (const int rank : staying)
      if (at(rank).process > 0 && is_stopped(at(rank).process)) ::kill(at(rank).process, SIGKILL);
  }

  // All are there and could not go on together, as after a deadline that passed for another reason.
  void meet_without_loss() {
    if (may_meet_again()) return open_epoch();
    give_up(0);
  }

  void signal_all(int signal) const {
    for (const Rank& rank : ranks_)
      if (rank.process > 0) ::kill(rank.process, signal);
  }
  [[nodiscard]] bool is_any_alive() const {
    return std::ranges::any_of(ranks_, [](const Rank& rank) { return rank.process > 0; });
  }
  [[nodiscard]] Rank& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] const Rank& at(int rank) const { return ranks_[static_cast<std::size_t>(rank)]; }

  const RunDirectory& directory_;
  const SoundRecipe& sound_;
  const TrainOptions& options_;
  Console& console_;
  MeetingPlace meeting_;
  std::vector<Rank> ranks_;
  int epoch_ = -1;
  bool stopping_ = false;
  bool any_finished_ = false;
  std::string reached_;  // when the last rank was lost
  int fruitless_ = 0;    // losses since then
  std::optional<Clock::time_point> hang_seen_, give_up_;
  std::optional<int> first_bad_;
};

// The last word of a journal whose writer could not say it.
void tell_for_rank_0(const RunDirectory& directory, const Error& error) {
  const auto journal = journal::Writer::open(directory.journal());
  if (!journal) return;
  (void)(*journal)->append(journal::FaultSeen{0, to_string(error.kind), error.intention, error.cause, error.remedy});
  (void)(*journal)->append(journal::StateChanged{journal::RunState::failed, error.message()});
  (void)(*journal)->sync();
}

}  // namespace

int run_ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, Console& console) {
  value_or_throw(directory.create());
  // Also before rank 0 writes it: who takes over rank 0 needs it.
  value_or_throw(write_file_atomically(directory.recipe(), recipe::to_toml(sound.recipe, recipe::Detail::everything)));
  console.info(fmt::format("Starting {} ranks", parallel::world_size(mesh_of(sound.recipe))));
  Ranks ranks(directory, sound, options, console);
  ranks.start();
  ranks.wait();
  const int bad = ranks.first_bad().value_or(0);
  if (WIFEXITED(ranks.status(bad))) return WEXITSTATUS(ranks.status(bad));
  if (WIFEXITED(ranks.status(0))) return WEXITSTATUS(ranks.status(0));
  Error error{ErrorKind::internal, fmt::format("train in {}", directory.folder().string()),
              fmt::format("rank {} {}", bad, ending(ranks.status(bad))),
              fmt::format("see {} for its last words, and go on with --resume", directory.log(bad).string())};
  tell_for_rank_0(directory, error);
  throw Failure(std::move(error));
}

}  // namespace athanor::runner
