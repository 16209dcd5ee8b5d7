// Alert rules, and what is done about what they tell.
#include "core/agent/supervisor.h"
#include "core/base/files.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr int kMostRollBacks = 3;  // to the same step: what comes again each time will come once more

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// "step-400" alone: what was put aside has more to its name.
std::optional<std::int64_t> step_of(const std::string& name) {
  constexpr std::string_view kPrefix = "step-";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::int64_t step = 0;
  const auto [end, code] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), step);
  if (code != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return step;
}

std::set<std::int64_t> checkpoints_in(const fs::path& folder) {
  std::set<std::int64_t> steps;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    std::error_code ignored;
    const auto step = step_of(entry->path().filename().string());
    if (step && fs::exists(entry->path() / "COMPLETE", ignored)) steps.insert(*step);
  }
  return steps;
}

// As core/checkpoint names one that is whole but of another past.
Result<void> put_aside(const fs::path& checkpoint) {
  std::error_code code;
  for (int number = 1;; ++number) {
    const fs::path aside = fmt::format("{}.superseded-{}", checkpoint.string(), number);
    if (fs::exists(aside, code)) continue;
    fs::rename(checkpoint, aside, code);
    if (!code) return flush_folder(checkpoint.parent_path());
    return fail(ErrorKind::io, "put the checkpoint " + checkpoint.string() + " aside", code.message(),
                "make its folder writable");
  }
}

}  // namespace

Result<void> Supervisor::add_alert(std::optional<store::RunId> run, alerts::Rule rule) {
  if (rule.kind == alerts::Kind::condition && rule.metrics.empty() && !rule.condition.empty()) {
    const auto known = run ? reader_.metric_names(*run) : reader_.all_metric_names();
    if (!known) return tl::unexpected(known.error());
    auto metrics = alerts::meant_by(rule.condition, *known);
    if (!metrics) return tl::unexpected(metrics.error());
    rule.metrics = std::move(*metrics);
  }
  if (auto good = alerts::check(rule); !good) return good;
  const auto rules = reader_.alert_rules();
  if (!rules) return tl::unexpected(rules.error());
  for (const store::AlertRule& each : *rules) {
    const auto known = alerts::rule_from(each.rule);
    if (each.run != run || !known || known->name != rule.name) continue;
    return fail(ErrorKind::invalid_input, "add the alert rule " + rule.name, "there is one of that name",
                fmt::format("remove it first: athanor-agent alert remove {}", rule.name));
  }
  return writer_.add_alert(run, alerts::to_text(rule), now_ns()).map([](std::int64_t) {});
}

Result<void> Supervisor::remove_alert(std::optional<store::RunId> run, const std::string& name) {
  const auto rules = reader_.alert_rules();
  if (!rules) return tl::unexpected(rules.error());
  for (const store::AlertRule& each : *rules) {
    const auto known = alerts::rule_from(each.rule);
    if (each.run == run && known && known->name == name) return writer_.remove_alert(each.id, now_ns());
  }
  return fail(ErrorKind::invalid_input, "remove the alert rule " + name,
              run ? fmt::format("run {} has none of that name", *run) : "there is none of that name for all runs",
              "see which there are: athanor-agent alert list");
}

std::optional<AlertDue> Supervisor::alert_due(store::RunId run) {
  const auto state = writer_.alert_state(run);
  return state ? due_from(state->due) : std::nullopt;
}

// Asks the run to stop; what else is due follows when it has.
void Supervisor::act_on_alert(store::RunId run, Watch& watch) {
  const auto due = alert_due(run);
  if (!due || !watch.live || watch.ended || watch.asked_to_stop || watch.process.pid == 0) return;
  spdlog::warn("Run {}: {}; it is asked to stop ({})", run, due->text, alerts::to_string(due->action));
  if (const auto asked = stop(run); !asked) spdlog::error("{}", asked.error().message());
}

