// linked_image.h: what the dynamic linker knows of the code at an address: the symbol that it exports, and which build of its
// file is loaded. Runs on the JS thread: the linker takes locks.

#ifndef NATIVEPROF_LINKED_IMAGE_H_
#define NATIVEPROF_LINKED_IMAGE_H_

#include <cstdint>
#include <string>

namespace nativeprof {

struct LinkedSymbol {
  std::string name;  // as the linker has it
  uintptr_t start = 0;
};

// The exported function that `address` lies in. Only within its size, where sizes are known: glibc has them; elsewhere it is
// the nearest symbol at or before the address.
// Context: JS thread.
bool FindLinkedSymbol(uintptr_t address, LinkedSymbol* symbol);

#if defined(__linux__)
// The image whose segments hold `address`, as ElfIdentity() tells builds of a file apart. Empty if there is none.
// Context: JS thread.
std::string LinkedIdentity(uintptr_t address);
#endif

}  // namespace nativeprof

#endif  // NATIVEPROF_LINKED_IMAGE_H_
