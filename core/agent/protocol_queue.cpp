#include "core/agent/protocol_queue.h"

#include "core/agent/protocol.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace athanor::agent {
namespace {

using Json = nlohmann::json;
using store::RunId;

constexpr std::array<std::string_view, 11> kWhys = {"starts",     "held",  "fault", "sweep_held", "after", "later",
                                                    "queue_held", "cores", "gpus",  "slots",      "behind"};
constexpr std::array<std::string_view, 4> kSpots = {"front", "end", "before", "after"};
constexpr std::array<std::string_view, 3> kHolds = {"none", "asked", "fault"};
constexpr std::array<std::string_view, 3> kDevices = {"auto", "cpu", "cuda"};
constexpr std::array<std::string_view, 4> kLaunches = {"nothing", "fresh", "resume", "fork"};

template <class Enum, class Names>
std::string_view name_of(const Names& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

// The first where the name is not known.
template <class Enum, class Names>
Enum named(const Names& names, const Json& json, const char* key) {
  const auto found = std::ranges::find(names, json.value(key, ""));
  return found == names.end() ? Enum{} : static_cast<Enum>(found - names.begin());
}

store::RunStatus status_from(const Json& json) {
  const std::string name = json.value("status", "");
  for (int value = 0; value <= static_cast<int>(store::RunStatus::broken); ++value)
    if (name == store::to_string(static_cast<store::RunStatus>(value))) return static_cast<store::RunStatus>(value);
  return store::RunStatus::broken;
}

Json number_or_null(std::optional<int> value) { return value ? Json(*value) : Json(nullptr); }

std::optional<int> optional_number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? std::optional(found->get<int>()) : std::nullopt;
}

Json to_json(const Room& room) {
  return {{"cores", room.cores},
          {"gpus", room.gpus},
          {"slots", room.slots < kAnySlots / 2 ? Json(room.slots) : Json(nullptr)}};
}

Room room_from(const Json& json) {
  return {json.value("cores", 0), json.value("gpus", 0), optional_number(json, "slots").value_or(kAnySlots)};
}

Json to_json(const store::Followed& followed) {
  return {{"run", followed.run}, {"status", store::to_string(followed.status)}, {"has_ended", followed.has_ended}};
}

Json to_json(const store::Trial& trial) {
  return {{"sweep", trial.sweep},
          {"number", trial.number},
          {"values", trial.values},
          {"waits", trial.waits},
          {"is_out", trial.is_out},
          {"sweep_held", trial.sweep_held},
          {"sweep_ended", trial.sweep_ended}};
}

store::Trial trial_from(const Json& json) {
  store::Trial trial;
  trial.sweep = json.value("sweep", store::SweepId{0});
  trial.number = json.value("number", 0);
  trial.values = json.value("values", "");
  trial.waits = json.value("waits", false);
  trial.is_out = json.value("is_out", false);
  trial.sweep_held = json.value("sweep_held", false);
  trial.sweep_ended = json.value("sweep_ended", false);
  return trial;
}

Json to_json(const store::TrialState& state) {
  Json json = to_json(state.trial);
  json.erase("sweep");
  json.update({{"run", state.run},
               {"status", store::to_string(state.status)},
               {"cause", state.cause},
               {"step", state.step},
               {"steps", state.steps},
               {"until", state.until},
               {"is_deleted", state.is_deleted},
               {"last", std::isfinite(state.last) ? Json(state.last) : Json(nullptr)}});
  return json;
}

// What a run's job says of it beside the run itself.
Json facts_of(const store::Job& job) {
  Json json = {{"priority", job.priority},
               {"hold", name_of(kHolds, job.hold)},
               {"launch", name_of(kLaunches, job.launch)},
               {"ranks", job.needs.ranks},
               {"threads", job.needs.threads},
               {"device", name_of(kDevices, job.needs.device)},
               {"devices", job.share.devices},
               {"continue_on_error", job.continue_on_error},
               {"retries", job.retry.limit},
               {"attempts", job.retry.done},
               {"retry_numeric", job.retry.numeric},
               {"not_before_ns", job.retry.not_before_ns},
               {"fault", job.retry.fault},
               {"until", job.until}};
  if (!job.hold_reason.empty()) json["hold_reason"] = job.hold_reason;
  json["after"] = Json::array();
  for (const store::Followed& followed : job.after) json["after"].push_back(to_json(followed));
  if (job.trial) json["trial"] = to_json(*job.trial);
  return json;
}

store::TrialState trial_state_from(const Json& json, store::SweepId sweep) {
  store::TrialState state;
  state.trial = trial_from(json);
  state.trial.sweep = sweep;
  state.run = json.value("run", RunId{0});
  state.status = status_from(json);
  state.cause = json.value("cause", "");
  state.step = json.value("step", std::int64_t{0});
  state.steps = json.value("steps", std::int64_t{0});
  state.until = json.value("until", std::int64_t{0});
  state.is_deleted = json.value("is_deleted", false);
  const auto last = json.find("last");
  const bool is_known = last != json.end() && last->is_number();
  state.last = is_known ? last->get<double>() : std::numeric_limits<double>::quiet_NaN();
  return state;
}

}  // namespace

