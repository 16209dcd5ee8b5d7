// For threads that mostly wait for peers beside threads that compute: where all cores are busy, one that has been woken
// otherwise begins only when another's turn ends, and a message of microseconds takes as long as that, 4 ms often.
#pragma once

namespace athanor::comm {

// The calling thread asks for short turns on a core, which Linux from 6.12 on lets begin sooner: its share of the time
// stays the same (EEVDF; Documentation/scheduler/sched-eevdf.rst). Without effect where the system has no such thing.
void take_short_turns() noexcept;

// For long computations beside such threads: lets one go first that has been woken on this core and waits for it. Costs
// a microsecond where there is none.
void give_way() noexcept;

}  // namespace athanor::comm
