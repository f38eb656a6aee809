// signal_semaphore.h: a signal handler wakes a thread that waits. On Linux a POSIX semaphore; macOS has no unnamed ones, and its
// own are not made for handlers: there a pipe.

#ifndef NATIVEPROF_SIGNAL_SEMAPHORE_H_
#define NATIVEPROF_SIGNAL_SEMAPHORE_H_

#include <cerrno>
#if defined(__APPLE__)
#include <fcntl.h>
#include <unistd.h>
#else
#include <semaphore.h>
#endif

namespace nativeprof {

// Never destroyed: a handler may come at any time.
class SignalSemaphore {
 public:
  // False with errno if the system has no room for it.
  // Context: JS thread.
  bool Init() {
#if defined(__APPLE__)
    if (pipe(ends_) != 0) return false;
    for (const int end : ends_) fcntl(end, F_SETFD, FD_CLOEXEC);
    return fcntl(ends_[1], F_SETFL, O_NONBLOCK) == 0;
#else
    return sem_init(&semaphore_, 0, 0) == 0;
#endif
  }

  // Context: signal handler (async-signal-safe).
  void Post() {
#if defined(__APPLE__)
    const char byte = 0;
    // A pipe that is full wakes its reader just the same.
    static_cast<void>(write(ends_[1], &byte, 1) == 1);
#else
    sem_post(&semaphore_);
#endif
  }

  // False if there is nothing to wait for.
  // Context: the thread that waits.
  bool Wait() {
    for (;;) {
#if defined(__APPLE__)
      char byte;
      if (read(ends_[0], &byte, 1) == 1) return true;
#else
      if (sem_wait(&semaphore_) == 0) return true;
#endif
      if (errno != EINTR) return false;
    }
  }

 private:
  // immutable after Init()
#if defined(__APPLE__)
  int ends_[2];
#else
  sem_t semaphore_;
#endif
};

}  // namespace nativeprof

#endif  // NATIVEPROF_SIGNAL_SEMAPHORE_H_
