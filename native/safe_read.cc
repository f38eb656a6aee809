// safe_read.cc: see safe_read.h.

#include "safe_read.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#if defined(__linux__)
#include <sys/syscall.h>
#include <sys/uio.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#if __has_include(<mach/mach_vm.h>)
#include <mach/mach_vm.h>
#else
// Headers of macOS that come with other compilers lack this one.
extern "C" kern_return_t mach_vm_read_overwrite(vm_map_read_t task, mach_vm_address_t address, mach_vm_size_t bytes,
                                                mach_vm_address_t out, mach_vm_size_t* copied);
#endif
#endif

namespace nativeprof {

namespace {

// The kernel copies out of memory that is not there no better than we do, but says EFAULT: what is written to a pipe can be read
// back. One pipe for the process, opened when it is first needed, with a handler or a thread at it at a time.
int pipe_ends[2] = {-1, -1};
pid_t pipe_owner = 0;  // a child of fork shares the pipe with its parent, and must not use it
std::atomic<bool> is_pipe_busy{false};

// Context: JS thread, no handler running.
bool OpenPipe() {
  if (pipe_owner == getpid()) return true;
#if defined(__linux__)
  if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
#else
  if (pipe(pipe_ends) != 0) return false;
  for (const int end : pipe_ends) {
    fcntl(end, F_SETFD, FD_CLOEXEC);
    fcntl(end, F_SETFL, O_NONBLOCK);
  }
#endif
  pipe_owner = getpid();
  return true;
}

// A handler has all signals blocked, so whoever holds the pipe is on another thread, for a few microseconds.
// Context: signal handler (async-signal-safe).
class PipeTurn {
 public:
  PipeTurn() {
    constexpr int kMostTries = 50;
    for (int i = 0; i < kMostTries && !is_ours_; ++i) {
      is_ours_ = !is_pipe_busy.exchange(true, std::memory_order_acquire);  // acquire: pairs with the release below
      if (!is_ours_) sched_yield();
    }
  }
  ~PipeTurn() {
    if (is_ours_) is_pipe_busy.store(false, std::memory_order_release);
  }
  PipeTurn(const PipeTurn&) = delete;
  PipeTurn& operator=(const PipeTurn&) = delete;
  bool is_ours() const { return is_ours_; }

 private:
  bool is_ours_ = false;
};

// At most as many bytes as a pipe of any system holds. What was written in part, up to a page that is not there, is taken out
// again.
// Context: signal handler (async-signal-safe).
size_t ReadByPipe(uintptr_t address, void* out, size_t bytes) {
  constexpr size_t kMostBytes = 4096;
  if (bytes > kMostBytes) return 0;
  const ssize_t written = write(pipe_ends[1], reinterpret_cast<const void*>(address), bytes);
  if (written <= 0) return 0;
  const ssize_t back = read(pipe_ends[0], out, static_cast<size_t>(written));
  return back == written ? static_cast<size_t>(written) : 0;
}

// Context: signal handler (async-signal-safe).
bool ReadByKernel([[maybe_unused]] int pid, [[maybe_unused]] uintptr_t address, [[maybe_unused]] void* out,
                  [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  const iovec local = {out, bytes};
  const iovec remote = {reinterpret_cast<void*>(address), bytes};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
#else
  return false;
#endif
}

// The kernel copies a new signal mask before it looks at what is to be done with it, which is nothing that there is. So nothing
// changes, and the error is another one if there is nothing to copy. `address` is a multiple of 8.
// Context: signal handler (async-signal-safe).
bool TouchByMask([[maybe_unused]] uintptr_t address) {
#if defined(__linux__)
  constexpr int kNoSuchChange = -1;
  constexpr size_t kMaskBytes = 8;  // the kernel's own
  return syscall(SYS_rt_sigprocmask, kNoSuchChange, address, nullptr, kMaskBytes) == -1 && errno == EINVAL;
#else
  return false;
#endif
}

}  // namespace

void SafeReader::Probe() {
  pid_ = getpid();
  const uint64_t expected = 0x70726f666e617469;
  const auto address = reinterpret_cast<uintptr_t>(&expected);
  uint64_t seen = 0;
  way_ = Way::kNone;
  // An emulator may look at the change first.
  constexpr uintptr_t kNowhere = 8;
  is_told_by_mask_ = TouchByMask(address) && !TouchByMask(kNowhere);
  if (ReadByKernel(pid_, address, &seen, sizeof(seen)) && seen == expected) {
    way_ = Way::kByKernel;
  } else if (OpenPipe()) {
    const PipeTurn turn;
    seen = 0;
    // An emulator may take any address: then nothing can be learned by it.
    const volatile uintptr_t nowhere = 1;  // the compiler must not know either
    char nothing;
    const bool is_honest = ReadByPipe(nowhere, &nothing, sizeof(nothing)) == 0;
    const bool is_read = ReadByPipe(address, &seen, sizeof(seen)) == sizeof(seen) && seen == expected;
    if (turn.is_ours() && is_honest && is_read) way_ = Way::kByPipe;
  }
}

bool SafeReader::Read(SignalContext, uintptr_t address, void* out, size_t bytes) const {
  if (way_ == Way::kByKernel) return ReadByKernel(pid_, address, out, bytes);
  if (way_ != Way::kByPipe) return false;
  const PipeTurn turn;
  return turn.is_ours() && ReadByPipe(address, out, bytes) == bytes;
}

bool SafeReader::IsPageReadable(uintptr_t page) const {
  if (way_ == Way::kNone) return false;
  if (is_told_by_mask_) return TouchByMask(page);
  char byte;
  if (way_ == Way::kByKernel) return ReadByKernel(pid_, page, &byte, sizeof(byte));
#if defined(__APPLE__)
  // Not in a handler: this is a message to the kernel, and the thread may just be waiting for the answer to another one.
  mach_vm_size_t copied = 0;
  return mach_vm_read_overwrite(mach_task_self(), page, sizeof(byte), reinterpret_cast<mach_vm_address_t>(&byte),
                                &copied) == KERN_SUCCESS &&
         copied == sizeof(byte);
#else
  const PipeTurn turn;
  return turn.is_ours() && ReadByPipe(page, &byte, sizeof(byte)) == sizeof(byte);
#endif
}

static_assert(std::atomic<bool>::is_always_lock_free, "a handler may only touch lock-free atomics");

}  // namespace nativeprof
