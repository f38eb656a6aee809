// elf_symbols_test.cc: files that are truncated, damaged or made up give fewer symbols or none, and no read outside of them, which
// AddressSanitizer watches. Made from this program's own file and from a library built here. The generator has a fixed seed.
// With: elf_symbols.cc mapped_file.cc

#include "elf_symbols.h"

#include <elf.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "built_library.h"
#include "mapped_file.h"
#include "tap.h"

#if defined(__linux__)

using built_library::Contents;
using built_library::kAddon;
using nativeprof::ElfIdentity;
using nativeprof::ElfSymbol;
using nativeprof::ElfSymbols;
using nativeprof::FileBytes;

namespace {

const built_library::Folder folder;

// Looks up all over the code, so that every part of a damaged file that can be read is read.
size_t CountNamed(const ElfSymbols& symbols) {
  size_t named = 0;
  ElfSymbol found;
  for (uint64_t address = 0; address < 0x80000; address += 0x40) named += symbols.Find(address, &found) ? 1 : 0;
  return named;
}

// In memory of exactly this size, so that a sanitizer sees a read past its end.
size_t CountNamedIn(const std::string& bytes) {
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  const FileBytes file{copy.get(), bytes.size()};
  static_cast<void>(ElfIdentity(file));
  ElfSymbols symbols;
  symbols.Index(file);
  return CountNamed(symbols);
}

}  // namespace

TEST("a part that begins or ends outside of a file is no part of it") {
  const uint8_t data[100] = {};
  const FileBytes file{data, sizeof(data)};
  CHECK(file.Has(0, 100) && file.Has(100, 0) && file.Has(99, 1));
  CHECK(!file.Has(0, 101) && !file.Has(101, 0) && !file.Has(99, 2));
  CHECK(!file.Has(UINT64_MAX, 2) && !file.Has(UINT64_MAX - 1, 10) && !file.Has(2, UINT64_MAX));
  CHECK_EQUAL(file.Part(UINT64_MAX - 1, 10).bytes, 0);
}

TEST("a truncated file gives fewer symbols or none, never a crash") {
  const std::string whole = Contents("/proc/self/exe");
  CHECK(CountNamedIn(whole) > 20);
  size_t most = 0;
  for (size_t bytes = 0; bytes < 4096; bytes += 3) most = std::max(most, CountNamedIn(whole.substr(0, bytes)));
  const size_t step = whole.size() / 400 + 1;
  for (size_t bytes = 0; bytes < whole.size(); bytes += step) most = std::max(most, CountNamedIn(whole.substr(0, bytes)));
  for (size_t missing = 1; missing < 200; ++missing) CountNamedIn(whole.substr(0, whole.size() - missing));
  CHECK_EQUAL(most, 0);  // the section headers are at the end
}

TEST("a damaged file never makes a crash") {
  const std::string whole = Contents(folder.Build("damaged.node", "-DVERSION=1", kAddon));
  if (!CHECK(whole.size() > 4096)) return;
  uint64_t section_headers = 0;
  std::memcpy(&section_headers, whole.data() + offsetof(Elf64_Ehdr, e_shoff), sizeof(section_headers));
  std::mt19937 random(20240607);
  size_t unharmed = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string damaged = whole;
    // Where headers are, where section headers are, anywhere.
    const size_t begin = round % 3 == 1 ? section_headers : 0;
    const size_t range = round % 3 == 0 ? 0x400 : whole.size() - begin;
    const int flips = 1 + round % 7;
    for (int i = 0; i < flips; ++i) damaged[begin + random() % range] = static_cast<char>(random() % 2 ? 0xff : random());
    unharmed += CountNamedIn(damaged) > 0 ? 1 : 0;
  }
  CHECK(unharmed > 500 && unharmed < 6000);  // some damage was harmless, and some was not
}

TEST("offsets and sizes at the edges of a number never make a crash") {
  const std::string whole = Contents(folder.Build("extreme.node", "-DVERSION=1", kAddon));
  if (!CHECK(whole.size() > 4096)) return;
  const uint64_t extremes[] = {0, 1, UINT64_MAX, UINT64_MAX - 63, UINT64_MAX - 1023, uint64_t{1} << 63, uint64_t{1} << 32,
                               whole.size(), whole.size() - 1, whole.size() + 1};
  uint64_t section_headers = 0;
  std::memcpy(&section_headers, whole.data() + offsetof(Elf64_Ehdr, e_shoff), sizeof(section_headers));
  size_t tried = 0;
  for (size_t at = 0x18; at + sizeof(uint64_t) <= whole.size(); at += sizeof(uint64_t)) {
    if (at >= 0x300 && at < section_headers) continue;  // what is between has no offsets
    for (const uint64_t extreme : extremes) {
      std::string damaged = whole;
      std::memcpy(&damaged[at], &extreme, sizeof(extreme));
      CountNamedIn(damaged);
      ++tried;
    }
  }
  CHECK(tried > 2000);
}

TEST("an index has 8 bytes for each function, and is there in milliseconds") {
  // Of NATIVE_SYMBOLS_FILE, as a measurement of node; else of this program.
  const char* const wanted = std::getenv("NATIVE_SYMBOLS_FILE");
  nativeprof::MappedFile file;
  if (!CHECK(file.Open(wanted == nullptr ? "/proc/self/exe" : wanted))) return;
  ElfSymbols symbols;
  const auto before = std::chrono::steady_clock::now();
  symbols.Index({file.data(), file.bytes()});
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
  std::printf("  # %zu functions, %zu bytes, %.2f ms\n", symbols.size(), symbols.index_bytes(), took.count());
  CHECK(symbols.size() > 20);
  CHECK_EQUAL(symbols.index_bytes(), 8 * symbols.size());
}

#endif  // defined(__linux__)

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
