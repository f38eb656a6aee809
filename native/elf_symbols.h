// elf_symbols.h: the functions in the symbol table of an ELF file, found by address.
//
// The file is somebody else's, and may be truncated, damaged or made up: every offset is checked against its size before use, and
// what does not fit gives no symbols. Names are not copied: the bytes must stay where they are. Runs on the JS thread.
// Neighbours: mapped_file.h brings the bytes, native_symbols.h knows which file belongs to which address.

#ifndef NATIVEPROF_ELF_SYMBOLS_H_
#define NATIVEPROF_ELF_SYMBOLS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nativeprof {

// A part of a file. Reads within it only.
// Context: JS thread, for all of it.
struct FileBytes {
  const uint8_t* data = nullptr;
  size_t bytes = 0;

  bool Has(uint64_t offset, uint64_t count) const { return offset <= bytes && count <= bytes - offset; }
  FileBytes Part(uint64_t offset, uint64_t count) const {
    return Has(offset, count) ? FileBytes{data + offset, static_cast<size_t>(count)} : FileBytes();
  }
};

struct ElfSymbol {
  uint64_t address = 0;    // in the file
  std::string_view name;   // as the linker has it; points into the file
};

// What tells one build of a file from another: its program headers and its build id. Empty if it is no ELF file of this
// machine's width and byte order.
// Context: JS thread.
std::string ElfIdentity(FileBytes file);

// Adds the description of the build id among these notes, if there is one.
// Context: JS thread.
void AppendBuildId(FileBytes notes, std::string* identity);

class ElfSymbols {
 public:
  // Indexes .symtab, else .dynsym: 8 bytes for each function. An earlier index is forgotten. The file must outlive this.
  // Context: JS thread.
  void Index(FileBytes file);

  // The function that `address`, as in the file, lies in. Only within its size: a symbol without a size covers nothing.
  // Of several at one address: C++ before C, few leading underscores before many, no suffix before `.isra.0`, global before
  // weak before local, short before long, and at last by the alphabet.
  // Context: JS thread.
  bool Find(uint64_t address, ElfSymbol* found) const;

  // Whether they come from .symtab: names of all functions, not only of exported ones.
  bool is_full() const { return is_full_; }
  size_t size() const { return keys_.size(); }
  size_t index_bytes() const { return keys_.capacity() * sizeof(uint64_t); }

 private:
  void IndexTable(FileBytes symbols, FileBytes names);

  FileBytes symbols_;  // Elf64_Sym, one after the other, perhaps not aligned
  FileBytes names_;
  uint64_t code_start_ = 0;  // of the executable segments, as in the file
  uint64_t code_end_ = 0;
  // Sorted. High half: address from code_start_; low half: index in symbols_. As numbers these sort twice as fast as a struct,
  // and sizes and names are looked up in the file once they are needed.
  std::vector<uint64_t> keys_;
  bool is_full_ = false;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_ELF_SYMBOLS_H_
