// athanor-agent: serves this user's home, or speaks to the one that does.
#include "core/agent/agent.h"
#include "core/agent/client.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"
#include "core/agent/rebuild.h"
#include "core/agent/run_query.h"
#include "core/agent/start.h"
#include "core/base/command_line.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/recipe/recipe.h"
#include "core/store/reader.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <span>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace {

using namespace athanor;
namespace fs = std::filesystem;
using agent::Client;

struct CommandLine {
  bool foreground = false;
  std::string recipe;
  std::vector<std::string> overrides;  // "path=value"
  std::int64_t fork_step = -1;
  std::string fork_from;
  std::string run;
  std::string faults;
  std::vector<std::string> runs;
  bool deleted = false;
  agent::RunQuery query;
  bool all = false;
  bool yes = false;  // do not ask
};

bool g_json = false;  // one JSON object on standard output, whatever comes of it

void print(const nlohmann::json& json, std::string_view done = {}) {
  print_line(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), done);
}

int refuse(const Error& error) {
  std::cerr << error.message() << '\n';
  if (g_json) print_line(error_json(error));
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
  const auto rebuilt = agent::rebuild(athanor_home());
  if (!rebuilt) return refuse(rebuilt.error());
  for (const std::string& failure : rebuilt->failures) std::cerr << failure << '\n';
  std::cerr << fmt::format("The history holds {} run{} again\n", rebuilt->runs, rebuilt->runs == 1 ? "" : "s");
  if (rebuilt->left_out > 0)
    std::cerr << fmt::format("Left out were {} of which the folders are gone\n", rebuilt->left_out);
  if (!rebuilt->kept.empty()) std::cerr << fmt::format("The old one is kept as {}\n", rebuilt->kept.string());
  if (g_json) {
    print({{"runs", rebuilt->runs},
           {"left_out", rebuilt->left_out},
           {"kept", rebuilt->kept.string()},
           {"failures", rebuilt->failures}},
          "the history is built all the same");
  }
  return 0;
}

// By number, by name when only one has it, or by folder, also from here.
Result<store::RunId> find_run(const Result<std::vector<store::Run>>& runs, const std::string& text) {
  store::RunId number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) return number;
  if (!runs) return tl::unexpected(runs.error());
  std::vector<store::RunId> found;
  const fs::path folder = whole_folder(text);
  const std::string name = text.ends_with('/') ? text.substr(0, text.find('/')) : text;  // as a shell completes it
  for (const store::Run& run : *runs) {
    if (run.name == text || fs::path(run.directory).filename() == name || run.directory == folder)
      found.push_back(run.id);
  }
  if (found.size() == 1) return found.front();
  return fail(ErrorKind::invalid_input, "find the run " + text,
              found.empty() ? "there is none" : "several have that name",
              "give its number: athanor-agent list shows them");
}

constexpr const char* kColumns = "{:>5}  {:<9} {:>17} {:<28} {}";
constexpr std::size_t kLongestCause = 60;  // show has all of it

