// unwind_damage_test.cc: no damage to the tables makes a look-up read outside of them, or never end. The sanitizers' builds
// of this test are the proof.
// With: modules.cc cfi_expression.cc cfi_row.cc cfi_program.cc eh_frame.cc

#include "eh_frame.h"

#include "signal_context.h"
#include "tap.h"

#if defined(__linux__) && defined(__x86_64__)

#include <dlfcn.h>

#include <algorithm>
#include <vector>

#include "modules.h"

using nativeprof::EhFrame;
using nativeprof::EhFrameIndex;
using nativeprof::Module;
using nativeprof::ModuleList;
using nativeprof::Section;
using nativeprof::UnwindRule;

TEST("damaged and truncated tables are read within their bounds") {
  ModuleList modules;
  modules.Refresh();
  const Module* const libc = modules.Find(reinterpret_cast<uintptr_t>(dlsym(RTLD_DEFAULT, "strtod")));
  if (!CHECK(libc != nullptr) || !CHECK(libc->eh_frame_hdr != 0)) return;
  const Section mapped_header = {reinterpret_cast<const uint8_t*>(libc->eh_frame_hdr), libc->eh_frame_hdr_bytes,
                                 libc->eh_frame_hdr};
  const EhFrameIndex index = EhFrameIndex::Read(mapped_header);
  if (!CHECK(index.count > 1000)) return;
  const size_t frames_bytes = libc->readonly_end - index.frames;
  // In blocks of their own, so that AddressSanitizer sees a read past their ends.
  std::vector<uint8_t> header(mapped_header.bytes, mapped_header.bytes + mapped_header.size);
  std::vector<uint8_t> frames(reinterpret_cast<const uint8_t*>(index.frames),
                              reinterpret_cast<const uint8_t*>(index.frames) + frames_bytes);
  uint64_t random = 88172645463325252;
  const auto next = [&random](uint64_t below) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return static_cast<size_t>(random % below);
  };
  const auto context = nativeprof::SignalContextForTests::Make();
  constexpr int kRounds = 100000;
  uint64_t found = 0;
  uint64_t invalid = 0;
  for (int round = 0; round < kRounds; ++round) {
    const size_t entry = next(index.count);
    uint8_t* const slot = header.data() + (index.table - mapped_header.address) + entry * EhFrameIndex::kEntryBytes;
    int32_t function, fde;
    std::memcpy(&function, slot, 4);
    std::memcpy(&fde, slot + 4, 4);
    const size_t fde_at = static_cast<size_t>(libc->eh_frame_hdr + static_cast<uintptr_t>(intptr_t{fde}) - index.frames);
    const uintptr_t pc = libc->eh_frame_hdr + static_cast<uintptr_t>(intptr_t{function}) + next(64);
    // Somewhere in the FDE, in the first CIE, or in the table.
    const size_t kind = next(8);
    uint8_t* const base = kind == 0 ? header.data() : kind == 1 ? frames.data() : kind == 2 ? slot : frames.data() + fde_at;
    uint8_t* const end = kind == 0 || kind == 2 ? header.data() + header.size() : frames.data() + frames.size();
    const size_t reach = std::min<size_t>(kind == 0 ? 12 : kind == 1 ? 24 : kind == 2 ? 8 : 48, static_cast<size_t>(end - base));
    std::vector<uint8_t> saved(base, base + reach);
    for (size_t flips = 1 + next(4); flips > 0; --flips) base[next(reach)] = static_cast<uint8_t>(next(256));
    // Sometimes the section ends early, too: right behind, or in the middle of, the FDE.
    const size_t cut = next(16) == 0 ? std::min(frames.size(), fde_at + next(64)) : frames.size();
    const std::vector<uint8_t> shorter(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(cut == frames.size() ? 0 : cut));
    const Section section = {cut == frames.size() ? frames.data() : shorter.data(), cut, index.frames};
    const EhFrame damaged({header.data(), header.size(), mapped_header.address}, section);
    const UnwindRule rule = damaged.Find(context, pc);
    found += rule.cfa != UnwindRule::Cfa::kUnknown;
    invalid += rule.cfa > UnwindRule::Cfa::kDereference || rule.fp > UnwindRule::Fp::kUnknown;
    std::memcpy(base, saved.data(), reach);
  }
  std::printf("  # of %d look-ups in damaged tables %" PRIu64 " found something\n", kRounds, found);
  CHECK(found > kRounds / 10);  // the damage is not so great that nothing is read at all
  CHECK(found < kRounds * 9 / 10);
  CHECK_EQUAL(invalid, 0);
}

#else

TEST("nothing to test here") { CHECK(true); }

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
