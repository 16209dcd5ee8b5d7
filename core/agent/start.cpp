#include "core/agent/start.h"

#include "core/agent/descriptor.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>

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

}  // namespace

Result<void> start_agent(const std::filesystem::path& home) {
  const std::string program = sibling_program("athanor-agent").string();
  const std::string intention = "start " + program;
  std::array<int, 2> words{};
  if (::pipe2(words.data(), O_CLOEXEC) != 0) return fail(ErrorKind::io, intention, std::strerror(errno));
  const Descriptor said(words[0]);
  Descriptor says(words[1]);

  std::vector<std::string> environment = {std::string(kHome) + home.string()};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with(kHome)) environment.emplace_back(*entry);
  }
  std::vector<char*> variables;
  for (std::string& entry : environment) variables.push_back(entry.data());
  variables.push_back(nullptr);
  std::string name = program;
  std::string json = "--json";
  std::array<char*, 3> arguments = {name.data(), json.data(), nullptr};

  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, says.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int refused = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (refused != 0) {
    return fail(ErrorKind::unavailable, intention, std::strerror(refused),
                "build or install athanor-agent beside this program");
  }
  says.reset();
  const auto answer = nlohmann::json::parse(all_of(said.get()), nullptr, false);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (answer.is_object() && answer.contains("error")) return tl::unexpected(error_from(answer.at("error")));
  return fail(ErrorKind::unavailable, intention, "it ended at once", "see agent/agent.log in ATHANOR_HOME");
}

}  // namespace athanor::agent