std::string_view to_string(Why why) { return name_of(kWhys, why); }
std::string_view to_string(store::Spot spot) { return name_of(kSpots, spot); }

store::Spot spot_from(std::string_view name) {
  const auto found = std::ranges::find(kSpots, name);
  if (found == kSpots.end())
    throw Failure(ErrorKind::invalid_input, "move runs in the queue", "there is no place called " + std::string(name));
  return static_cast<store::Spot>(found - kSpots.begin());
}

Json to_json(const Enqueue& request) {
  return {{"recipe", request.recipe_toml},
          {"fork_of", request.fork_of},
          {"fork_step", request.fork_step},
          {"priority", request.wish.priority},
          {"held", request.wish.held},
          {"after", request.wish.after},
          {"continue_on_error", request.wish.continue_on_error},
          {"retries", request.wish.retries},
          {"retry_numeric", request.wish.retry_numeric}};
}

Enqueue enqueue_from(const Json& json) {
  Enqueue request{json.at("recipe").get<std::string>(),
                  json.value("fork_of", RunId{0}),
                  json.value("fork_step", std::int64_t{0}),
                  {}};
  request.wish.priority = json.value("priority", 0);
  request.wish.held = json.value("held", false);
  request.wish.after = json.value("after", std::vector<RunId>{});
  request.wish.continue_on_error = json.value("continue_on_error", false);
  request.wish.retries = std::max(0, json.value("retries", 0));
  request.wish.retry_numeric = json.value("retry_numeric", false);
  return request;
}

Json to_json(const store::QueueSettings& settings) {
  return {{"held", settings.held},
          {"cores", number_or_null(settings.cores)},
          {"gpus", number_or_null(settings.gpus)},
          {"slots", number_or_null(settings.slots)}};
}

store::QueueSettings settings_from(const Json& json) {
  return {json.value("held", false), optional_number(json, "cores"), optional_number(json, "gpus"),
          optional_number(json, "slots")};
}

Json to_json(const QueueEntry& entry) {
  Json json = facts_of(entry.job);
  json.update({{"run", entry.job.run},
               {"name", entry.job.name},
               {"status", store::to_string(entry.job.status)},
               {"position", entry.position},
               {"cores", entry.room.cores},
               {"gpus", entry.room.gpus},
               {"why", to_string(entry.why)},
               {"waits_for", entry.waits_for},
               {"text", entry.text}});
  return json;
}

