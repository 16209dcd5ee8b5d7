#include "core/agent/process.h"

#include "core/base/files.h"
#include "core/journal/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <sched.h>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::string& boot_id() {
  static const std::string id = [] {
    std::string text = text_of("/proc/sys/kernel/random/boot_id");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }();
  return id;
}

// State letter and start time from /proc/<pid>/stat, whose second field may hold anything, also ')'.
struct Stat {
  char state = 'X';
  std::int64_t parent = 0;
  std::int64_t started = 0;
};
std::optional<Stat> stat_of(std::int64_t pid) {
  const std::string text = text_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  Stat stat;
  fields >> stat.state >> stat.parent;
  std::string field;
  constexpr int kFieldsBetween = 17;  // 5 … 21; the start time is the 22nd
  for (int i = 0; i < kFieldsBetween; ++i) fields >> field;
  if (!(fields >> stat.started)) return std::nullopt;
  return stat;
}

bool has_ended(char state) { return state == 'Z' || state == 'X' || state == 'x'; }

// What a child becomes, made beforehand: between fork and exec nothing may be allocated.
struct Becoming {
  std::vector<std::string> arguments, environment;
  std::vector<char*> argv, envp;  // pointers into them, with a null at the end
  std::optional<cpu_set_t> cores;
};

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// The first of those that this process may use.
std::optional<cpu_set_t> some_cores(int count) {
  cpu_set_t all;
  CPU_ZERO(&all);
  if (count <= 0 || ::sched_getaffinity(0, sizeof all, &all) != 0 || count >= CPU_COUNT(&all)) return std::nullopt;
  cpu_set_t some;
  CPU_ZERO(&some);
  for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&some) < count; ++core)
    if (CPU_ISSET(core, &all)) CPU_SET(core, &some);
  return some;
}

std::vector<std::string> environment_with(const std::optional<std::vector<std::string>>& devices) {
  constexpr std::string_view kDevices = "CUDA_VISIBLE_DEVICES=";
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!devices || !std::string_view(*entry).starts_with(kDevices)) out.emplace_back(*entry);
  if (devices) out.push_back(std::string(kDevices) + fmt::format("{}", fmt::join(*devices, ",")));
  return out;
}

// In the child, between fork and exec: only what is safe there.
[[noreturn]] void become(const Becoming& becoming, int log, int word, int refusal) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::signal(signal, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  // Nothing of the agent's may live on in a child that waits: its lock and its socket would outlive it.
  constexpr int kWord = 3;
  constexpr int kRefusal = 4;
  word = ::fcntl(word, F_DUPFD, kRefusal + 1);  // out of the way of the two numbers first
  refusal = ::fcntl(refusal, F_DUPFD, kRefusal + 1);
  word = ::dup2(word, kWord);
  refusal = ::dup3(refusal, kRefusal, O_CLOEXEC);
  ::syscall(SYS_close_range, static_cast<unsigned>(kRefusal) + 1, ~0U, 0U);
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(word, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(0);
  ::close(word);
  if (becoming.cores) ::sched_setaffinity(0, sizeof *becoming.cores, &*becoming.cores);  // else it has more
  ::execve(becoming.argv.front(), becoming.argv.data(), becoming.envp.data());
  const int reason = errno;
  if (::write(refusal, &reason, sizeof reason) != sizeof reason) ::_exit(126);
  ::_exit(127);
}

}  // namespace

std::optional<store::Process> identify(std::int64_t pid) {
  const auto stat = stat_of(pid);
  if (pid <= 0 || !stat || has_ended(stat->state)) return std::nullopt;
  return store::Process{pid, stat->started, boot_id()};
}

store::Process starter_of(const store::Process& process) {
  const auto stat = stat_of(process.pid);
  const auto program = [](std::int64_t pid) { return fs::path(fmt::format("/proc/{}/exe", pid)); };
  std::error_code code;
  if (!stat || !fs::equivalent(program(process.pid), program(stat->parent), code) || code) return process;
  return identify(stat->parent).value_or(process);
}

std::vector<std::int64_t> started_by(std::int64_t pid) {
  std::istringstream words(text_of(fmt::format("/proc/{0}/task/{0}/children", pid)));
  std::vector<std::int64_t> out;
  for (std::int64_t child = 0; words >> child;)
    if (identify(child)) out.push_back(child);
  return out;
}

bool is_alive(const store::Process& process) {
  const auto now = identify(process.pid);
  return now && *now == process;
}

