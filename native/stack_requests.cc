// stack_requests.cc: see stack_requests.h.

#include "stack_requests.h"

#include "signal_semaphore.h"
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace nativeprof {

namespace {

// The upper half of what a signal bears; the lower is the number of the request.
constexpr uint64_t kAskMark = 0x6e70'6173;     // npas
constexpr uint64_t kAnswerMark = 0x6e70'616e;  // npan
constexpr size_t kRingBytes = 4 << 20;         // of address space: some 1,000 deep stacks

// Lives as long as the process: a handler may be late.
RingBuffer& answers = *new RingBuffer();
SignalSemaphore someone_asked;

// written by Listen(); release/acquire orders what it has made
std::atomic<bool> is_listening{false};

// written by the handler
std::atomic<uint32_t> last_number{0};

}  // namespace

bool StackRequests::Listen() {
  if (is_listening.load(std::memory_order_relaxed)) return true;
  if (!answers.Allocate(kRingBytes) || !someone_asked.Init()) return false;
  is_listening.store(true, std::memory_order_release);
  return true;
}

StackRequests::Kind StackRequests::Take(SignalContext, const siginfo_t& info) {
  if (info.si_code != SI_QUEUE || !is_listening.load(std::memory_order_acquire)) return Kind::kNone;
  const auto value = reinterpret_cast<uint64_t>(info.si_value.sival_ptr);
  const auto number = static_cast<uint32_t>(value);
  if (value >> 32 == kAskMark) {
    last_number.store(number, std::memory_order_relaxed);
    someone_asked.Post();
    return Kind::kAsked;
  }
  if (value >> 32 != kAnswerMark) return Kind::kNone;
  return number == last_number.load(std::memory_order_relaxed) ? Kind::kAnswer : Kind::kLate;
}

RingBuffer& StackRequests::ring() { return answers; }

bool StackRequests::Wait(uint32_t* number) {
  if (!someone_asked.Wait()) return false;
  *number = last_number.load(std::memory_order_relaxed);
  return true;
}

bool StackRequests::IsAskedAgain(uint32_t number) { return last_number.load(std::memory_order_relaxed) != number; }

#if defined(__linux__)

namespace {

siginfo_t InfoOf(int signal, uint64_t value) {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(value);
  return info;
}

}  // namespace

bool StackRequests::AskThread(pid_t tid, int signal, uint32_t number) {
  siginfo_t info = InfoOf(signal, kAnswerMark << 32 | number);
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, signal, &info) == 0;
}

bool StackRequests::AskProcess(pid_t pid, int signal, uint32_t number) {
  siginfo_t info = InfoOf(signal, kAskMark << 32 | number);
  return syscall(SYS_rt_sigqueueinfo, pid, signal, &info) == 0;
}

#else

bool StackRequests::AskThread(pid_t, int, uint32_t) { return false; }
bool StackRequests::AskProcess(pid_t, int, uint32_t) { return false; }

#endif  // defined(__linux__)

}  // namespace nativeprof