// Once a second: what only a clock tells.
void Supervisor::look_for_stall(store::RunId run, Watch& watch) {
  const auto told = watch.follower.look_at_clock(writer_, now_ns());
  if (!told) return spdlog::error("Run {}: {}", run, told.error().message());
  if (*told) tell(Change::What::occurrences, run);
  act_on_alert(run, watch);
}

// What an alert asked for once its run has ended: nothing when that has taken care of itself; false when something was
// written into the journal that is to be read first.
Result<std::optional<bool>> Supervisor::follow_alert(store::RunId run, Watch& watch, const store::Job& job,
                                                     const Verdict& ended) {
  const auto due = alert_due(run);
  if (!due) return std::optional<bool>();
  const bool has_stopped = ended.status == store::RunStatus::stopped;
  const bool pauses = due->action == alerts::Action::pause && has_stopped;
  const bool goes_back =
      due->action == alerts::Action::roll_back && (has_stopped || ended.status == store::RunStatus::failed);
  const auto over = [](Result<void> done) { return done.map([] { return std::optional<bool>(true); }); };
  if (pauses && job.is_unanswered)
    return over(writer_.go_on_after_alert(run, store::Launch::resume, "paused by an alert: " + due->text));
  if (goes_back && job.is_unanswered) return roll_back(run, watch, job, *due);
  return writer_.forget_alert_due(run).map([] { return std::optional<bool>(); });
}

// To the newest checkpoint before the alert began. The journal tells of it first, and once, whichever agent takes it
// there.
Result<std::optional<bool>> Supervisor::roll_back(store::RunId run, Watch& watch, const store::Job& job,
                                                  const AlertDue& due) {
  const fs::path folder = job.directory / "checkpoints";
  const std::set<std::int64_t> steps = checkpoints_in(folder);
  const auto first_bad = steps.lower_bound(due.step);
  if (first_bad == steps.begin()) {
    spdlog::warn("Run {}: no checkpoint is from before step {}; it stays stopped", run, due.step);
    return writer_.forget_alert_due(run).map([] { return std::optional<bool>(); });
  }
  const std::int64_t good = *std::prev(first_bad);
  const auto occurrences = reader_.occurrences(run);
  if (!occurrences) return tl::unexpected(occurrences.error());
  int times = 0;
  bool told = false;
  for (const store::Occurrence& each : *occurrences) {
    const auto* change = std::get_if<journal::StateChanged>(&each.payload);
    if (change != nullptr && change->state == journal::RunState::preparing) told = false;
    const auto* alert = std::get_if<journal::Alert>(&each.payload);
    if (alert == nullptr || alert->rule != kRollBackRule || alert->step != good) continue;
    told = true;
    ++times;
  }
  const auto over = [](Result<void> done) { return done.map([] { return std::optional<bool>(true); }); };
  if (!told && times >= kMostRollBacks) {
    return over(writer_.go_on_after_alert(
        run, store::Launch::resume,
        fmt::format("rolled back {} times to step {}, and again: {}", times, good, due.text)));
  }
  if (!told && !watch.told_retry) {
    watch.told_retry = true;
    const journal::Alert alert{journal::Severity::warning, good, std::string(kRollBackRule),
                               fmt::format("goes back to the checkpoint of step {}: {}", good, due.text)};
    if (const auto said = tell_journal(watch, alert)) return std::optional<bool>(false);
    spdlog::warn("Run {}: its journal cannot tell that it goes back to step {}", run, good);
  }
  for (auto bad = first_bad; bad != steps.end(); ++bad)
    if (auto aside = put_aside(folder / fmt::format("step-{}", *bad)); !aside) return tl::unexpected(aside.error());
  spdlog::info("Run {} goes back to the checkpoint of step {}: {}", run, good, due.text);
  return over(writer_.go_on_after_alert(run, store::Launch::resume, ""));
}

}  // namespace athanor::agent
