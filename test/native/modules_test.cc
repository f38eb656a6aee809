// modules_test.cc: the list of modules against what the dynamic linker, the kernel and the C library say of the same.
// With: modules.cc

#include "modules.h"

#include "tap.h"

#if defined(__linux__)

#include <dlfcn.h>
#include <sys/auxv.h>

#include <cstdlib>

using nativeprof::Module;
using nativeprof::ModuleList;

namespace {

// A library that nothing here needs, so that it can be unloaded.
constexpr char kLibrary[] = "libresolv.so.2";
constexpr char kSymbol[] = "__res_nameinquery";

int CodeOfTheProgram() { return 1; }

uintptr_t AddressOf(int (*function)()) { return reinterpret_cast<uintptr_t>(function); }

}  // namespace

TEST("the program is listed, with the path that the kernel has") {
  ModuleList list;
  CHECK(list.Refresh());
  const Module* const program = list.Find(AddressOf(CodeOfTheProgram));
  if (!CHECK(program != nullptr)) return;
  CHECK(program->is_program);
  char* const path = realpath("/proc/self/exe", nullptr);
  CHECK(path != nullptr && program->path == path);
  free(path);
  int programs = 0;
  for (const Module& module : list.modules()) programs += module.is_program;
  CHECK_EQUAL(static_cast<uint64_t>(programs), 1);
}

TEST("libc is listed, at the address that dladdr says, and its tables are within its read-only segment") {
  ModuleList list;
  list.Refresh();
  void* const function = dlsym(RTLD_DEFAULT, "qsort");
  const Module* const libc = list.Find(reinterpret_cast<uintptr_t>(function));
  Dl_info info;
  if (!CHECK(libc != nullptr) || !CHECK(dladdr(function, &info) != 0)) return;
  CHECK(!libc->is_program);
  CHECK_EQUAL(libc->bias, reinterpret_cast<uintptr_t>(info.dli_fbase));
  CHECK(libc->path == info.dli_fname && libc->path[0] == '/');
  CHECK(libc->eh_frame_hdr >= libc->readonly_start && libc->eh_frame_hdr_bytes > 0);
  CHECK(libc->eh_frame_hdr + libc->eh_frame_hdr_bytes <= libc->readonly_end);
  CHECK_EQUAL(*reinterpret_cast<const uint8_t*>(libc->eh_frame_hdr), 1);  // its version
}

TEST("the vdso is listed by that name") {
  ModuleList list;
  list.Refresh();
  int count = 0;
  for (const Module& module : list.modules()) count += module.path == "[vdso]";
  CHECK_EQUAL(static_cast<uint64_t>(count), getauxval(AT_SYSINFO_EHDR) == 0 ? 0 : 1);
}

TEST("addresses outside of code are in no module") {
  ModuleList list;
  CHECK(list.Find(AddressOf(CodeOfTheProgram)) == nullptr);  // nothing is listed yet
  list.Refresh();
  int variable = 0;
  CHECK(list.Find(0) == nullptr);
  CHECK(list.Find(UINTPTR_MAX) == nullptr);
  CHECK(list.Find(reinterpret_cast<uintptr_t>(&variable)) == nullptr);
  for (const Module& module : list.modules()) {
    CHECK(list.Find(module.start) == &module);
    CHECK(list.Find(module.end - 1) == &module);
    CHECK(list.Find(module.end) != &module);
  }
}

TEST("a library that is loaded and unloaded comes and goes, and is visited while it is there") {
  ModuleList list;
  list.Refresh();
  CHECK(!list.Refresh());
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!CHECK(library != nullptr)) return;
  CHECK(list.Refresh());
  CHECK(!list.Refresh());
  const uintptr_t address = reinterpret_cast<uintptr_t>(dlsym(library, kSymbol));
  const Module* const module = list.Find(address);
  if (!CHECK(module != nullptr)) return;
  const auto visits = [&] {
    size_t found = 0;
    list.VisitLoaded([&](const Module& loaded) { found += loaded.start == module->start; });
    return found;
  };
  CHECK_EQUAL(visits(), 1);
  dlclose(library);
  if (dlopen(kLibrary, RTLD_NOW | RTLD_NOLOAD) != nullptr) return;  // some sanitizers keep libraries
  CHECK_EQUAL(visits(), 0);
  CHECK(list.Find(address) == module);  // the list is a copy
  CHECK(list.Refresh());
  CHECK(list.Find(address) == nullptr);
}

#else

TEST("a list finds its own modules, where there are any") {
  nativeprof::ModuleList list;
  list.Refresh();
  for (const nativeprof::Module& module : list.modules()) CHECK(list.Find(module.start) == &module);
}

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
