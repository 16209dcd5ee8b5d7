// Serving, and ending what serves.
#include "core/agent/agent.h"
#include "core/agent/commands.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"
#include "core/agent/rebuild.h"
#include "core/base/paths.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <iostream>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace athanor::agent {
namespace {

Settings settings() { return {athanor_home(), sibling_program("athanor-run")}; }

void redirect_to_nothing() {
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, fd);
  if (nothing > STDERR_FILENO) ::close(nothing);
}

// The first process stays until the agent can be reached, or passes on why it cannot.
int wait_for_word(int word) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while ((got = ::read(word, buffer.data(), buffer.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (text == "ready") return 0;
  const auto error = nlohmann::json::parse(text, nullptr, false);
  if (!error.is_object())
    return refuse(
        {ErrorKind::internal, "start athanor-agent", "it ended at once", "see agent/agent.log in ATHANOR_HOME"});
  return refuse(error_from(error));
}

void say(int word, const std::string& text) {
  if (::write(word, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;  // nobody listens any more
}

}  // namespace

int serve_detached() {
  const Settings where = settings();
  ::syscall(SYS_close_range, 3U, ~0U, 0U);  // what the starting program left open is not ours to keep
  std::array<int, 2> word{};
  if (::pipe2(word.data(), O_CLOEXEC) != 0)
    return refuse({ErrorKind::io, "start athanor-agent", "no pipe could be made", ""});
  const pid_t first = ::fork();
  if (first < 0)
    return refuse({ErrorKind::io, "start athanor-agent", "no process could be made", "close some programs"});
  if (first > 0) {
    ::close(word[1]);
    ::waitpid(first, nullptr, 0);
    return wait_for_word(word[0]);
  }
  ::close(word[0]);
  ::setsid();
  if (::fork() != 0) return 0;  // a session without its leader never gets a terminal
  if (::chdir("/") != 0) return 1;
  redirect_to_nothing();
  bool told = false;
  const auto served = serve(where, [&] {
    say(word[1], "ready");
    ::close(word[1]);
    told = true;
  });
  if (!served && !told)
    say(word[1], to_json(served.error()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return served ? 0 : exit_status(served.error().kind);
}

int serve_here() {
  const auto served = serve(settings(), {});
  return served ? 0 : refuse(served.error());
}

int run_rebuild() {
  const auto rebuilt = rebuild(athanor_home());
  if (!rebuilt) return refuse(rebuilt.error());
  for (const std::string& failure : rebuilt->failures) std::cerr << failure << '\n';
  std::cerr << fmt::format("The history holds {} run{} again\n", rebuilt->runs, rebuilt->runs == 1 ? "" : "s");
  if (rebuilt->left_out > 0)
    std::cerr << fmt::format("Left out were {} of which the folders are gone\n", rebuilt->left_out);
  if (!rebuilt->kept.empty()) std::cerr << fmt::format("The old one is kept as {}\n", rebuilt->kept.string());
  if (wants_json()) {
    print({{"runs", rebuilt->runs},
           {"left_out", rebuilt->left_out},
           {"kept", rebuilt->kept.string()},
           {"failures", rebuilt->failures}},
          "the history is built all the same");
  }
  return 0;
}

int run_quit() {
  const auto was_running = Client::quit_agent(athanor_home());
  if (!was_running) return refuse(was_running.error());
  if (!*was_running) std::cerr << "No agent is running\n";
  if (wants_json()) print({{"was_running", *was_running}}, "no agent is running any more all the same");
  return 0;
}

}  // namespace athanor::agent
