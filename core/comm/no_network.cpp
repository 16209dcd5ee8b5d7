#include "core/comm/network_transport.h"

namespace athanor::comm {
namespace {

[[noreturn]] void refuse() {
  throw Failure(ErrorKind::unavailable, "connect over the network", "this build has no Gloo",
                "install libgloo-dev and build again");
}

}  // namespace

std::shared_ptr<Connector> connect_network(const Network&) { refuse(); }

std::shared_ptr<Connector> connect_hosts(const Network&, std::filesystem::path, std::vector<std::string>) { refuse(); }

}  // namespace athanor::comm
