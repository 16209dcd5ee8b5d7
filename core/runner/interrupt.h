// SIGINT and SIGTERM as a wish to stop: the first one is noted and the run ends after its step with a checkpoint; a
// second one ends the process at once. Also ignores SIGXFSZ and SIGPIPE, so that a full disk and a closed reader are
// errors of the write that met them.
#pragma once

namespace athanor::runner {

// The exit status of what was stopped, with a checkpoint.
inline constexpr int kInterrupted = 130;

void install_signal_handlers();
[[nodiscard]] bool stop_requested() noexcept;

}  // namespace athanor::runner
