// elf_symbols.cc: see elf_symbols.h. The layout of the file is that of <elf.h>, ELF64 in the byte order of this machine.

#include "elf_symbols.h"

#if defined(__linux__)

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace nativeprof {

namespace {

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr unsigned char kByteOrder = ELFDATA2LSB;
#else
constexpr unsigned char kByteOrder = ELFDATA2MSB;
#endif

// Copies, because nothing in a file need be aligned.
template <typename T>
bool ReadAt(FileBytes from, uint64_t offset, T* value) {
  if (!from.Has(offset, sizeof(T))) return false;
  std::memcpy(value, from.data + offset, sizeof(T));
  return true;
}

bool ReadHeader(FileBytes file, Elf64_Ehdr* header) {
  return ReadAt(file, 0, header) && std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
         header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == kByteOrder &&
         (header->e_type == ET_EXEC || header->e_type == ET_DYN);
}

FileBytes ProgramHeaders(FileBytes file, const Elf64_Ehdr& header) {
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return FileBytes();
  return file.Part(header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
}

FileBytes SectionHeaders(FileBytes file, const Elf64_Ehdr& header) {
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff == 0) return FileBytes();
  uint64_t count = header.e_shnum;
  if (count == 0) {  // too many for the header: the first section has the number
    Elf64_Shdr first;
    if (!ReadAt(file, header.e_shoff, &first)) return FileBytes();
    count = first.sh_size;
  }
  if (count > file.bytes / sizeof(Elf64_Shdr)) return FileBytes();
  return file.Part(header.e_shoff, count * sizeof(Elf64_Shdr));
}

bool IsFunction(const Elf64_Sym& symbol) {
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0) return false;
  const unsigned type = ELF64_ST_TYPE(symbol.st_info);
  // Assembly often has no types; what has a size and lies in code is a function.
  return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

// Up to the zero byte; empty if there is none before the table's end.
std::string_view NameAt(FileBytes names, uint64_t offset) {
  if (offset >= names.bytes) return std::string_view();
  const char* const begin = reinterpret_cast<const char*>(names.data) + offset;
  const void* const end = std::memchr(begin, '\0', names.bytes - offset);
  if (end == nullptr) return std::string_view();
  return std::string_view(begin, static_cast<size_t>(static_cast<const char*>(end) - begin));
}

// Smaller is better, member by member.
auto RankOf(const Elf64_Sym& symbol, std::string_view name) {
  const bool is_mangled = name.substr(0, 2) == "_Z" || name.substr(0, 2) == "_R";
  const size_t underscores = is_mangled ? 0 : std::min(name.find_first_not_of('_'), name.size());
  const unsigned binding = ELF64_ST_BIND(symbol.st_info);
  const int binding_rank = binding == STB_LOCAL ? 2 : binding == STB_WEAK ? 1 : 0;
  const bool has_suffix = name.find('.') != std::string_view::npos;
  return std::make_tuple(!is_mangled, underscores, has_suffix, binding_rank, name.size(), name);
}

}  // namespace

std::string ElfIdentity(FileBytes file) {
  Elf64_Ehdr header;
  if (!ReadHeader(file, &header)) return std::string();
  const FileBytes segments = ProgramHeaders(file, header);
  if (segments.bytes == 0) return std::string();
  std::string identity(reinterpret_cast<const char*>(segments.data), segments.bytes);
  for (uint64_t at = 0; at < segments.bytes; at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr segment;
    if (!ReadAt(segments, at, &segment) || segment.p_type != PT_NOTE) continue;
    AppendBuildId(file.Part(segment.p_offset, segment.p_filesz), &identity);
  }
  return identity;
}

void AppendBuildId(FileBytes notes, std::string* identity) {
  constexpr uint64_t kGnuBytes = 4;  // "GNU" and a zero
  Elf64_Nhdr note;
  for (uint64_t at = 0; ReadAt(notes, at, &note);) {
    // Both are padded to 4 bytes. Notes padded to 8 have segments of their own, and none of them is a build id.
    const uint64_t name = at + sizeof(note);
    const uint64_t description = name + ((uint64_t{note.n_namesz} + 3) & ~uint64_t{3});
    const FileBytes id = notes.Part(description, note.n_descsz);
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == kGnuBytes && notes.Has(name, kGnuBytes) &&
        std::memcmp(notes.data + name, "GNU", kGnuBytes) == 0 && id.bytes > 0) {
      identity->append(reinterpret_cast<const char*>(id.data), id.bytes);
      return;
    }
    at = description + ((uint64_t{note.n_descsz} + 3) & ~uint64_t{3});
  }
}

