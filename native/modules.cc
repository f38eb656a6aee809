// modules.cc: see modules.h.

#include "modules.h"

#include <algorithm>

#if defined(__linux__)
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>
#elif defined(__APPLE__)
#include <mach-o/dyld.h>
#include <mach-o/loader.h>
#endif

namespace nativeprof {

namespace {

#if defined(__linux__) || defined(__APPLE__)
bool StartsBefore(const Module& a, const Module& b) { return a.start < b.start; }
#endif

#if defined(__linux__)

// Empty if /proc is not there: then nobody can open the program's file either.
std::string ProgramPath() {
  std::string path(256, '\0');
  for (;;) {
    const ssize_t bytes = readlink("/proc/self/exe", path.data(), path.size());
    if (bytes < 0) return std::string();
    if (static_cast<size_t>(bytes) < path.size()) return path.substr(0, static_cast<size_t>(bytes));
    path.resize(path.size() * 2);  // it was cut
  }
}

// The dynamic linker keeps the name that dlopen was given, which may be relative to the current directory.
std::string AbsolutePath(const char* name) {
  if (name[0] == '/') return name;
  char* const absolute = realpath(name, nullptr);
  if (absolute == nullptr) return name;
  const std::string path = absolute;
  free(absolute);
  return path;
}

// Where the module is, and what of it can be read; not its path.
Module FromHeaders(const dl_phdr_info& info) {
  Module module;
  module.bias = info.dlpi_addr;
  for (size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const uintptr_t start = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_GNU_EH_FRAME) {
      module.eh_frame_hdr = start;
      module.eh_frame_hdr_bytes = header.p_memsz;
    }
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    module.start = module.end == 0 ? start : std::min(module.start, start);
    module.end = std::max(module.end, start + header.p_memsz);
  }
  for (size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const uintptr_t start = info.dlpi_addr + header.p_vaddr;
    const bool is_readonly = header.p_type == PT_LOAD && (header.p_flags & (PF_R | PF_W)) == PF_R;
    if (!is_readonly || module.eh_frame_hdr < start || module.eh_frame_hdr >= start + header.p_memsz) continue;
    module.readonly_start = start;
    module.readonly_end = start + header.p_memsz;
  }
  if (module.readonly_end - module.eh_frame_hdr < module.eh_frame_hdr_bytes || module.readonly_end == 0) {
    module.eh_frame_hdr = module.eh_frame_hdr_bytes = module.readonly_start = module.readonly_end = 0;
  }
  return module;
}

bool IsVdso(const dl_phdr_info& info) {
  // The vdso's headers lie behind its ELF header, whose address the kernel tells.
  const uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
  const uintptr_t headers = reinterpret_cast<uintptr_t>(info.dlpi_phdr);
  return vdso != 0 && headers - vdso == sizeof(ElfW(Ehdr));
}

struct Listing {
  uint64_t loads_before;
  uint64_t unloads_before;
  uint64_t loads;
  uint64_t unloads;
  bool has_changed;
  size_t visited;
  std::vector<Module> modules;
};

int ListOne(dl_phdr_info* info, size_t, void* data) {
  Listing& listing = *static_cast<Listing*>(data);
  const bool is_first = listing.visited++ == 0;
  if (is_first) {
    listing.loads = info->dlpi_adds;
    listing.unloads = info->dlpi_subs;
    listing.has_changed = listing.loads != listing.loads_before || listing.unloads != listing.unloads_before;
    if (!listing.has_changed) return 1;
  }
  Module module = FromHeaders(*info);
  if (module.start == module.end) return 0;
  module.is_program = is_first;  // dl_iterate_phdr(3): the first is the main program
  module.path = is_first ? ProgramPath() : IsVdso(*info) ? "[vdso]" : AbsolutePath(info->dlpi_name);
  listing.modules.push_back(std::move(module));
  return 0;
}

struct Visit {
  const std::vector<Module>& modules;
  const std::function<void(const Module&)>& visit;
};

int VisitOne(dl_phdr_info* info, size_t, void* data) {
  const Visit& visit = *static_cast<Visit*>(data);
  const Module now = FromHeaders(*info);
  const auto known = std::lower_bound(visit.modules.begin(), visit.modules.end(), now, StartsBefore);
  // Another library may lie where one was; if it lies there in the same way, what is read is at least there.
  const bool is_loaded = known != visit.modules.end() && known->start == now.start && known->end == now.end &&
                         known->bias == now.bias && known->eh_frame_hdr == now.eh_frame_hdr &&
                         known->eh_frame_hdr_bytes == now.eh_frame_hdr_bytes &&
                         known->readonly_start == now.readonly_start && known->readonly_end == now.readonly_end;
  if (is_loaded) visit.visit(*known);
  return 0;
}

#elif defined(__APPLE__)

Module FromImage(const mach_header* image, uintptr_t slide, const char* path) {
  Module module;
  module.bias = slide;
  module.path = path;
  module.is_program = image->filetype == MH_EXECUTE;
  const uint8_t* at = reinterpret_cast<const uint8_t*>(image) + sizeof(mach_header_64);
  for (uint32_t i = 0; i < image->ncmds; ++i) {
    const load_command* const command = reinterpret_cast<const load_command*>(at);
    at += command->cmdsize;
    if (command->cmd != LC_SEGMENT_64) continue;
    const segment_command_64* const segment = reinterpret_cast<const segment_command_64*>(command);
    if ((segment->initprot & VM_PROT_EXECUTE) == 0) continue;
    const uintptr_t start = static_cast<uintptr_t>(segment->vmaddr) + slide;
    const uintptr_t end = start + static_cast<uintptr_t>(segment->vmsize);
    module.start = module.end == 0 ? start : std::min(module.start, start);
    module.end = std::max(module.end, end);
  }
  return module;
}

#endif

}  // namespace

