// linked_image.cc: see linked_image.h.

#include "linked_image.h"

#include <dlfcn.h>

#if defined(__linux__)
#include <link.h>

#include "elf_symbols.h"
#endif

namespace nativeprof {

bool FindLinkedSymbol(uintptr_t address, LinkedSymbol* symbol) {
  Dl_info info;
  const auto pointer = reinterpret_cast<void*>(address);
#if defined(__GLIBC__)
  const ElfW(Sym)* entry = nullptr;
  if (dladdr1(pointer, &info, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&entry)), RTLD_DL_SYMENT) == 0) return false;
  // dladdr itself takes a symbol without a size for all up to the next one.
  if (entry == nullptr || address - reinterpret_cast<uintptr_t>(info.dli_saddr) >= entry->st_size) return false;
#else
  if (dladdr(pointer, &info) == 0) return false;
#endif
  if (info.dli_sname == nullptr || *info.dli_sname == '\0') return false;
  *symbol = {info.dli_sname, reinterpret_cast<uintptr_t>(info.dli_saddr)};
  return true;
}

#if defined(__linux__)

namespace {

struct Search {
  uintptr_t address;
  std::string identity;
};

bool Holds(const dl_phdr_info& image, const ElfW(Phdr) & segment, uintptr_t address, uintptr_t bytes) {
  const uintptr_t start = image.dlpi_addr + segment.p_vaddr;
  return segment.p_type == PT_LOAD && address >= start && address - start < segment.p_memsz &&
         bytes <= segment.p_memsz - (address - start);
}

bool HoldsAnywhere(const dl_phdr_info& image, uintptr_t address, uintptr_t bytes) {
  for (int i = 0; i < image.dlpi_phnum; ++i) {
    if (Holds(image, image.dlpi_phdr[i], address, bytes)) return true;
  }
  return false;
}

// The linker lets nothing be unloaded while this runs.
int Visit(dl_phdr_info* image, size_t, void* data) {
  Search& search = *static_cast<Search*>(data);
  if (!HoldsAnywhere(*image, search.address, 1)) return 0;
  search.identity.assign(reinterpret_cast<const char*>(image->dlpi_phdr), image->dlpi_phnum * sizeof(ElfW(Phdr)));
  for (int i = 0; i < image->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = image->dlpi_phdr[i];
    const uintptr_t notes = image->dlpi_addr + segment.p_vaddr;
    // By the size in the file, as ElfIdentity() reads it.
    if (segment.p_type != PT_NOTE || !HoldsAnywhere(*image, notes, segment.p_filesz)) continue;
    AppendBuildId({reinterpret_cast<const uint8_t*>(notes), segment.p_filesz}, &search.identity);
  }
  return 1;
}

}  // namespace

std::string LinkedIdentity(uintptr_t address) {
  Search search{address, {}};
  dl_iterate_phdr(Visit, &search);
  return search.identity;
}

#endif  // defined(__linux__)

}  // namespace nativeprof
