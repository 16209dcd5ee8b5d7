// Requests of the queue, of sweeps and of alerts, and of what is imported.
#include "core/agent/protocol_queue.h"
#include "core/agent/server.h"
#include "core/agent/sweep_view.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::agent {
namespace {

using Json = nlohmann::json;

void check(const Result<void>& done) {
  if (!done) throw Failure(done.error());
}

std::vector<store::RunId> runs_of(const Json& request) { return request.at("runs").get<std::vector<store::RunId>>(); }

store::SweepId sweep_of(const Json& request) { return request.at("sweep").get<store::SweepId>(); }

}  // namespace

std::optional<Json> Server::answer_queue(const std::string& what, const Json& request) {
  if (what == "enqueue") return Json{{"run", value_or_throw(supervisor_->enqueue(enqueue_from(request)))}};
  if (what == "take_in") return take_in(request.at("folder").get<std::string>());
  if (what == "queue") return to_json(value_or_throw(supervisor_->queue()));
  if (what == "job") return job(request.at("run").get<store::RunId>());
  if (what == "move") {
    const store::Spot spot = spot_from(request.at("to").get<std::string>());
    check(supervisor_->move(runs_of(request), spot, request.value("beside", store::RunId{0})));
  } else if (what == "set_priority") {
    check(supervisor_->set_priority(runs_of(request), request.at("priority").get<int>()));
  } else if (what == "hold" || what == "release") {
    check(supervisor_->hold(runs_of(request), what == "hold"));
  } else if (what == "hold_queue") {
    check(supervisor_->hold_queue(request.at("held").get<bool>()));
  } else if (what == "edit") {
    const Edit edit{request.value("recipe", ""), request.value("set", std::vector<std::string>{})};
    check(supervisor_->edit(request.at("run").get<store::RunId>(), edit));
  } else if (what == "limit") {
    check(supervisor_->limit(settings_from(request)));
  } else {
    return answer_sweeps(what, request);
  }
  return Json::object();
}

std::optional<Json> Server::answer_sweeps(const std::string& what, const Json& request) {
  if (what == "add_sweep") {
    const AddedSweep added =
        value_or_throw(supervisor_->add_sweep(enqueue_from(request), request.at("plan").get<std::string>()));
    return Json{{"sweep", added.sweep}, {"runs", added.runs}};
  }
  if (what == "sweeps") {
    Json sweeps = Json::array();
    for (const SweepView& each : value_or_throw(view_sweeps(reader_))) sweeps.push_back(to_json(each));
    return Json{{"sweeps", std::move(sweeps)}};
  }
  if (what == "sweep") {
    const store::SweepId sweep = sweep_of(request);
    const auto all = value_or_throw(view_sweeps(reader_));
    const auto found = std::ranges::find(all, sweep, [](const SweepView& each) { return each.sweep.id; });
    if (found != all.end()) return to_json(*found);
    throw Failure(ErrorKind::invalid_input, "find sweep " + std::to_string(sweep), "there is none",
                  "see which there are: athanor-agent sweeps");
  }
  if (what == "hold_sweep") {
    check(supervisor_->hold_sweep(sweep_of(request), request.at("held").get<bool>()));
  } else if (what == "end_sweep") {
    check(supervisor_->end_sweep(sweep_of(request)));
  } else {
    return answer_alerts(what, request);
  }
  return Json::object();
}

std::optional<Json> Server::answer_alerts(const std::string& what, const Json& request) {
  const auto number = request.value("run", store::RunId{0});
  const auto run = number == 0 ? std::nullopt : std::optional(number);
  if (what == "alerts") {
    Json rules = Json::array();
    for (const store::AlertRule& each : value_or_throw(reader_.alert_rules()))
      rules.push_back({{"run", each.run.value_or(0)}, {"rule", each.rule}, {"added_ns", each.added_ns}});
    return Json{{"rules", std::move(rules)}};
  }
  if (what == "add_alert") {
    check(supervisor_->add_alert(run, value_or_throw(alerts::rule_from(request.at("rule").get<std::string>()))));
  } else if (what == "remove_alert") {
    check(supervisor_->remove_alert(run, request.at("name").get<std::string>()));
  } else {
    return std::nullopt;
  }
  return Json::object();
}

Json Server::take_in(const std::string& folder) {
  const TakenIn taken = value_or_throw(supervisor_->take_in(folder));
  const char* what = taken.what == TakenIn::What::added     ? "added"
                     : taken.what == TakenIn::What::changed ? "changed"
                                                            : "unchanged";
  return {{"run", taken.run}, {"what", what}};
}

// What the queue knows of a run, also of one that has ended.
Json Server::job(store::RunId run) {
  const QueueView view = value_or_throw(supervisor_->queue());
  for (const auto* part : {&view.queued, &view.going_on})
    for (const QueueEntry& entry : *part)
      if (entry.job.run == run) return to_json(entry);
  QueueEntry entry;
  entry.job = value_or_throw(reader_.job(run));
  return to_json(entry);
}

}  // namespace athanor::agent
