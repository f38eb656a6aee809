// registers.h: the interrupted thread's registers, out of the third argument of a signal handler.
// The only place that knows how each platform spells them.

#ifndef NATIVEPROF_REGISTERS_H_
#define NATIVEPROF_REGISTERS_H_

#if defined(__APPLE__)
#include <sys/ucontext.h>  // <ucontext.h> is deprecated there, and says so by an error
#else
#include <ucontext.h>
#endif

#include <cstddef>
#include <cstdint>

#include "signal_safe.h"

namespace nativeprof {

#if defined(__aarch64__)
constexpr size_t kGeneralRegisters = 32;
#else
constexpr size_t kGeneralRegisters = 16;
#endif

struct Registers {
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t fp;
  // The return address: in a register of its own on arm64, zero on x64, where a call pushes it.
  uintptr_t lr;
  // The general registers by their DWARF numbers, frame and stack pointer included: on x64 those of the System V ABI for
  // x86-64, figure 3.36; on arm64 x0 to x30 and sp.
  uintptr_t general[kGeneralRegisters];
};

// Context: signal handler (async-signal-safe).
inline Registers ReadRegisters(SignalContext, const void* context) {
#if defined(__linux__) && defined(__x86_64__)
  const greg_t* const r = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  constexpr int kDwarfOrder[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
                                 REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  Registers registers = {static_cast<uintptr_t>(r[REG_RIP]), static_cast<uintptr_t>(r[REG_RSP]),
                         static_cast<uintptr_t>(r[REG_RBP]), 0, {}};
  for (int i = 0; i < 16; ++i) registers.general[i] = static_cast<uintptr_t>(r[kDwarfOrder[i]]);
  return registers;
#elif defined(__linux__) && defined(__aarch64__)
  const mcontext_t& m = static_cast<const ucontext_t*>(context)->uc_mcontext;
  Registers registers = {m.pc, m.sp, m.regs[29], m.regs[30], {}};
  for (int i = 0; i < 31; ++i) registers.general[i] = m.regs[i];
  registers.general[31] = m.sp;
  return registers;
#elif defined(__APPLE__) && defined(__x86_64__)
  const auto& s = static_cast<const ucontext_t*>(context)->uc_mcontext->__ss;
  return {s.__rip, s.__rsp, s.__rbp, 0,
          {s.__rax, s.__rdx, s.__rcx, s.__rbx, s.__rsi, s.__rdi, s.__rbp, s.__rsp,
           s.__r8, s.__r9, s.__r10, s.__r11, s.__r12, s.__r13, s.__r14, s.__r15}};
#elif defined(__APPLE__) && defined(__aarch64__)
  const auto& s = static_cast<const ucontext_t*>(context)->uc_mcontext->__ss;
  // The accessors are for programs whose pointers are signed, and do no harm in others.
  Registers registers = {static_cast<uintptr_t>(__darwin_arm_thread_state64_get_pc(s)),
                         static_cast<uintptr_t>(__darwin_arm_thread_state64_get_sp(s)),
                         static_cast<uintptr_t>(__darwin_arm_thread_state64_get_fp(s)),
                         static_cast<uintptr_t>(__darwin_arm_thread_state64_get_lr(s)), {}};
  for (int i = 0; i < 29; ++i) registers.general[i] = s.__x[i];
  registers.general[29] = registers.fp;
  registers.general[30] = registers.lr;
  registers.general[31] = registers.sp;
  return registers;
#else
#error "nativeprof knows Linux and macOS on x64 and arm64"
#endif
}

}  // namespace nativeprof

#endif  // NATIVEPROF_REGISTERS_H_