#if defined(__linux__)

bool ModuleList::Refresh() {
  Listing listing = {loads_, unloads_, 0, 0, false, 0, {}};
  dl_iterate_phdr(ListOne, &listing);
  if (!listing.has_changed) return false;
  std::sort(listing.modules.begin(), listing.modules.end(), StartsBefore);
  modules_ = std::move(listing.modules);
  loads_ = listing.loads;
  unloads_ = listing.unloads;
  return true;
}

void ModuleList::VisitLoaded(const std::function<void(const Module&)>& visit) const {
  // glibc holds the lock of dlopen and dlclose while it calls us; musl never unmaps a library.
  Visit data = {modules_, visit};
  dl_iterate_phdr(VisitOne, &data);
}

#elif defined(__APPLE__)

bool ModuleList::Refresh() {
  // The list may change while we read it: then an image is missing, or there twice, and the next call lists again.
  const uint32_t count = _dyld_image_count();
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    sum = sum * 31 + reinterpret_cast<uintptr_t>(_dyld_get_image_header(i));
  }
  if (count == loads_ && sum == unloads_) return false;
  std::vector<Module> modules;
  for (uint32_t i = 0; i < count; ++i) {
    const mach_header* const image = _dyld_get_image_header(i);
    const char* const path = _dyld_get_image_name(i);
    if (image == nullptr || path == nullptr) continue;
    Module module = FromImage(image, static_cast<uintptr_t>(_dyld_get_image_vmaddr_slide(i)), path);
    if (module.start != module.end) modules.push_back(std::move(module));
  }
  std::sort(modules.begin(), modules.end(), StartsBefore);
  modules_ = std::move(modules);
  loads_ = count;
  unloads_ = sum;
  return true;
}

void ModuleList::VisitLoaded(const std::function<void(const Module&)>&) const {}

#else

bool ModuleList::Refresh() { return false; }

void ModuleList::VisitLoaded(const std::function<void(const Module&)>&) const {}

#endif

const Module* ModuleList::Find(uintptr_t address) const {
  const auto after =
      std::upper_bound(modules_.begin(), modules_.end(), address,
                       [](uintptr_t wanted, const Module& module) { return wanted < module.start; });
  if (after == modules_.begin()) return nullptr;
  const Module& module = *(after - 1);
  return address < module.end ? &module : nullptr;
}

}  // namespace nativeprof
