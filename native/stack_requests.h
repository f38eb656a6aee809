// stack_requests.h: another process asks where the threads of this one are, now, whatever they are doing: `nativeprof attach --stack`.
//
// It sends the signal that ticks come by, with a number of its own. The handler wakes a thread (stack_answers.h), which sends the
// same signal to each thread of the process; there the handler walks the stack, and leaves it in a ring that is kept for
// that. No timer sends such signals, and until somebody asks nothing happens here. Linux only.

#ifndef NATIVEPROF_STACK_REQUESTS_H_
#define NATIVEPROF_STACK_REQUESTS_H_

#include <sys/types.h>

#include <csignal>
#include <cstdint>

#include "ring_buffer.h"
#include "signal_safe.h"

namespace nativeprof {

class StackRequests {
 public:
  // From here on requests are heard. False if the system has no room for that.
  // Context: JS thread, once in a process.
  static bool Listen();

  // What a signal that is no tick is about.
  enum class Kind : uint8_t {
    kNone,     // nothing of this
    kAsked,    // somebody has asked; the thread that answers has been woken
    kAnswer,   // the current thread's stack is wanted
    kLate,     // it was wanted for an earlier request
  };
  // Context: signal handler (async-signal-safe).
  static Kind Take(SignalContext, const siginfo_t& info);

  // Where stacks go.
  // Context: signal handler (async-signal-safe), and the thread that answers.
  static RingBuffer& ring();

  // Waits until somebody asks, and returns by what number; false if nobody can.
  // Context: the thread that answers.
  static bool Wait(uint32_t* number);

  // Whether somebody has asked since.
  // Context: the thread that answers.
  static bool IsAskedAgain(uint32_t number);

  // Asks for the stack of a thread of this process. False if the kernel refuses.
  // Context: the thread that answers.
  static bool AskThread(pid_t tid, int signal, uint32_t number);

  // Asks another process, which must be known to listen for that: the signal would end any other. False with errno.
  // Context: any thread.
  static bool AskProcess(pid_t pid, int signal, uint32_t number);
};

}  // namespace nativeprof

#endif  // NATIVEPROF_STACK_REQUESTS_H_
