// native_walk.h: walks the stack of a test program by unwind rules alone, from the registers of a signal handler down to
// the thread's first frame. Reads memory as the rules say: a wrong rule may crash the test, and that is a failure too,
// unless the test says where the stack ends.

#ifndef NATIVEPROF_TEST_NATIVE_NATIVE_WALK_H_
#define NATIVEPROF_TEST_NATIVE_NATIVE_WALK_H_

#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <memory>

#include "signal_context.h"
#include "unwind_rules.h"

// Functions under test keep no frame pointer.
#if defined(__clang__)
#define NO_FRAME_POINTER __attribute__((noinline))
#else
#define NO_FRAME_POINTER __attribute__((noinline, optimize("omit-frame-pointer")))
#endif

inline std::unique_ptr<const nativeprof::UnwindTables> tables;

inline void MakeTables() {
  nativeprof::ModuleList modules;
  modules.Refresh();
  tables = nativeprof::UnwindTables::Make(modules, nullptr);
  void* first[1];
  backtrace(first, 1);  // its first call loads a library, which no handler must
}

// Returns what was there before.
inline struct sigaction Install(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  struct sigaction before;
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;
  sigaction(signal, &action, &before);
  return before;
}

constexpr int kMaxWalked = 128;

struct NativeWalk {
  enum class End { kFirstFrame, kNoRule, kUnknownRegister, kTooDeep };

  End end = End::kTooDeep;
  int count = 0;
  uintptr_t pcs[kMaxWalked];       // leaf first
  uintptr_t stack_pointers[kMaxWalked];  // of the frame with that pc
};

// The registers of a frame that are known, by their DWARF numbers.
struct FrameRegisters {
  static constexpr int kCount = 17;
  uintptr_t values[kCount] = {};
  bool known[kCount] = {};

  void Set(int number, uintptr_t value) {
    values[number] = value;
    known[number] = true;
  }
};

inline FrameRegisters RegistersOf(const ucontext_t& context) {
  // in the order of System V psABI, figure 3.36
  constexpr int kGregs[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                            REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  FrameRegisters registers;
  for (int i = 0; i < FrameRegisters::kCount; ++i) {
    registers.Set(i, static_cast<uintptr_t>(context.uc_mcontext.gregs[kGregs[i]]));
  }
  return registers;
}

// A word may be read in between.
inline uintptr_t stack_low = 0;
inline uintptr_t stack_high = UINTPTR_MAX;

// Not through a pointer: the compiler's checkers have a say in those, and a stack is nobody's object.
__attribute__((no_sanitize("address", "thread", "undefined"))) inline uintptr_t WordAt(uintptr_t address) {
  if (address < stack_low || address > stack_high - sizeof(uintptr_t)) return 0;
  return *reinterpret_cast<const volatile uintptr_t*>(address);
}

// One step. False, with walk->end said, if there is none.
__attribute__((no_sanitize("address", "thread"))) inline bool StepToCaller(const nativeprof::UnwindRule& rule,
                                                                         FrameRegisters* registers, NativeWalk* walk) {
  using nativeprof::UnwindRule;
  walk->end = rule.cfa == UnwindRule::Cfa::kEnd ? NativeWalk::End::kFirstFrame : NativeWalk::End::kNoRule;
  if (rule.cfa == UnwindRule::Cfa::kUnknown || rule.cfa == UnwindRule::Cfa::kEnd) return false;
  walk->end = NativeWalk::End::kUnknownRegister;
  const auto known = [registers](uint8_t number) {
    return number < FrameRegisters::kCount && registers->known[number];
  };
  if (!known(rule.cfa_register)) return false;
  uintptr_t cfa = registers->values[rule.cfa_register] + static_cast<uintptr_t>(intptr_t{rule.cfa_offset});
  if (rule.cfa_index_scale != 0) {
    if (!known(rule.cfa_index_register)) return false;
    cfa += registers->values[rule.cfa_index_register] * rule.cfa_index_scale;
  }
  if (rule.cfa == UnwindRule::Cfa::kDereference) {
    cfa = WordAt(cfa) + static_cast<uintptr_t>(intptr_t{rule.cfa_offset_after});
  }
  const auto base = [&](uint8_t number) {
    return number == UnwindRule::kFromCfa ? cfa : registers->values[number];
  };
  if (rule.return_address_base != UnwindRule::kFromCfa && !known(rule.return_address_base)) return false;
  uintptr_t pc = base(rule.return_address_base);
  if (rule.return_address == UnwindRule::ReturnAddress::kSaved) {
    pc = WordAt(pc + static_cast<uintptr_t>(intptr_t{rule.return_address_offset}));
  }
  FrameRegisters caller = *registers;
  for (int i = 0; i < FrameRegisters::kCount; ++i) caller.known[i] = caller.known[i] && (rule.changed_registers >> i & 1) == 0;
  const auto restore = [&](uint8_t number, UnwindRule::Fp how, uint8_t from, int32_t offset) {
    if (how == UnwindRule::Fp::kSame) return;
    caller.known[number] = how != UnwindRule::Fp::kUnknown && (from == UnwindRule::kFromCfa || known(from));
    if (!caller.known[number]) return;
    caller.values[number] = base(from);
    if (how == UnwindRule::Fp::kSaved) caller.values[number] = WordAt(base(from) + static_cast<uintptr_t>(intptr_t{offset}));
  };
  restore(nativeprof::kDwarfFramePointer, rule.fp, rule.fp_base, rule.fp_offset);
  restore(nativeprof::kDwarfBase, rule.rbx, rule.rbx_base, rule.rbx_offset);
  caller.Set(nativeprof::kDwarfStackPointer, cfa);
  caller.Set(nativeprof::kDwarfReturnAddress, pc);
  *registers = caller;
  return true;
}

inline void WalkNative(const nativeprof::UnwindTables& tables, const ucontext_t& context, NativeWalk* walk) {
  FrameRegisters registers = RegistersOf(context);
  bool is_exact = true;
  walk->end = NativeWalk::End::kTooDeep;
  for (walk->count = 0; walk->count < kMaxWalked;) {
    const uintptr_t pc = registers.values[nativeprof::kDwarfReturnAddress];
    walk->pcs[walk->count] = pc;
    walk->stack_pointers[walk->count++] = registers.values[nativeprof::kDwarfStackPointer];
    const nativeprof::UnwindRule rule =
        tables.Find(nativeprof::SignalContextForTests::Make(), is_exact ? pc : pc - 1);
    if (!StepToCaller(rule, &registers, walk)) return;
    is_exact = rule.is_signal_frame;
  }
}

#endif  // NATIVEPROF_TEST_NATIVE_NATIVE_WALK_H_
