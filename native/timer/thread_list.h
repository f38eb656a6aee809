// thread_list.h: the threads of this process, as /proc/self/task lists them. Linux only; elsewhere it cannot be opened.

#ifndef NATIVEPROF_TIMER_THREAD_LIST_H_
#define NATIVEPROF_TIMER_THREAD_LIST_H_

#include <dirent.h>
#include <sys/types.h>

#include <vector>

namespace nativeprof {

class ThreadList {
 public:
  ThreadList() = default;
  ~ThreadList() { Close(); }
  ThreadList(const ThreadList&) = delete;
  ThreadList& operator=(const ThreadList&) = delete;

  // False with errno if there is no such list.
  // Context: one thread at a time, not async-signal-safe.
  bool Open();

  // Puts the ids of all threads into `tids`, sorted. False with errno, and `tids` is of no use, if it cannot be read.
  // Context: one thread at a time, not async-signal-safe.
  bool Read(std::vector<pid_t>* tids);

  // Context: one thread at a time.
  void Close();

 private:
  DIR* folder_ = nullptr;  // close-on-exec, as opendir() makes it
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_THREAD_LIST_H_
