// modules.h: the executable files that are mapped into this process: the program, its libraries, addons, the vdso.
//
// The list is a copy: it stays valid when a library is unloaded. Refreshed on the JS thread; the kernel's and the dynamic
// linker's view of the world (dl_iterate_phdr, on macOS dyld's list of images).

#ifndef NATIVEPROF_MODULES_H_
#define NATIVEPROF_MODULES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nativeprof {

struct Module {
  uintptr_t start = 0;  // of the executable segments, in this process
  uintptr_t end = 0;    // one past them
  uintptr_t bias = 0;   // address in this process minus address in the file
  std::string path;     // absolute; of the program itself as the kernel has it; "[vdso]" for the kernel's
  bool is_program = false;
  // .eh_frame_hdr as it is mapped, 0 if there is none (always on macOS); readable while the module is loaded.
  uintptr_t eh_frame_hdr = 0;
  size_t eh_frame_hdr_bytes = 0;
  // The segment as mapped that holds .eh_frame_hdr, and with it .eh_frame: readable, not writable. Only one segment,
  // because the holes between segments cannot be read. 0 if there is no .eh_frame_hdr.
  uintptr_t readonly_start = 0;
  uintptr_t readonly_end = 0;
};

class ModuleList {
 public:
  // Lists again if a module has been loaded or unloaded since the last call. Whether it did.
  // Context: JS thread.
  bool Refresh();

  // The module whose executable segments hold `address`, or null. Sorted by start: a binary search.
  // Context: JS thread.
  const Module* Find(uintptr_t address) const;

  // Calls `visit` for every module of the list that is still loaded, in no order. Another thread may unload a library at
  // any time, but not while this runs: so what a module has mapped can be read here. `visit` must not load or unload
  // anything, nor wait for a thread that does. On macOS, where no module has anything to read, no calls.
  // Context: JS thread.
  void VisitLoaded(const std::function<void(const Module&)>& visit) const;

  const std::vector<Module>& modules() const { return modules_; }

 private:
  std::vector<Module> modules_;  // sorted by start
  // What had been loaded and unloaded as of the list: dlpi_adds and dlpi_subs; on macOS the images' count
  // and a sum of where they are.
  uint64_t loads_ = 0;
  uint64_t unloads_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_MODULES_H_