bool has_open(std::int64_t pid, const fs::path& file) {
  struct stat wanted {};
  if (::stat(file.c_str(), &wanted) != 0) return false;
  std::error_code code;
  for (auto entry = fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", code);
       !code && entry != fs::directory_iterator(); entry.increment(code)) {
    struct stat found {};
    if (::stat(entry->path().c_str(), &found) == 0 && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino)
      return true;
  }
  return false;
}

bool works_on(const store::Process& process, const fs::path& run) {
  if (process.pid <= 0 || !is_alive(process)) return false;
  const std::string folder = "/proc/" + std::to_string(process.pid);
  std::istringstream words(text_of(folder + "/cmdline"));
  std::error_code code;
  for (std::string word; std::getline(words, word, '\0');) {
    if (word.starts_with('/') && fs::equivalent(word, run, code)) return true;
  }
  const bool is_no_other_program_yet = fs::equivalent(folder + "/exe", "/proc/self/exe", code);
  return is_no_other_program_yet || has_open(process.pid, run / journal::file_name(0));
}

Descriptor watch_end(const store::Process& process) {
  Descriptor watch(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(process.pid), 0)));
  if (watch && !is_alive(process)) watch.reset();  // the number may have passed to another process before the call
  return watch;
}

Ending collect(std::int64_t pid) {
  int status = 0;
  if (pid <= 0 || ::waitpid(static_cast<pid_t>(pid), &status, WNOHANG) != pid) return {};
  if (WIFSIGNALED(status)) return {true, 0, WTERMSIG(status)};
  return {true, WEXITSTATUS(status), 0};
}

Result<Waiting> Waiting::spawn(const std::vector<std::string>& arguments, const fs::path& log,
                               const Surroundings& surroundings) {
  const std::string intention = "start " + arguments.front();
  std::array<int, 2> word{};
  std::array<int, 2> refusal{};
  if (::pipe2(word.data(), O_CLOEXEC) != 0) return fail(ErrorKind::io, intention, std::strerror(errno));
  const Descriptor word_read(word[0]);
  Waiting waiting;
  waiting.program_ = arguments.front();
  waiting.word_.reset(word[1]);
  if (::pipe2(refusal.data(), O_CLOEXEC) != 0) return fail(ErrorKind::io, intention, std::strerror(errno));
  waiting.refusal_.reset(refusal[0]);
  const Descriptor refusal_write(refusal[1]);
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!output) {
    return tl::unexpected(write_refusal("write " + log.string(), errno));
  }
  // Room for the last words of a run that fills the disk.
  constexpr off_t kLastWords = 64 << 10;
  struct stat info {};
  if (::fstat(output.get(), &info) == 0) (void)::fallocate(output.get(), FALLOC_FL_KEEP_SIZE, info.st_size, kLastWords);

  Becoming becoming{arguments, environment_with(surroundings.devices), {}, {}, some_cores(surroundings.cores)};
  becoming.argv = pointers_to(becoming.arguments);
  becoming.envp = pointers_to(becoming.environment);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(ErrorKind::io, intention, std::strerror(errno), "close some programs");
  if (pid == 0) {
    ::close(word[1]);  // or the end of this process would go unnoticed
    become(becoming, output.get(), word[0], refusal[1]);
  }
  const auto process = identify(pid);
  if (!process) return fail(ErrorKind::io, intention, "its process ended at once");
  waiting.process_ = *process;
  return waiting;
}

Waiting::~Waiting() {
  if (!word_ || process_.pid == 0) return;
  word_.reset();
  ::waitpid(static_cast<pid_t>(process_.pid), nullptr, 0);  // it ends at once
}

Result<void> Waiting::go() {
  const char byte = 1;
  if (::write(word_.get(), &byte, 1) != 1) return fail(ErrorKind::io, "start " + program_, std::strerror(errno));
  word_.reset();
  int reason = 0;
  ssize_t got = 0;
  do {
    got = ::read(refusal_.get(), &reason, sizeof reason);
  } while (got < 0 && errno == EINTR);
  refusal_.reset();
  if (got == 0) return {};
  ::waitpid(static_cast<pid_t>(process_.pid), nullptr, 0);
  return fail(ErrorKind::unavailable, "start " + program_, std::strerror(reason),
              "build or install athanor-run beside athanor-agent");
}

fs::path sibling_program(const std::string& name) {
  std::error_code code;
  const fs::path folder = fs::read_symlink("/proc/self/exe", code).parent_path();
  for (const fs::path& candidate : {folder / name, folder.parent_path() / "bin" / name}) {
    if (fs::exists(candidate, code)) return candidate;
  }
  return folder / name;
}

}  // namespace athanor::agent
