#include "core/runner/rank_process.h"

#include "core/base/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

Failure system_failure(const std::string& intention) {
  return {ErrorKind::unavailable, intention, std::strerror(errno), "Free some memory or processes and try again"};
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

std::vector<std::string> command_of(const RunDirectory& directory, const TrainOptions& options,
                                    const SoundRecipe& sound, const RankPlace& place) {
  std::vector<std::string> out = {"athanor-run", "train", "-", "--run-dir", directory.folder().string()};
  out.insert(out.end(), {"--rank", std::to_string(place.rank), "--meeting", place.meeting.string(), "--epoch",
                         std::to_string(place.epoch), "--parent", std::to_string(place.parent)});
  if (options.until > 0) out.insert(out.end(), {"--until", std::to_string(options.until)});
  if (!options.faults.empty()) out.insert(out.end(), {"--inject", options.faults});
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

}  // namespace

RankProcess::RankProcess(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options,
                         const RankPlace& place) {
  std::vector<std::string> command = command_of(directory, options, sound, place);
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  const int input = recipe_to_read(recipe::to_toml(sound.recipe, recipe::Detail::everything));
  const fs::path log_file = directory.log(place.rank);
  const int log = place.rank == 0 ? -1 : ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::string program = own_program();
  const pid_t parent = ::getpid();
  const Deafness until_it_hears;
  const pid_t child = ::fork();
  if (child == 0) become_rank(program.c_str(), parent, input, log, words);
  ::close(input);
  if (log >= 0) ::close(log);
  if (child < 0) throw system_failure(fmt::format("start rank {}", place.rank));
  process_ = child;
  watch_ = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
}

RankProcess::RankProcess(RankProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), watch_(std::exchange(other.watch_, -1)), status_(other.status_) {}

RankProcess& RankProcess::operator=(RankProcess&& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(watch_, other.watch_);
  std::swap(status_, other.status_);
  return *this;
}

RankProcess::~RankProcess() {
  signal(SIGKILL);
  if (is_alive()) ::waitpid(process_, nullptr, 0);
  if (watch_ >= 0) ::close(watch_);
}

bool RankProcess::reap() noexcept {
  if (!is_alive() || ::waitpid(process_, &status_, WNOHANG) != process_) return false;
  process_ = -1;
  return true;
}

void RankProcess::signal(int signal) const noexcept {
  if (is_alive()) ::kill(process_, signal);
}

bool RankProcess::is_stopped() const {
  const auto text = read_file(fs::path("/proc") / std::to_string(process_) / "stat");
  const auto name_end = text ? text->rfind(')') : std::string::npos;
  return name_end != std::string::npos && name_end + 2 < text->size() && (*text)[name_end + 2] == 'T';
}

std::optional<int> RankProcess::exit_status() const noexcept {
  return WIFEXITED(status_) ? std::optional(WEXITSTATUS(status_)) : std::nullopt;
}

std::string RankProcess::ending() const {
  if (WIFSIGNALED(status_))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status_), ::strsignal(WTERMSIG(status_)));
  return fmt::format("ended with status {}", WEXITSTATUS(status_));
}

}  // namespace athanor::runner
