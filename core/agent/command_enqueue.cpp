// What goes into the queue, and what is changed there: judged by athanor-run first.
#include "core/agent/commands.h"
#include "core/agent/start.h"
#include "core/base/command_line.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/store/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>

namespace athanor::agent {
namespace {

// A recipe for athanor-run to check, in a file or as text.
struct Checked {
  std::string file;        // "-": the text
  std::string text, name;  // and what messages call it
  std::vector<std::string> overrides;
  std::int64_t fork_step = -1;
  std::string parent;
};

// Whatever training would refuse, said as athanor-run says it.
std::optional<int> refuse_early(const Checked& recipe) {
  std::vector<std::string> words = {"check", recipe.file};
  if (!recipe.name.empty()) words.insert(words.end(), {"--recipe-name", recipe.name});
  for (const std::string& assignment : recipe.overrides) words.insert(words.end(), {"--set", assignment});
  if (recipe.fork_step >= 0)
    words.insert(words.end(), {"--fork", std::to_string(recipe.fork_step), "--from", recipe.parent});
  if (wants_json()) words.emplace_back("--json");
  const auto checked = ask_sibling("athanor-run", words, athanor_home(), Stderr::kept, recipe.text);
  if (!checked) return refuse(checked.error());
  if (checked->status == 0) return std::nullopt;
  if (!wants_json()) return checked->status;
  const std::string said = checked->out.substr(0, checked->out.find('\n'));
  if (said.empty()) {
    return refuse({ErrorKind::unavailable, "check " + (recipe.name.empty() ? recipe.file : recipe.name),
                   "athanor-run refused it without a word", "see what athanor-run check says of it"});
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

// What the line asks to queue; or the exit status where athanor-run or the line itself is refused.
Result<Enqueue> request_of(const CommandLine& line, std::optional<int>& refused) {
  const auto text = read_recipe(line.recipe);
  if (!text) return tl::unexpected(text.error());
  Enqueue request{resolved(*text, line.overrides), 0, 0, line.wish};
  // The check is of the folder that is found here; of what is not found it says so, beside all else.
  const auto parent = line.fork_step >= 0 ? find_parent(line.fork_from) : Result<store::Run>();
  refused =
      refuse_early({line.recipe, "", "", line.overrides, line.fork_step, parent ? parent->directory : line.fork_from});
  if (refused) return request;
  if (!parent) return tl::unexpected(parent.error());
  if (line.fork_step >= 0) {
    request.fork_of = parent->id;
    request.fork_step = line.fork_step;
  }
  return request;
}

Result<std::string> plan_of(const CommandLine& line) {
  recipe::SweepPlan plan;
  for (const std::string& text : line.over) {
    auto axis = recipe::parse_axis(text);
    if (!axis) return tl::unexpected(axis.error());
    plan.axes.push_back(std::move(*axis));
  }
  plan.random = static_cast<int>(line.random);
  plan.seed = line.seed;
  if (!line.metric.empty()) {
    auto objective = recipe::parse_objective(line.metric);
    if (!objective) return tl::unexpected(objective.error());
    plan.objective = std::move(*objective);
  }
  if (!line.halving.empty()) {
    if (auto read = recipe::parse_halving(line.halving, plan); !read) return tl::unexpected(read.error());
  }
  return recipe::to_text(plan);
}

// The agent, once nothing is wrong, and the runs that are to be followed.
Result<std::unique_ptr<Client>> connect_for(const CommandLine& line, Enqueue& request) {
  auto client = Client::connect(athanor_home());
  if (!client) return client;
  auto after = find_runs(**client, line.after);
  if (!after) return tl::unexpected(after.error());
  request.wish.after = std::move(*after);
  return client;
}

}  // namespace

int run_enqueue(const CommandLine& line) {
  std::optional<int> refused;
  auto request = request_of(line, refused);
  if (refused) return *refused;
  if (!request) return refuse(request.error());
  const auto client = connect_for(line, *request);
  if (!client) return refuse(client.error());
  const auto run = (*client)->enqueue(*request);
  if (!run) return refuse(run.error());
  const std::string done = fmt::format("run {} is queued all the same", *run);
  if (wants_json()) {
    print({{"run", *run}}, done);
  } else {
    print_line(std::to_string(*run), done);
  }
  return 0;
}

int run_sweep(const CommandLine& line) {
  const auto plan = plan_of(line);
  if (!plan) return refuse(plan.error());
  std::optional<int> refused;
  auto request = request_of(line, refused);
  if (refused) return *refused;
  if (!request) return refuse(request.error());
  const auto client = connect_for(line, *request);
  if (!client) return refuse(client.error());
  const auto added = (*client)->add_sweep(*request, *plan);
  if (!added) return refuse(added.error());
  const std::string done = fmt::format("sweep {} is queued all the same", added->sweep);
  if (wants_json()) {
    print({{"sweep", added->sweep}, {"runs", added->runs}}, done);
  } else {
    print_line(fmt::format("sweep {}: {}, {} to {}", added->sweep, counted(added->runs.size(), "run"),
                           added->runs.front(), added->runs.back()),
               done);
  }
  return 0;
}

int run_edit(Client& client, const CommandLine& line) {
  const auto id = find_run(client.list(), line.run);
  if (!id) return refuse(id.error());
  const auto run = client.run(*id);
  if (!run) return refuse(run.error());
  Edit edit{"", line.overrides};
  Checked checked{"-", run->recipe_toml, fmt::format("run {}", *id), line.overrides, -1, ""};
  if (!line.recipe.empty()) {
    auto text = read_recipe(line.recipe);
    if (!text) return refuse(text.error());
    edit.recipe_toml = std::move(*text);
    checked = {line.recipe, "", "", line.overrides, -1, ""};
  }
  if (const auto refused = refuse_early(checked)) return *refused;
  return acknowledge(client.edit(*id, edit));
}

}  // namespace athanor::agent
