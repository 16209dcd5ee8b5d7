// Ranks on hosts of their own, as far as a network is concerned: each a process in a namespace that slow_links.sh has
// made.
#pragma once

#include "core/comm/group.h"

#include <functional>
#include <string>

namespace athanor::testing_support {

// Runs `work` once in each of the namespaces <prefix>-1 ... <prefix>-<ranks>, in a process that is forked for it, and
// waits for all. False where one has failed, which says on standard error why. To be called while this process has but
// one thread.
bool on_hosts(const std::string& prefix, int ranks, const std::function<void(comm::Group&)>& work);

}  // namespace athanor::testing_support
