// thread_list.cc: see thread_list.h.

#include "thread_list.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace nativeprof {

bool ThreadList::Open() {
#if defined(__linux__)
  if (folder_ == nullptr) folder_ = opendir("/proc/self/task");
  return folder_ != nullptr;
#else
  errno = ENOSYS;
  return false;
#endif
}

bool ThreadList::Read(std::vector<pid_t>* tids) {
  tids->clear();
  if (folder_ == nullptr) {
    errno = EBADF;
    return false;
  }
  rewinddir(folder_);
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(folder_);
    if (entry == nullptr) break;
    const long tid = std::strtol(entry->d_name, nullptr, 10);  // 0 for "." and ".."
    if (tid > 0) tids->push_back(static_cast<pid_t>(tid));
  }
  if (errno != 0) return false;
  std::sort(tids->begin(), tids->end());
  return true;
}

void ThreadList::Close() {
  if (folder_ != nullptr) closedir(folder_);
  folder_ = nullptr;
}

}  // namespace nativeprof
