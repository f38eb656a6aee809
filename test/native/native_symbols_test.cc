// native_symbols_test.cc: addresses of this program, of libc and of libraries built here become files and names. What is wanted
// is known from the source and from the linker's own view. Neighbour: elf_symbols_test.cc, on damaged files.
// With: constrained_name.cc elf_symbols.cc linked_image.cc mapped_file.cc modules.cc native_symbols.cc rust_name.cc symbol_name.cc

#include "native_symbols.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "built_library.h"
#include "elf_symbols.h"
#include "linked_image.h"
#include "mapped_file.h"
#include "tap.h"

#if defined(__linux__)

using built_library::Contents;
using built_library::kAddon;
using nativeprof::ElfIdentity;
using nativeprof::LabelOf;
using nativeprof::ModuleList;
using nativeprof::NativeSymbol;
using nativeprof::NativeSymbols;

namespace outer {

namespace {
__attribute__((noinline)) int Hidden(int value) {
  asm volatile("" : "+r"(value));
  return value + 1;
}
}  // namespace

__attribute__((noinline)) int Shown(int value) { return Hidden(value) * 3; }

}  // namespace outer

// Of a size known here: `nop` is one byte on x64, four on arm64.
asm(R"(
  .text
  .globl sized_code
  .type sized_code, %function
sized_code:
  nop
  nop
  nop
  nop
  .size sized_code, . - sized_code
  .globl unsized_code
  .type unsized_code, %function
unsized_code:
  nop
  nop
  nop
  nop
  .globl __alias_of_three
  .globl alias_of_three
  .weak a_weak_alias
  .type __alias_of_three, %function
  .type alias_of_three, %function
  .type a_weak_alias, %function
__alias_of_three:
alias_of_three:
a_weak_alias:
  nop
  .size __alias_of_three, . - __alias_of_three
  .size alias_of_three, . - alias_of_three
  .size a_weak_alias, . - a_weak_alias
untyped_code:
  nop
  .size untyped_code, . - untyped_code
)");
extern "C" const char sized_code[], unsized_code[], alias_of_three[];

namespace {

template <typename Function>
uintptr_t AddressOf(Function* function) {
  return reinterpret_cast<uintptr_t>(function);
}

const built_library::Folder folder;

struct Addon {
  explicit Addon(const std::string& file) : handle(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle == nullptr) return;
    entry = reinterpret_cast<uintptr_t>(dlsym(handle, "addon_entry"));
    void* const get = dlsym(handle, "addon_inner");
    if (get != nullptr) inner = reinterpret_cast<uintptr_t>(reinterpret_cast<void* (*)()>(get)());
    list.Refresh();
  }
  ~Addon() {
    if (handle != nullptr) dlclose(handle);
  }
  void* handle;
  uintptr_t entry = 0;
  uintptr_t inner = 0;
  ModuleList list;
};

}  // namespace

TEST("static and exported functions of the program have their names, and begin where they begin") {
  ModuleList modules;
  modules.Refresh();
  NativeSymbols symbols;
  CHECK_EQUAL(static_cast<uint64_t>(outer::Shown(1)), 6);
  const NativeSymbol hidden = symbols.Find(AddressOf(outer::Hidden) + 1, modules);
  CHECK(hidden.name == "outer::(anonymous namespace)::Hidden");
  CHECK_EQUAL(hidden.start, AddressOf(outer::Hidden));
  CHECK(symbols.Find(AddressOf(outer::Shown), modules).name == "outer::Shown");
  char self[4096] = {};
  CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
  CHECK(hidden.module == self);
  CHECK(symbols.HasFullSymbols(*modules.Find(AddressOf(outer::Hidden))));
}

TEST("a symbol counts within its size, and without a size not at all") {
  ModuleList modules;
  modules.Refresh();
  NativeSymbols symbols;
  const uintptr_t start = AddressOf(sized_code);
  const uintptr_t end = AddressOf(unsized_code);
  CHECK(symbols.Find(end - 1, modules).name == "sized_code");
  CHECK_EQUAL(symbols.Find(end - 1, modules).start, start);
  const NativeSymbol past = symbols.Find(end, modules);
  CHECK(past.name.empty());
  CHECK_EQUAL(past.start, 0);
  CHECK_EQUAL(past.offset_in_file, end - modules.Find(end)->bias);
  const std::string label = LabelOf(past, end);
  CHECK(label.find("native_symbols_test+0x") == 0);
  CHECK_EQUAL(std::strtoull(label.c_str() + label.find('+') + 1, nullptr, 16), past.offset_in_file);
}

TEST("of aliases the plain global name is chosen, and code without a type has a name if it has a size") {
  ModuleList modules;
  modules.Refresh();
  NativeSymbols symbols;
  CHECK(symbols.Find(AddressOf(alias_of_three), modules).name == "alias_of_three");
  const uintptr_t instruction_bytes = (AddressOf(unsized_code) - AddressOf(sized_code)) / 4;
  CHECK(symbols.Find(AddressOf(alias_of_three) + instruction_bytes, modules).name == "untyped_code");
}

