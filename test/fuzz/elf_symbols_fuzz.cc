// elf_symbols_fuzz.cc: files that are no ELF files, or no longer. No symbol lies outside of its file.
// With: elf_symbols.cc

#include "elf_symbols.h"

#include "input.h"

using nativeprof::ElfSymbol;
using nativeprof::ElfSymbols;
using nativeprof::FileBytes;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  const uint32_t step = input.Take<uint8_t>() + 1u;
  const std::vector<uint8_t> contents = input.TakeBytes(SIZE_MAX);
  const FileBytes file{contents.data(), contents.size()};
  static_cast<void>(ElfIdentity(file));
  ElfSymbols symbols;
  symbols.Index(file);
  REQUIRE(symbols.size() <= contents.size());
  ElfSymbol found;
  for (uint64_t i = 0, address = 0; i < 2000; ++i, address += step) {
    if (!symbols.Find(address, &found)) continue;
    REQUIRE(found.address <= address);
    REQUIRE(!found.name.empty());
    const auto* const name = reinterpret_cast<const uint8_t*>(found.name.data());
    REQUIRE(name >= contents.data() && name + found.name.size() < contents.data() + contents.size());
  }
  symbols.Find(UINT64_MAX, &found);
  return 0;
}
