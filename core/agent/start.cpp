#include "core/agent/start.h"

#include "core/agent/descriptor.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace athanor::agent {
namespace {

constexpr std::string_view kHome = "ATHANOR_HOME=";

std::string all_of(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

// In memory, to be read from its beginning.
std::optional<Descriptor> file_of(const std::string& text) {
  Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  const bool written = file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::lseek(file.get(), 0, SEEK_SET) != 0) return std::nullopt;
  return file;
}

// As the system wants them: the words must outlive the list.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<Answer> ask_sibling(const std::string& name, const std::vector<std::string>& words,
                           const std::filesystem::path& home, Stderr errors, const std::string& input) {
  const std::string program = sibling_program(name).string();
  const std::string intention = "start " + program;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorKind::io, intention, std::strerror(errno));
  const auto reads = file_of(input);
  if (!reads) return fail(ErrorKind::io, intention, std::strerror(errno));
  const Descriptor said(ends[0]);
  Descriptor says(ends[1]);

  std::vector<std::string> environment = {std::string(kHome) + home.string()};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with(kHome)) environment.emplace_back(*entry);
  }
  std::vector<std::string> line = {program};
  line.insert(line.end(), words.begin(), words.end());
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, reads->get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, says.get(), STDOUT_FILENO);
  if (errors == Stderr::dropped) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int refused = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers_to(line).data(),
                                    pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (refused != 0) {
    return fail(ErrorKind::unavailable, intention, std::strerror(refused),
                "build or install " + name + " beside this program");
  }
  says.reset();
  Answer answer{0, all_of(said.get())};
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno == EINTR) continue;
    return fail(ErrorKind::io, "learn how " + program + " ended", std::strerror(errno),
                "call this program where SIGCHLD is not ignored");
  }
  if (!WIFEXITED(status)) {
    return fail(ErrorKind::unavailable, "run " + program, "signal " + std::to_string(WTERMSIG(status)) + " ended it",
                "try again; when it happens again, install " + name + " anew");
  }
  answer.status = WEXITSTATUS(status);
  return answer;
}

Result<void> start_agent(const std::filesystem::path& home) {
  const auto answer = ask_sibling("athanor-agent", {"--json"}, home, Stderr::dropped);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status == 0) return {};
  const auto said = nlohmann::json::parse(answer->out, nullptr, false);
  if (said.is_object() && said.contains("error")) return tl::unexpected(error_from(said.at("error")));
  return fail(ErrorKind::unavailable, "start " + sibling_program("athanor-agent").string(), "it ended at once",
              "see agent/agent.log in ATHANOR_HOME");
}

}  // namespace athanor::agent