TEST("functions of libc have the names that it exports") {
  ModuleList modules;
  modules.Refresh();
  NativeSymbols symbols;
  void* const libc = dlopen("libc.so.6", RTLD_NOW);
  for (const char* const name : {"qsort", "getenv", "write", "fopen"}) {
    const auto address = reinterpret_cast<uintptr_t>(dlsym(libc, name));
    const NativeSymbol symbol = symbols.Find(address + 1, modules);
    if (!CHECK(symbol.name == name)) std::printf("  #   %s and not %s\n", symbol.name.c_str(), name);
    CHECK_EQUAL(symbol.start, address);
    CHECK(symbol.module.find("libc") != std::string::npos && symbol.module.front() == '/');
  }
  dlclose(libc);
}

TEST("the kernel's own library has names, without a file") {
  ModuleList modules;
  modules.Refresh();
  NativeSymbols symbols;
  for (const nativeprof::Module& module : modules.modules()) {
    if (module.path != "[vdso]") continue;
    bool has_clock = false;
    for (uintptr_t at = module.start; at < module.end; at += 4) {
      has_clock = has_clock || symbols.Find(at, modules).name.find("clock_gettime") != std::string::npos;
    }
    CHECK(has_clock);
    CHECK(!symbols.HasFullSymbols(module));
  }
}

TEST("an address in no module has no name, and is its own label") {
  ModuleList modules;
  modules.Refresh();
  NativeSymbols symbols;
  const NativeSymbol symbol = symbols.Find(0x1234, modules);
  CHECK(symbol.module.empty() && symbol.name.empty());
  CHECK(LabelOf(symbol, 0x1234) == "0x1234");
}

TEST("functions of an addon have its file and its symbols") {
  const std::string file = folder.Build("addon.node", "-DVERSION=1 -Wl,--build-id", kAddon);
  const Addon addon(file);
  NativeSymbols symbols;
  if (!CHECK(addon.inner != 0)) return;
  const NativeSymbol inner = symbols.Find(addon.inner, addon.list);
  CHECK(inner.name == "addon::Inner");
  CHECK(inner.module == file);
  CHECK(symbols.Find(addon.entry, addon.list).name == "addon_entry");
  CHECK(symbols.HasFullSymbols(*addon.list.Find(addon.inner)));
}

TEST("a stripped addon has the names that it exports, and is known to be stripped") {
  const Addon addon(folder.Build("stripped.node", "-DVERSION=1 -s", kAddon));
  NativeSymbols symbols;
  if (!CHECK(addon.inner != 0)) return;
  CHECK(symbols.Find(addon.entry, addon.list).name == "addon_entry");
  CHECK(symbols.Find(addon.inner, addon.list).name.empty());
  CHECK(!symbols.HasFullSymbols(*addon.list.Find(addon.inner)));
}

TEST("a file that was replaced since it was loaded gives no names; those that the linker knows remain") {
  for (const char* const flags : {"-Wl,--build-id", "-Wl,--build-id=none"}) {
    const Addon addon(folder.Build("replaced.node", std::string("-DVERSION=1 ") + flags, kAddon));
    const std::string other = "int padding(int a) { return a * a; }\n" + std::string(kAddon) + "int more[5000] = {1};\n";
    if (!CHECK(addon.inner != 0) || !CHECK(!folder.Build("replaced.node", "-DVERSION=2", other).empty())) return;
    NativeSymbols symbols;
    CHECK(symbols.Find(addon.entry, addon.list).name == "addon_entry");
    CHECK(symbols.Find(addon.inner, addon.list).name.empty());
    CHECK(!symbols.HasFullSymbols(*addon.list.Find(addon.inner)));
  }
}

TEST("builds that differ only in their build id are told apart") {
  const std::string one = folder.Build("one.node", "-DVERSION=1 -Wl,--build-id=0x1111", kAddon);
  const std::string two = folder.Build("two.node", "-DVERSION=1 -Wl,--build-id=0x2222", kAddon);
  const std::string first = Contents(one);
  const std::string second = Contents(two);
  const auto identity = [](const std::string& file) {
    return ElfIdentity({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
  };
  if (!CHECK(!identity(first).empty())) return;
  CHECK(identity(first) != identity(second));
  CHECK(identity(first).substr(0, identity(first).size() - 2) == identity(second).substr(0, identity(second).size() - 2));
  const Addon addon(one);
  CHECK(nativeprof::LinkedIdentity(addon.entry) == identity(first));
}

TEST("names outlive the unloading of a library until another one is where it was") {
  const std::string file = folder.Build("unloaded.node", "-DVERSION=1", kAddon);
  NativeSymbols symbols;
  ModuleList before;
  uintptr_t inner = 0;
  {
    const Addon addon(file);
    inner = addon.inner;
    before = addon.list;
    CHECK(symbols.Find(inner, before).name == "addon::Inner");
  }
  symbols.ForgetReplaced();
  CHECK(symbols.Find(inner, before).name == "addon::Inner");

  const std::string renamed = folder.Build("unloaded.node", "-DVERSION=2 -DInner=Other", kAddon);
  const Addon again(renamed);
  symbols.ForgetReplaced();
  CHECK(symbols.Find(again.inner, again.list).name == "addon::Other");
}

#endif  // defined(__linux__)

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
