// Messages over TCP between hosts, carried by Gloo (Facebook's collectives library), of which only messages between two
// ranks are used.
#pragma once

#include "core/comm/transport.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace athanor::comm {

// Where ranks find each other and by which way.
struct Network {
  std::filesystem::path folder;  // on a file system that all ranks see; this group's alone
  std::string interface;         // "eth0"; empty: `address` says it
  std::string address;           // of this host, as the others reach it
};

// Ranks with the same word in `hosts` share memory through `folder` (a folder on each host), others go over the
// network; a host that cannot be reached for `patience` is lost. `hosts` has one word for each rank of the whole group,
// and `board` is this rank's. Returns once this rank has met those of other hosts.
//
// From then on this process ignores SIGPIPE: Gloo writes to peers that may be gone. Throws Failure(unavailable) in a
// build without Gloo, Failure(invalid_input) for an interface or address that this host does not have, and as
// await_ranks() does for ranks that do not come within `patience`.
//
// The loopback interface must have an MTU of at most 1500 (`ip link set lo mtu 1500`, in a network namespace of one's
// own): with 65536 Gloo's small messages wait for each other. Ranks of one host better share memory.
[[nodiscard]] std::shared_ptr<Connector> connect_hosts(const Network& network, const std::filesystem::path& folder,
                                                       const std::vector<std::string>& hosts,
                                                       const std::shared_ptr<Board>& board,
                                                       std::chrono::milliseconds patience);

}  // namespace athanor::comm
