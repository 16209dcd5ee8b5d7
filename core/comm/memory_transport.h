// Messages through memory that all ranks of a communicator share: threads of one process, or processes of one host.
#pragma once

#include "core/comm/region.h"
#include "core/comm/transport.h"

#include <filesystem>
#include <memory>

namespace athanor::comm {

// Ranks are threads of this process; each asks the one connector. Every rank must ask.
[[nodiscard]] std::unique_ptr<Connector> connect_threads();

// Ranks are processes on this host that name the same folder, which is theirs alone and best in memory (/dev/shm).
// Nothing of it remains there once all have come.
[[nodiscard]] std::unique_ptr<Connector> connect_processes(std::filesystem::path folder);

}  // namespace athanor::comm
