#include "core/runner/interrupt.h"

#include <atomic>
#include <signal.h>

namespace athanor::runner {
namespace {

std::atomic<bool> received = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

extern "C" void note_signal(int) { received.store(true); }

}  // namespace

void install_signal_handlers() {
  struct sigaction stop {};
  stop.sa_handler = note_signal;
  // Back to the default after the first: the second one ends the process.
  stop.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&stop.sa_mask);
  ::sigaction(SIGINT, &stop, nullptr);
  ::sigaction(SIGTERM, &stop, nullptr);
  sigset_t wishes;
  sigemptyset(&wishes);
  sigaddset(&wishes, SIGTERM);
  ::sigprocmask(SIG_UNBLOCK, &wishes, nullptr);  // who started this process may have held it back until now
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() noexcept { return received.load(); }

}  // namespace athanor::runner