void ElfSymbols::Index(FileBytes file) {
  *this = ElfSymbols();
  Elf64_Ehdr header;
  if (!ReadHeader(file, &header)) return;

  code_start_ = UINT64_MAX;
  const FileBytes segments = ProgramHeaders(file, header);
  Elf64_Phdr segment;
  for (uint64_t at = 0; ReadAt(segments, at, &segment); at += sizeof(segment)) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    if (segment.p_memsz > UINT64_MAX - segment.p_vaddr) return;
    code_start_ = std::min(code_start_, uint64_t{segment.p_vaddr});
    code_end_ = std::max(code_end_, uint64_t{segment.p_vaddr} + segment.p_memsz);
  }
  // Else addresses would not fit into half a key. No compiler makes code of 4 GiB.
  if (code_start_ >= code_end_ || code_end_ - code_start_ > UINT32_MAX) return;

  const FileBytes sections = SectionHeaders(file, header);
  for (const uint32_t wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
    Elf64_Shdr section;
    for (uint64_t at = 0; ReadAt(sections, at, &section); at += sizeof(section)) {
      Elf64_Shdr strings;
      if (section.sh_type != wanted || section.sh_entsize != sizeof(Elf64_Sym) ||
          !ReadAt(sections, uint64_t{section.sh_link} * sizeof(strings), &strings) || strings.sh_type != SHT_STRTAB) {
        continue;
      }
      IndexTable(file.Part(section.sh_offset, section.sh_size), file.Part(strings.sh_offset, strings.sh_size));
      if (keys_.empty()) continue;
      is_full_ = wanted == SHT_SYMTAB;
      return;
    }
  }
}

void ElfSymbols::IndexTable(FileBytes symbols, FileBytes names) {
  const uint64_t count = symbols.bytes / sizeof(Elf64_Sym);
  if (count > UINT32_MAX || names.bytes == 0) return;
  symbols_ = symbols;
  names_ = names;
  keys_.reserve(count);
  Elf64_Sym symbol;
  for (uint64_t i = 0; i < count && ReadAt(symbols, i * sizeof(symbol), &symbol); ++i) {
    if (!IsFunction(symbol) || symbol.st_value < code_start_ || symbol.st_value >= code_end_) continue;
    keys_.push_back((symbol.st_value - code_start_) << 32 | i);
  }
  keys_.shrink_to_fit();
  std::sort(keys_.begin(), keys_.end());
}

bool ElfSymbols::Find(uint64_t address, ElfSymbol* found) const {
  if (address < code_start_ || address >= code_end_) return false;
  const uint64_t offset = address - code_start_;
  // The last that begins at or before it, and its aliases. Functions do not nest: none of 104,923 in node 24 does.
  auto after = std::upper_bound(keys_.begin(), keys_.end(), offset << 32 | UINT32_MAX);
  if (after == keys_.begin()) return false;
  const uint64_t start = *(after - 1) >> 32;
  Elf64_Sym best;
  std::string_view best_name;
  for (auto key = after; key != keys_.begin() && *(key - 1) >> 32 == start; --key) {
    Elf64_Sym symbol;
    if (!ReadAt(symbols_, (*(key - 1) & UINT32_MAX) * sizeof(symbol), &symbol)) return false;
    if (offset - start >= symbol.st_size) continue;
    const std::string_view name = NameAt(names_, symbol.st_name);
    if (name.empty() || (!best_name.empty() && !(RankOf(symbol, name) < RankOf(best, best_name)))) continue;
    best = symbol;
    best_name = name;
  }
  if (best_name.empty()) return false;
  *found = {code_start_ + start, best_name};
  return true;
}

}  // namespace nativeprof

#endif  // defined(__linux__)
