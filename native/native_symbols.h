// native_symbols.h: which function of which file a code address of this process lies in.
//
// On Linux from the symbol table of the module's own file, static functions included, if it is still the file that was loaded;
// else, and on macOS, from what the dynamic linker knows (dladdr: exported functions, on Linux). Runs on the JS thread: it
// opens files and allocates, and must never be called from a handler. A file is opened when the first address in it is asked for.

#ifndef NATIVEPROF_NATIVE_SYMBOLS_H_
#define NATIVEPROF_NATIVE_SYMBOLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "modules.h"

namespace nativeprof {

struct NativeSymbol {
  std::string module;           // absolute path; empty if the address is in no module
  std::string name;             // readable, see symbol_name.h; empty if no function is known to be there
  uint64_t offset_in_file = 0;  // the address as in the file, as addr2line takes it
  uintptr_t start = 0;          // where the function begins in this process; 0 without a name
};

class NativeSymbols {
 public:
  NativeSymbols();
  ~NativeSymbols();
  NativeSymbols(const NativeSymbols&) = delete;
  NativeSymbols& operator=(const NativeSymbols&) = delete;

  // `address` is looked up as it is: of a return address, pass the byte before it.
  // Context: JS thread.
  NativeSymbol Find(uintptr_t address, const ModuleList& modules);

  // Whether static functions of the module have names as well, or only exported ones do: it is stripped, or its file is gone.
  // On macOS always true: what dladdr knows there is all there is to know.
  // Context: JS thread.
  bool HasFullSymbols(const Module& module);

  // Forgets files of which another build is loaded now. To be called when ModuleList::Refresh() has returned true.
  // Context: JS thread.
  void ForgetReplaced();

  // Memory of the indexes, without the mapped files.
  // Context: JS thread.
  size_t index_bytes() const;

 private:
  struct Table;
  Table& TableOf(const Module& module);

  std::vector<std::unique_ptr<Table>> tables_;  // one for each module asked for, a few dozen at most
};

// What `symbol` is called in a profile: its name, else `libc.so.6+0x2a1c0`; in no module, `0x7f0012345678`.
// Context: JS thread.
std::string LabelOf(const NativeSymbol& symbol, uintptr_t address);

}  // namespace nativeprof

#endif  // NATIVEPROF_NATIVE_SYMBOLS_H_
