// tick_signal.h: which signal the timers of threads send. SIGPROF, as the process's timer does, which has no choice; or, where
// somebody else had a handler for SIGPROF before us, a signal that nobody uses. Whoever was there first puts back what he
// saw when he stops, which is not us, and under SIG_DFL a SIGPROF of ours would then end the process.

#ifndef NATIVEPROF_TIMER_TICK_SIGNAL_H_
#define NATIVEPROF_TIMER_TICK_SIGNAL_H_

#include <csignal>

namespace nativeprof {

// SIGPROF, unless TakeOwnTickSignal() has succeeded.
// Context: JS thread, or the thread that makes the timers.
int TickSignal();

// Takes a signal that has no handler for the ticks, once and for good. False if there is none, or this system has no timers of
// threads.
// Context: JS thread, while no timer of a thread runs.
bool TakeOwnTickSignal(const struct sigaction& action);

// Whether a signal that comes faster than it is taken just comes less often. Others wait in a queue, and where that is full the
// kernel sends SIGIO in the place of a perf event's signal, which would end the process.
// Context: as TickSignal().
bool IsTickSignalMerged();

// Adds what ticks come by.
// Context: any thread.
void AddTickSignals(sigset_t* signals);

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_TICK_SIGNAL_H_
