#include "core/comm/network_transport.h"

namespace athanor::comm {

std::shared_ptr<Connector> connect_hosts(const Network&, const std::filesystem::path&, const std::vector<std::string>&,
                                         const std::shared_ptr<Board>&, std::chrono::milliseconds) {
  throw Failure(ErrorKind::unavailable, "connect over the network", "this build has no Gloo",
                "install libgloo-dev and build again");
}

}  // namespace athanor::comm
