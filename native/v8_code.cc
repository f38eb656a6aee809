// v8_code.cc: see v8_code.h.

#include "v8_code.h"

#include <dlfcn.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "builtin_kinds.h"
#include "call_site.h"

namespace nativeprof {

namespace {

// What V8 11.3 to 14.6 have, by the symbols that node exports for debuggers.
struct DebugSymbol {
  const char* name;
  int value;
};
constexpr DebugSymbol kKnownLayout[] = {
    {"v8dbg_off_fp_context", -8},         {"v8dbg_off_fp_function", -16}, {"v8dbg_off_fp_bytecode_array", -32},
    {"v8dbg_off_fp_bytecode_offset", -40}, {"v8dbg_SmiShiftSize", 31},
};

// The first symbol whose value is another one; null if there is none. A symbol that is not there contradicts nothing.
const char* FindUnknownLayout() {
  for (const DebugSymbol& known : kKnownLayout) {
    const void* const symbol = dlsym(RTLD_DEFAULT, known.name);
    if (symbol != nullptr && *static_cast<const int*>(symbol) != known.value) return known.name;
  }
  return nullptr;
}

// Where the second copy of the builtins is: the one mapping of a file inside the range of compiled code. 0 if none.
uintptr_t FindSecondCopy([[maybe_unused]] uintptr_t jit_start, [[maybe_unused]] size_t jit_size,
                         [[maybe_unused]] size_t builtins_size) {
#if defined(__linux__)
  std::FILE* const maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return 0;
  uintptr_t found = 0;
  char line[512];
  bool line_begins = true;
  while (found == 0 && std::fgets(line, sizeof(line), maps) != nullptr) {
    uintptr_t start = 0;
    uintptr_t end = 0;
    uint64_t inode = 0;
    // proc(5): address range, permissions, offset, device, inode, path
    const bool parsed =
        line_begins && std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*4s %*x %*s %" SCNu64, &start, &end, &inode) == 3;
    if (parsed && inode != 0 && start - jit_start < jit_size && end - start >= builtins_size) found = start;
    line_begins = std::strchr(line, '\n') != nullptr;
  }
  std::fclose(maps);
  return found;
#else
  return 0;
#endif
}

bool ConsumePrefix(std::string_view& name, std::string_view prefix) {
  if (name.substr(0, prefix.size()) != prefix) return false;
  name.remove_prefix(prefix.size());
  return true;
}

}  // namespace

void V8Code::Clear(v8::Isolate* isolate) {
  builtins_.clear();
  first_builtin_.clear();
  void* jit_start = nullptr;
  isolate->GetCodeRange(&jit_start, &jit_size_);
  jit_start_ = reinterpret_cast<uintptr_t>(jit_start);
  const void* embedded_start = nullptr;
  isolate->GetEmbeddedCodeRange(&embedded_start, &embedded_size_);
  embedded_start_ = reinterpret_cast<uintptr_t>(embedded_start);
  announced_copy_start_ = embedded_start_;
  other_copy_start_ = UINTPTR_MAX;
  unoptimized_frame_ = {-32, -40, 0};
  unknown_layout_ = FindUnknownLayout();
}

bool V8Code::IsOf(v8::Isolate* isolate) const {
  void* jit_start = nullptr;
  size_t jit_size = 0;
  isolate->GetCodeRange(&jit_start, &jit_size);
  const void* embedded_start = nullptr;
  size_t embedded_size = 0;
  isolate->GetEmbeddedCodeRange(&embedded_start, &embedded_size);
  return !builtins_.empty() && reinterpret_cast<uintptr_t>(jit_start) == jit_start_ && jit_size == jit_size_ &&
         reinterpret_cast<uintptr_t>(embedded_start) == embedded_start_ && embedded_size == embedded_size_;
}

void V8Code::Add(uintptr_t start, size_t size, std::string_view name) {
  if (ConsumePrefix(name, "BytecodeHandler:")) {
    builtins_.push_back({start, static_cast<uint32_t>(size), BuiltinFrame::kBytecodeHandler, 0, false, false, false});
  } else if (ConsumePrefix(name, "Builtin:")) {
    builtins_.push_back(ClassifyBuiltin(start, size, name));
    if (builtins_.back().interprets) unoptimized_frame_.first_bytecode = FindFirstBytecode(builtins_.back());
  }
}

void V8Code::Sort() {
  std::sort(builtins_.begin(), builtins_.end(), [](const Builtin& a, const Builtin& b) { return a.start < b.start; });
  if (!builtins_.empty()) IndexBuiltins();
  const uintptr_t second_copy = FindSecondCopy(jit_start_, jit_size_, embedded_size_);
  if (second_copy == 0 || builtins_.empty()) return;
  const bool announces_second = builtins_.back().start - second_copy < embedded_size_;
  announced_copy_start_ = announces_second ? second_copy : embedded_start_;
  other_copy_start_ = announces_second ? embedded_start_ : second_copy;
}

bool V8Code::IsReturnAddress(SignalContext context, uintptr_t address, CallSites& call_sites) const {
  if (!Contains(context, address)) return false;
  const bool is_mapped = IsInBuiltins(context, address - 1) && IsInBuiltins(context, address - kMaxCallBytes);
  return call_sites.IsCallSite(context, address, is_mapped ? Mapped::kAlways : Mapped::kProbably);
}

const Builtin* V8Code::FindBuiltin(SignalContext context, uintptr_t any_address) const {
  if (builtins_.empty()) return nullptr;
  const uintptr_t address = Canonical(context, any_address);
  const uintptr_t piece = (address - builtins_.front().start) >> piece_shift_;
  if (piece >= first_builtin_.size()) return nullptr;
  for (size_t i = first_builtin_[piece]; i < builtins_.size() && builtins_[i].start <= address; ++i) {
    if (address - builtins_[i].start < builtins_[i].size) return &builtins_[i];
  }
  return nullptr;
}

void V8Code::IndexBuiltins() {
  constexpr size_t kMostPieces = 16'384;  // 32 KiB, of which a program touches few
  const Builtin& last = builtins_.back();
  const uintptr_t bytes = last.start + last.size - builtins_.front().start;
  piece_shift_ = 6;
  while (bytes >> piece_shift_ >= kMostPieces) ++piece_shift_;
  first_builtin_.resize((bytes >> piece_shift_) + 1);
  size_t first = 0;
  for (size_t piece = 0; piece < first_builtin_.size(); ++piece) {
    const uintptr_t start = builtins_.front().start + (piece << piece_shift_);
    while (first + 1 < builtins_.size() && builtins_[first].start + builtins_[first].size <= start) ++first;
    first_builtin_[piece] = static_cast<uint16_t>(first);
  }
}

}  // namespace nativeprof
