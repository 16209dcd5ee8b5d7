// athanor-agent: serves this user's home, or speaks to the one that does.
#include "core/agent/agent.h"
#include "core/agent/client.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"
#include "core/base/files.h"
#include "core/base/paths.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace {

using namespace athanor;
namespace fs = std::filesystem;
using agent::Client;

struct CommandLine {
  bool foreground = false;
  bool json = false;
  std::string recipe;
  std::string run;
};

int refuse(const Error& error) {
  std::cerr << error.message() << '\n';
  return exit_status(error.kind);
}

agent::Settings settings() { return {athanor_home(), agent::sibling_program("athanor-run")}; }

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
  return refuse(agent::error_from(error));
}

void say(int word, const std::string& text) {
  if (::write(word, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;  // nobody listens any more
}

int serve_detached() {
  const agent::Settings where = settings();
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
  const auto served = agent::serve(where, [&] {
    say(word[1], "ready");
    ::close(word[1]);
    told = true;
  });
  if (!served && !told)
    say(word[1], agent::to_json(served.error()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return served ? 0 : exit_status(served.error().kind);
}

int serve_here() {
  const auto served = agent::serve(settings(), {});
  return served ? 0 : refuse(served.error());
}

int rebuild() {
  const auto runs = agent::rebuild(settings());
  if (!runs) return refuse(runs.error());
  std::cerr << fmt::format("The history holds {} run{} again\n", *runs, *runs == 1 ? "" : "s");
  return 0;
}

// By number, by name when only one has it, or by folder.
Result<store::RunId> find_run(Client& client, const std::string& text) {
  store::RunId number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) return number;
  const auto runs = client.list();
  if (!runs) return tl::unexpected(runs.error());
  std::vector<store::RunId> found;
  for (const store::Run& run : *runs) {
    if (run.name == text || fs::path(run.directory).filename() == text || run.directory == text)
      found.push_back(run.id);
  }
  if (found.size() == 1) return found.front();
  return fail(ErrorKind::invalid_input, "find the run " + text,
              found.empty() ? "there is none" : "several have that name",
              "give its number: athanor-agent list shows them");
}

std::string row_of(const store::Run& run) {
  return fmt::format("{:>5}  {:<9} {:>8}/{:<8} {:<28} {}\n", run.id, store::to_string(run.status), run.step, run.steps,
                     run.name, run.cause);
}

int list(Client& client, bool json) {
  const auto runs = client.list();
  if (!runs) return refuse(runs.error());
  if (json) {
    nlohmann::json out = {{"runs", nlohmann::json::array()}};
    for (const store::Run& run : *runs) out["runs"].push_back(agent::to_json(run));
    std::cout << agent::line_of(out);
    return 0;
  }
  for (const store::Run& run : *runs) std::cout << row_of(run);
  return 0;
}

int enqueue(Client& client, const CommandLine& line) {
  const auto text = read_file(line.recipe);
  if (!text) return refuse({ErrorKind::invalid_input, text.error().intention, text.error().cause, text.error().remedy});
  const auto run = client.enqueue({*text, 0, 0});
  if (!run) return refuse(run.error());
  if (line.json) {
    std::cout << agent::line_of({{"run", *run}});
  } else {
    std::cout << *run << '\n';
  }
  return 0;
}

// The exit status is the run's.
int wait(Client& client, store::RunId run, bool json) {
  const auto ended = client.wait(run, std::chrono::hours(24 * 365));
  if (!ended) return refuse(ended.error());
  if (json) {
    std::cout << agent::line_of(agent::to_json(*ended));
  } else {
    std::cout << row_of(*ended);
  }
  constexpr int kInterrupted = 130;
  if (ended->status == store::RunStatus::finished) return 0;
  return ended->status == store::RunStatus::stopped ? kInterrupted : 1;
}

int speak(const CLI::App& app, const CommandLine& line) {
  const bool quit = app.got_subcommand("quit");
  const auto connected = Client::connect(athanor_home(), !quit);
  if (!connected) return refuse(connected.error());
  Client& client = **connected;
  if (app.got_subcommand("list")) return list(client, line.json);
  if (app.got_subcommand("enqueue")) return enqueue(client, line);
  Result<void> done;
  if (quit) {
    done = client.shut_down_agent();
  } else {
    const auto run = find_run(client, line.run);
    if (!run) return refuse(run.error());
    if (app.got_subcommand("wait")) return wait(client, *run, line.json);
    done = app.got_subcommand("stop") ? client.stop(*run) : client.resume(*run);
  }
  return done ? 0 : refuse(done.error());
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Keeps the queue, the runs and their history. Without a command: serves, detached from the terminal.",
               "athanor-agent");
  app.require_subcommand(0, 1);
  app.add_flag("--foreground", line.foreground, "Serves without leaving the terminal");
  CLI::App& enqueue_command =
      *app.add_subcommand("enqueue", "Puts a recipe into the queue and prints the number of its run");
  enqueue_command.add_option("RECIPE", line.recipe, "A recipe file")->required();
  CLI::App& list_command = *app.add_subcommand("list", "Lists all runs, newest first");
  CLI::App& wait_command = *app.add_subcommand(
      "wait", "Waits until a run has ended; exits with 0 when it finished, 130 when it was stopped");
  for (CLI::App* command :
       {&wait_command,
        app.add_subcommand("stop", "Lets a run write a checkpoint and end; takes a queued one out of the queue"),
        app.add_subcommand("resume", "Puts a run back into the queue, to go on from its last checkpoint")}) {
    command->add_option("RUN", line.run, "Its number, its name or its folder")->required();
  }
  for (CLI::App* command : {&enqueue_command, &list_command, &wait_command})
    command->add_flag("--json", line.json, "One JSON object on standard output");
  app.add_subcommand("rebuild", "Builds the history again from the run directories");
  app.add_subcommand("quit", "Ends the agent; runs go on, and the next agent takes them up");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    constexpr int kWrongInput = 2;
    return app.exit(error) == 0 ? 0 : kWrongInput;
  }
  try {
    if (app.got_subcommand("rebuild")) return rebuild();
    if (!app.get_subcommands().empty()) return speak(app, line);
    return line.foreground ? serve_here() : serve_detached();
  } catch (const Failure& failure) {
    return refuse(failure.error());
  } catch (const std::exception& exception) {
    return refuse({ErrorKind::internal, "go on", exception.what(), "please report this with the command you used"});
  }
}
