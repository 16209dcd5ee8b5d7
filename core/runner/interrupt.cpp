#include "core/runner/interrupt.h"

#include <atomic>
#include <signal.h>

namespace athanor::runner {
namespace {

std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler writes it");

extern "C" void note_signal(int number) { received.store(number); }

}  // namespace

void install_signal_handlers() {
  struct sigaction stop {};
  stop.sa_handler = note_signal;
  // Back to the default after the first: the second one ends the process.
  stop.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&stop.sa_mask);
  ::sigaction(SIGINT, &stop, nullptr);
  ::sigaction(SIGTERM, &stop, nullptr);
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() noexcept { return received.load() != 0; }

const char* stop_signal() noexcept {
  switch (received.load()) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
    default: return "";
  }
}

}  // namespace athanor::runner
