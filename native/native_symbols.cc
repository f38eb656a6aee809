// native_symbols.cc: see native_symbols.h.

#include "native_symbols.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "elf_symbols.h"
#include "linked_image.h"
#include "mapped_file.h"
#include "symbol_name.h"

namespace nativeprof {

// A module, and what its file says. Without a file that can be trusted, `symbols` is empty and dladdr is asked.
struct NativeSymbols::Table {
  Module module;
#if defined(__linux__)
  std::string identity;  // of the image that is loaded
  MappedFile file;
  ElfSymbols symbols;
#endif
};

NativeSymbols::NativeSymbols() = default;
NativeSymbols::~NativeSymbols() = default;

NativeSymbol NativeSymbols::Find(uintptr_t address, const ModuleList& modules) {
  NativeSymbol symbol;
  const Module* const module = modules.Find(address);
  if (module == nullptr) return symbol;
  symbol.module = module->path;
  symbol.offset_in_file = address - module->bias;
#if defined(__linux__)
  const Table& table = TableOf(*module);
  if (table.symbols.size() > 0) {
    ElfSymbol found;
    if (!table.symbols.Find(symbol.offset_in_file, &found)) return symbol;
    symbol.name = ReadableSymbolName(found.name);
    symbol.start = module->bias + found.address;
    return symbol;
  }
#endif
  LinkedSymbol found;
  if (FindLinkedSymbol(address, &found)) {
    symbol.name = ReadableSymbolName(found.name);
    symbol.start = found.start;
  }
  return symbol;
}

NativeSymbols::Table& NativeSymbols::TableOf(const Module& module) {
  for (const std::unique_ptr<Table>& table : tables_) {
    const Module& known = table->module;
    if (known.start == module.start && known.bias == module.bias && known.path == module.path) return *table;
  }
  tables_.push_back(std::make_unique<Table>());
  Table& table = *tables_.back();
  table.module = module;
#if defined(__linux__)
  // The program's file may have been replaced by an update; this link leads to what was started, even if deleted.
  const char* const path = module.is_program ? "/proc/self/exe" : module.path.c_str();
  table.identity = LinkedIdentity(module.start);
  const bool has_file = path[0] == '/';  // the kernel's `[vdso]` has none
  if (table.identity.empty() || !has_file || !table.file.Open(path)) return table;
  const FileBytes bytes{table.file.data(), table.file.bytes()};
  if (ElfIdentity(bytes) == table.identity) table.symbols.Index(bytes);
  if (table.symbols.size() > 0) {
    table.file.ForgetPages();  // Index() has read all of the symbol table: 3.9 MB in node 26
  } else {
    table.file.Close();
  }
#endif
  return table;
}

bool NativeSymbols::HasFullSymbols(const Module& module) {
#if defined(__linux__)
  return TableOf(module).symbols.is_full();
#else
  static_cast<void>(module);
  return true;
#endif
}

void NativeSymbols::ForgetReplaced() {
#if defined(__linux__)
  // What has been unloaded and not replaced stays: samples from before may still be waiting for their names.
  const auto is_replaced = [](const std::unique_ptr<Table>& table) {
    const std::string loaded = LinkedIdentity(table->module.start);
    return !loaded.empty() && loaded != table->identity;
  };
  tables_.erase(std::remove_if(tables_.begin(), tables_.end(), is_replaced), tables_.end());
#endif
}

size_t NativeSymbols::index_bytes() const {
  size_t bytes = 0;
#if defined(__linux__)
  for (const std::unique_ptr<Table>& table : tables_) bytes += table->symbols.index_bytes();
#endif
  return bytes;
}

std::string LabelOf(const NativeSymbol& symbol, uintptr_t address) {
  if (!symbol.name.empty()) return symbol.name;
  char hexadecimal[2 + 16 + 1];  // 0x, 16 digits, zero byte
  const uint64_t number = symbol.module.empty() ? uint64_t{address} : symbol.offset_in_file;
  std::snprintf(hexadecimal, sizeof(hexadecimal), "0x%" PRIx64, number);
  if (symbol.module.empty()) return hexadecimal;
  return PrintableName(symbol.module.substr(symbol.module.rfind('/') + 1)) + "+" + hexadecimal;
}

}  // namespace nativeprof