// The first line of it, between characters.
std::string shortened(std::string text) {
  text = text.substr(0, text.find('\n'));
  if (text.size() <= kLongestCause) return text;
  std::size_t end = kLongestCause;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string row_of(const store::Run& run) {
  std::string words = shortened(run.cause);
  // The unfinished event of a process that died is no damage: its cause says as much.
  if (const auto places = std::ranges::count(run.damage, false, &store::JournalDamage::tail); places > 0) {
    if (!words.empty()) words += "; ";
    words += fmt::format("its journal is damaged in {} place{}", places, places == 1 ? "" : "s");
  }
  if (run.deleted_ns) words = words.empty() ? "deleted" : "deleted; " + words;
  std::string row = fmt::format(fmt::runtime(kColumns), run.id, store::to_string(run.status),
                                fmt::format("{}/{}", run.step, run.steps), run.name, words);
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

// The run as it is now.
int print_row(const store::Run& run, std::string_view done = {}) {
  if (g_json) {
    print(agent::to_json(run), done);
  } else {
    print_line(row_of(run), done);
  }
  return 0;
}

// As the agent tells them, or as the history holds them where that is asked for some or for an order.
Result<std::vector<store::Run>> listed(Client& client, const agent::RunQuery& query) {
  if (query.where.empty() && query.sort.empty()) return client.list();
  const auto history = store::Reader::open(history_path());
  if (!history) return tl::unexpected(history.error());
  auto runs = agent::find_runs(**history, query);
  if (!runs) return runs;
  for (store::Run& run : *runs) run.recipe_toml.clear();  // show has it
  return runs;
}

int list(Client& client, const CommandLine& line) {
  auto runs = listed(client, line.query);
  if (!runs) return refuse(runs.error());
  if (line.deleted) std::erase_if(*runs, [](const store::Run& run) { return !run.deleted_ns; });
  if (g_json) {
    nlohmann::json out = {{"runs", nlohmann::json::array()}};
    for (const store::Run& run : *runs) out["runs"].push_back(agent::to_json(run));
    print(out);
    return 0;
  }
  std::string text = fmt::format(fmt::runtime(kColumns), "run", "status", "steps", "name", "cause");
  for (const store::Run& run : *runs) text += "\n" + row_of(run);
  print_line(text);
  return 0;
}

int show(Client& client, store::RunId id) {
  const auto found = client.run(id);
  if (!found) return refuse(found.error());
  const store::Run& run = *found;
  if (g_json) return print_row(run);
  std::string text = fmt::format("{:<10} {}", "run", run.id);
  const auto line = [&text](const char* what, const std::string& words) {
    if (!words.empty()) text += fmt::format("\n{:<10} {}", what, words);
  };
  line("name", run.name);
  line("status", store::to_string(run.status));
  line("cause", run.cause);
  line("step", fmt::format("{} of {}", run.step, run.steps));
  line("model", run.model);
  line("folder", run.directory);
  if (run.parent) line("fork of", fmt::format("run {} at step {}", *run.parent, run.fork_step));
  line("tags", fmt::format("{}", fmt::join(run.tags, ", ")));
  line("note", run.note);
  if (run.deleted_ns)
    line("deleted", fmt::format("athanor-agent restore {0} brings it back, empty {0} frees its room", id));
  for (const store::JournalDamage& damage : run.damage) {
    line(damage.tail ? "torn tail" : "damage", fmt::format("{} bytes from byte {} of journal-{}.athj on: {}",
                                                           damage.bytes, damage.offset, damage.rank, damage.reason));
  }
  for (const auto& [name, value] : run.last) line("last", fmt::format("{} {:.6g}", name, value));
  print_line(text);
  return 0;
}

// Before an agent is started for it: whatever training would refuse, said as athanor-run says it.
std::optional<int> refuse_early(const CommandLine& line, const std::string& parent) {
  const std::string& file = line.recipe;
  std::vector<std::string> words = {"check", file};
  for (const std::string& assignment : line.overrides) words.insert(words.end(), {"--set", assignment});
  if (line.fork_step >= 0) words.insert(words.end(), {"--fork", std::to_string(line.fork_step), "--from", parent});
  if (g_json) words.emplace_back("--json");
  const auto checked = agent::ask_sibling("athanor-run", words, athanor_home(), agent::Stderr::kept);
  if (!checked) return refuse(checked.error());
  if (checked->status == 0) return std::nullopt;
  if (!g_json) return checked->status;
  const std::string said = checked->out.substr(0, checked->out.find('\n'));
  if (said.empty()) {
    return refuse({ErrorKind::unavailable, "check " + file, "athanor-run refused it without a word",
                   "see what athanor-run check says of it"});
  }
  print_line(said);
  return checked->status;
}

// A run's folder and "-" are no files to queue, though athanor-run would check them.
Result<std::string> read_recipe(const std::string& file) {
  auto text = read_file(file);
  if (text) return text;
  return fail(ErrorKind::invalid_input, "queue " + file, text.error().cause, "give the file of a recipe");
}

// The text with what replaces its values, of which athanor-run has found nothing wrong.
std::string resolved(const std::string& text, const std::vector<std::string>& overrides) {
  if (overrides.empty()) return text;
  recipe::Recipe recipe = recipe::parse(text).recipe;
  for (const std::string& assignment : overrides) (void)recipe::apply_override(recipe, assignment);
  return recipe::to_toml(recipe, recipe::Detail::changed_only);
}

// Without an agent: none is started for a wish that is refused.
Result<store::Run> find_parent(const std::string& text) {
  const auto history = store::Reader::open(history_path());
  if (!history) return tl::unexpected(history.error());
  const auto id = find_run((*history)->runs(), text);
  if (!id) return tl::unexpected(id.error());
  return (*history)->run(*id);
}

int enqueue(const CommandLine& line) {
  const auto text = read_recipe(line.recipe);
  if (!text) return refuse(text.error());
  agent::Enqueue wish{resolved(*text, line.overrides), 0, 0};
  // The check is of the folder that is found here; of what is not found it says so, beside all else.
  const auto parent = line.fork_step >= 0 ? find_parent(line.fork_from) : Result<store::Run>();
  if (const auto refused = refuse_early(line, parent ? parent->directory : line.fork_from)) return *refused;
  if (!parent) return refuse(parent.error());
  if (line.fork_step >= 0) {
    wish.fork_of = parent->id;
    wish.fork_step = line.fork_step;
  }
  const auto client = Client::connect(athanor_home());
  if (!client) return refuse(client.error());
  const auto run = (*client)->enqueue(wish);
  if (!run) return refuse(run.error());
  const std::string done = fmt::format("run {} is queued all the same", *run);
  if (g_json) {
    print({{"run", *run}}, done);
  } else {
    print_line(std::to_string(*run), done);
  }
  return 0;
}

// The exit status is the run's.
int wait(Client& client, store::RunId run) {
  const auto ended = client.wait(run, std::chrono::hours(24 * 365));
  if (!ended) return refuse(ended.error());
  print_row(*ended);
  constexpr int kInterrupted = 130;
  if (ended->status == store::RunStatus::finished) return 0;
  return ended->status == store::RunStatus::stopped ? kInterrupted : 1;
}

std::string amount(std::int64_t bytes) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  const double mebibytes = static_cast<double>(bytes) / kMebibyte;
  return mebibytes < 1024 ? fmt::format("{:.1f} MiB", mebibytes) : fmt::format("{:.1f} GiB", mebibytes / 1024);
}

std::string count(std::size_t runs) { return fmt::format("{} run{}", runs, runs == 1 ? "" : "s"); }

// All that are named, or the first that is none.
Result<std::vector<store::Run>> find_runs(Client& client, const std::vector<std::string>& texts) {
  const auto runs = client.list();
  if (!runs) return tl::unexpected(runs.error());
  std::vector<store::Run> found;
  for (const std::string& text : texts) {
    const auto id = find_run(runs, text);
    if (!id) return tl::unexpected(id.error());
    auto run = client.run(*id);
    if (!run) return tl::unexpected(run.error());
    found.push_back(std::move(*run));
  }
  return found;
}

std::vector<store::RunId> ids_of(const std::vector<store::Run>& runs) {
  std::vector<store::RunId> ids;
  for (const store::Run& run : runs) ids.push_back(run.id);
  return ids;
}

int restore(Client& client, const std::vector<std::string>& texts) {
  const auto runs = find_runs(client, texts);
  if (!runs) return refuse(runs.error());
  if (auto restored = client.restore(ids_of(*runs)); !restored) return refuse(restored.error());
  if (g_json) print({{"runs", ids_of(*runs)}}, count(runs->size()) + " restored all the same");
  return 0;
}

// Once, and where somebody can answer.
Result<bool> asked(const std::vector<store::Run>& runs, std::int64_t bytes) {
  if (::isatty(STDIN_FILENO) == 0) {
    return fail(ErrorKind::invalid_input, fmt::format("delete {} for ever", count(runs.size())),
                "nobody is at the terminal to be asked", "say --yes to do it unasked");
  }
  std::cerr << fmt::format("Delete {} for ever, with everything in their folders ({})? [y/N] ", count(runs.size()),
                           amount(bytes));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

int empty(Client& client, const CommandLine& line) {
  auto runs = line.all ? client.list() : find_runs(client, line.runs);
  if (!runs) return refuse(runs.error());
  if (line.all)
    std::erase_if(*runs, [](const store::Run& run) { return !run.deleted_ns || store::is_live(run.status); });
  std::int64_t bytes = 0;
  for (const store::Run& run : *runs) bytes += folder_bytes(run.directory);
  if (!line.yes && !runs->empty()) {
    const auto answer = asked(*runs, bytes);
    if (!answer) return refuse(answer.error());
    if (!*answer) return 0;
  }
  const auto freed = client.empty(ids_of(*runs));
  if (!freed) return refuse(freed.error());
  const std::string done = fmt::format("{} deleted for ever, {} are free", count(runs->size()), amount(*freed));
  if (g_json) {
    print({{"runs", ids_of(*runs)}, {"bytes", *freed}}, done + " all the same");
  } else {
    print_line(done);
  }
  return 0;
}

int quit() {
  const auto was_running = Client::quit_agent(athanor_home());
  if (!was_running) return refuse(was_running.error());
  if (!*was_running) std::cerr << "No agent is running\n";
  if (g_json) print({{"was_running", *was_running}}, "no agent is running any more all the same");
  return 0;
}

int speak(const CLI::App& app, const CommandLine& line) {
  if (app.got_subcommand("enqueue")) return enqueue(line);
  const auto connected = Client::connect(athanor_home());
  if (!connected) return refuse(connected.error());
  Client& client = **connected;
  if (app.got_subcommand("list")) return list(client, line);
  if (app.got_subcommand("restore")) return restore(client, line.runs);
  if (app.got_subcommand("empty")) return empty(client, line);
  const auto run = find_run(client.list(), line.run);
  if (!run) return refuse(run.error());
  if (app.got_subcommand("wait")) return wait(client, *run);
  if (app.got_subcommand("show")) return show(client, *run);
  if (app.got_subcommand("inject")) {
    const auto asked = client.inject(*run, line.faults);
    return asked ? 0 : refuse(asked.error());
  }
  const bool stops = app.got_subcommand("stop");
  const auto done = stops ? client.stop(*run) : client.resume(*run);
  if (!done) return refuse(done.error());
  if (!g_json) return 0;
  const auto now = client.run(*run);
  if (!now) return refuse(now.error());
  return print_row(*now, fmt::format("run {} is {} all the same", *run, stops ? "asked to stop" : "queued"));
}

void describe_deleted(CLI::App& app, CommandLine& line) {
  constexpr const char* kRuns = "Their numbers, names or folders";
  app.add_subcommand("restore", "Brings deleted runs back")->add_option("RUN", line.runs, kRuns)->required();
  CLI::App& empty = *app.add_subcommand("empty", "Takes deleted runs away for ever, with their folders; asks once");
  CLI::Option_group& which = *empty.add_option_group("Which");
  which.add_option("RUN", line.runs, kRuns);
  which.add_flag("--all", line.all, "All deleted ones");
  which.require_option(1);
  empty.add_flag("--yes", line.yes, "Does not ask");
}

void describe(CLI::App& app, CommandLine& line) {
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "athanor-agent " ATH_VERSION);
  app.add_flag("--foreground", line.foreground, "Serves without leaving the terminal");
  CLI::App& enqueue = *app.add_subcommand("enqueue", "Puts a recipe into the queue and prints the number of its run");
  enqueue.add_option("RECIPE", line.recipe, "A recipe file")->required();
  enqueue.add_option("--set", line.overrides, "Replaces one value: path=value")->allow_extra_args(false);
  CLI::Option* fork = enqueue.add_option("--fork", line.fork_step, "As a new run from this step of another")
                          ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40));
  CLI::Option* from =
      enqueue.add_option("--from", line.fork_from, "The run to fork: its number, its name or its folder");
  fork->needs(from);
  from->needs(fork);
  CLI::App& list = *app.add_subcommand("list", "Lists all runs, newest first, or those a query finds");
  list.add_flag("--deleted", line.deleted, "Only those that were deleted");
  list.add_option("--where", line.query.where, "Only those a query finds: 'loss < 0.3 and tag ~ abl'")
      ->option_text("QUERY");
  list.add_option("--sort", line.query.sort, "By a value, least first: 'min(train/loss)', -step, name")
      ->option_text("VALUE");
  describe_deleted(app, line);
  for (CLI::App* command :
       {app.add_subcommand("show", "Tells what the history knows of a run"),
        app.add_subcommand("wait",
                           "Waits until a run has ended; exits with 0 when it finished, 130 when it was stopped"),
        app.add_subcommand("stop", "Lets a run write a checkpoint and end; takes a queued one out of the queue"),
        app.add_subcommand("resume", "Puts a run back into the queue, to go on from its last checkpoint")}) {
    command->add_option("RUN", line.run, "Its number, its name or its folder")->required();
  }
  CLI::App& inject = *app.add_subcommand("inject")->group("");  // for those who develop Athanor
  inject.add_option("RUN", line.run)->required();
  inject.add_option("FAULTS", line.faults)->required();
  app.add_subcommand("rebuild", "Builds the history again from the run directories; the old one is kept");
  app.add_subcommand("quit", "Ends the agent; runs go on, and the next agent takes them up");
  app.add_flag("--json", g_json, "One JSON object on standard output");
  for (CLI::App* command : app.get_subcommands({}))
    command->add_flag("--json", g_json, "One JSON object on standard output");
}

int dispatch(CLI::App& app, const CommandLine& line, std::span<char*> words) {
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::ParseError& error) {
    return answer_arguments(app, error, words);
  }
  if (app.got_subcommand("rebuild")) return rebuild();
  if (app.got_subcommand("quit")) return quit();
  if (!app.get_subcommands().empty()) return speak(app, line);
  return line.foreground ? serve_here() : serve_detached();
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Keeps the queue, the runs and their history. Without a command: serves, detached from the terminal.",
               "athanor-agent");
  describe(app, line);
  try {
    try {
      return dispatch(app, line, std::span(argv, static_cast<std::size_t>(argc)));
    } catch (const Failure& failure) {
      return refuse(failure.error());
    } catch (const std::exception& exception) {
      return refuse({ErrorKind::internal, "go on", exception.what(), "please report this with the command you used"});
    }
  } catch (const Failure& failure) {  // the refusal itself could not be printed
    std::cerr << failure.error().message() << '\n';
    return exit_status(failure.error().kind);
  }
}
