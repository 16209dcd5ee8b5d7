// Runs of other trackers.
#include "core/agent/client_state.h"

#include <nlohmann/json.hpp>

namespace athanor::agent {

Result<TakenIn> Client::take_in(const std::string& folder) {
  const auto reply = state_->ask({{"do", "take_in"}, {"folder", folder}});
  if (!reply) return tl::unexpected(reply.error());
  const std::string what = reply->value("what", "");
  TakenIn taken;
  taken.run = reply->value("run", store::RunId{0});
  if (what == "added") taken.what = TakenIn::What::added;
  if (what == "changed") taken.what = TakenIn::What::changed;
  return taken;
}

}  // namespace athanor::agent