QueueEntry entry_from(const Json& json) {
  QueueEntry entry;
  store::Job& job = entry.job;
  job.run = json.value("run", RunId{0});
  job.name = json.value("name", "");
  job.status = status_from(json);
  job.priority = json.value("priority", 0);
  job.hold = named<store::Hold>(kHolds, json, "hold");
  job.hold_reason = json.value("hold_reason", "");
  job.launch = named<store::Launch>(kLaunches, json, "launch");
  job.needs = {json.value("ranks", 0), json.value("threads", 0), named<store::DeviceWish>(kDevices, json, "device")};
  job.continue_on_error = json.value("continue_on_error", false);
  job.retry = {json.value("retries", 0), json.value("attempts", 0), json.value("retry_numeric", false),
               json.value("not_before_ns", std::int64_t{0}), json.value("fault", "")};
  job.until = json.value("until", std::int64_t{0});
  for (const Json& each : json.value("after", Json::array()))
    job.after.push_back({each.value("run", RunId{0}), status_from(each), each.value("has_ended", false)});
  if (json.contains("trial")) job.trial = trial_from(json.at("trial"));
  entry.position = json.value("position", 0);
  entry.room = {json.value("cores", 0), json.value("gpus", 0), 1};
  job.share = {entry.position == 0 ? entry.room.cores : 0, json.value("devices", std::vector<std::string>{})};
  entry.why = named<Why>(kWhys, json, "why");
  entry.waits_for = json.value("waits_for", std::vector<RunId>{});
  entry.text = json.value("text", "");
  return entry;
}

Json to_json(const QueueView& view) {
  Json json = {{"settings", to_json(view.settings)}, {"all", to_json(view.all)}, {"free", to_json(view.free)}};
  json["queued"] = json["going_on"] = Json::array();
  for (const QueueEntry& entry : view.queued) json["queued"].push_back(to_json(entry));
  for (const QueueEntry& entry : view.going_on) json["going_on"].push_back(to_json(entry));
  return json;
}

QueueView view_from(const Json& json) {
  QueueView view;
  view.settings = settings_from(json.value("settings", Json::object()));
  view.all = room_from(json.value("all", Json::object()));
  view.free = room_from(json.value("free", Json::object()));
  for (const Json& each : json.value("queued", Json::array())) view.queued.push_back(entry_from(each));
  for (const Json& each : json.value("going_on", Json::array())) view.going_on.push_back(entry_from(each));
  return view;
}

Json to_json(const SweepView& view) {
  Json json = {{"sweep", view.sweep.id},
               {"name", view.sweep.name},
               {"created_ns", view.sweep.created_ns},
               {"definition", view.sweep.definition},
               {"held", view.sweep.held},
               {"ended", view.sweep.ended},
               {"metric", view.objective.metric},
               {"is_largest_best", view.objective.is_largest_best},
               {"queued", view.queued},
               {"going_on", view.going_on},
               {"waiting", view.waiting},
               {"finished", view.finished},
               {"left_out", view.left_out},
               {"failed", view.failed},
               {"stopped", view.stopped}};
  json["trials"] = Json::array();
  for (const store::TrialState& trial : view.trials) json["trials"].push_back(to_json(trial));
  if (view.best) json["best"] = view.trials.at(*view.best).run;
  return json;
}

SweepView sweep_from(const Json& json) {
  SweepView view;
  view.sweep.id = json.value("sweep", store::SweepId{0});
  view.sweep.name = json.value("name", "");
  view.sweep.created_ns = json.value("created_ns", std::int64_t{0});
  view.sweep.definition = json.value("definition", "");
  view.sweep.held = json.value("held", false);
  view.sweep.ended = json.value("ended", false);
  view.objective = {json.value("metric", ""), json.value("is_largest_best", true)};
  for (const auto& [name, count] : {std::pair("queued", &view.queued),
                                    {"going_on", &view.going_on},
                                    {"waiting", &view.waiting},
                                    {"finished", &view.finished},
                                    {"left_out", &view.left_out},
                                    {"failed", &view.failed},
                                    {"stopped", &view.stopped}})
    *count = json.value(name, 0);
  for (const Json& each : json.value("trials", Json::array()))
    view.trials.push_back(trial_state_from(each, view.sweep.id));
  const RunId best = json.value("best", RunId{0});
  const auto found = std::ranges::find(view.trials, best, &store::TrialState::run);
  if (best != 0 && found != view.trials.end()) view.best = static_cast<std::size_t>(found - view.trials.begin());
  return view;
}

}  // namespace athanor::agent
