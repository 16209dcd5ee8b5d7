// The queue and sweeps.
#include "core/agent/client_state.h"
#include "core/agent/protocol_queue.h"

#include <nlohmann/json.hpp>

namespace athanor::agent {

using Json = nlohmann::json;

Result<store::RunId> Client::enqueue(const Enqueue& request) {
  Json json = to_json(request);
  json["do"] = "enqueue";
  const auto reply = state_->ask(std::move(json));
  if (!reply) return tl::unexpected(reply.error());
  return reply->value("run", store::RunId{0});
}

Result<QueueView> Client::queue() {
  return state_->ask({{"do", "queue"}}).map([](const Json& reply) { return view_from(reply); });
}

Result<QueueEntry> Client::job(store::RunId run) {
  return state_->ask({{"do", "job"}, {"run", run}}).map([](const Json& reply) { return entry_from(reply); });
}

Result<void> Client::move(const std::vector<store::RunId>& runs, store::Spot spot, store::RunId beside) {
  return state_->tell({{"do", "move"}, {"runs", runs}, {"to", to_string(spot)}, {"beside", beside}});
}

Result<void> Client::set_priority(const std::vector<store::RunId>& runs, int priority) {
  return state_->tell({{"do", "set_priority"}, {"runs", runs}, {"priority", priority}});
}

Result<void> Client::hold(const std::vector<store::RunId>& runs) {
  return state_->tell({{"do", "hold"}, {"runs", runs}});
}

Result<void> Client::release(const std::vector<store::RunId>& runs) {
  return state_->tell({{"do", "release"}, {"runs", runs}});
}

Result<void> Client::hold_queue(bool held) { return state_->tell({{"do", "hold_queue"}, {"held", held}}); }

Result<void> Client::edit(store::RunId run, const Edit& edit) {
  return state_->tell({{"do", "edit"}, {"run", run}, {"recipe", edit.recipe_toml}, {"set", edit.overrides}});
}

Result<void> Client::limit(const store::QueueSettings& limits) {
  Json json = to_json(limits);
  json["do"] = "limit";
  return state_->tell(std::move(json));
}

Result<AddedSweep> Client::add_sweep(const Enqueue& request, const std::string& plan) {
  Json json = to_json(request);
  json["do"] = "add_sweep";
  json["plan"] = plan;
  const auto reply = state_->ask(std::move(json));
  if (!reply) return tl::unexpected(reply.error());
  return AddedSweep{reply->value("sweep", store::SweepId{0}), reply->value("runs", std::vector<store::RunId>{})};
}

Result<std::vector<SweepView>> Client::sweeps() {
  const auto reply = state_->ask({{"do", "sweeps"}});
  if (!reply) return tl::unexpected(reply.error());
  std::vector<SweepView> sweeps;
  for (const Json& each : reply->at("sweeps")) sweeps.push_back(sweep_from(each));
  return sweeps;
}

Result<SweepView> Client::sweep(store::SweepId sweep) {
  return state_->ask({{"do", "sweep"}, {"sweep", sweep}}).map([](const Json& reply) { return sweep_from(reply); });
}

Result<void> Client::hold_sweep(store::SweepId sweep, bool held) {
  return state_->tell({{"do", "hold_sweep"}, {"sweep", sweep}, {"held", held}});
}

Result<void> Client::end_sweep(store::SweepId sweep) { return state_->tell({{"do", "end_sweep"}, {"sweep", sweep}}); }

}  // namespace athanor::agent
