// unwind_steps_test.cc: walks by unwind rules at every instruction of a stretch of library code. The processor's trap flag
// stops it after each; and from each the walk must arrive at the same frame of ours and go on to the thread's first.
// With: modules.cc cfi_expression.cc cfi_row.cc cfi_program.cc eh_frame.cc unwind_rules.cc

#include "unwind_rules.h"

#include "tap.h"

// A sanitizer's runtime library stands between the program and libc, and ThreadSanitizer's has code without rules.
#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__) && !defined(NATIVEPROF_SANITIZED)

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "native_walk.h"

using nativeprof::SignalContextForTests;

namespace {

struct Steps {
  uint64_t count = 0;
  uint64_t outside = 0;         // in no known module
  uint64_t no_rule = 0;         // the walk ended before our frame
  uint64_t wrong = 0;           // it never met our frame, or another caller of it
  uint64_t differing = 0;       // of those that glibc's unwinder was asked about
  uint64_t compared = 0;
  uintptr_t first_failure = 0;  // the pc
  // Our frame: its stack pointer while it calls, and the return addresses from itself downwards.
  uintptr_t frame = 0;
  void* callers[kMaxWalked];
  int caller_count = 0;
};
Steps steps;
NativeWalk step_walk;  // not on the stack of the handler: it is large

void FailStep(uint64_t* counter, uintptr_t pc) {
  if (steps.first_failure == 0) steps.first_failure = pc;
  ++*counter;
}

constexpr uint64_t kStepsBetweenComparisons = 61;

void HandleStep(int, siginfo_t*, void* context) {
  const ucontext_t& interrupted = *static_cast<ucontext_t*>(context);
  NativeWalk& walk = step_walk;
  WalkNative(*tables, interrupted, &walk);
  ++steps.count;
  steps.outside += !tables->Contains(SignalContextForTests::Make(), walk.pcs[0]);
  int ours = 0;
  while (ours < walk.count && walk.stack_pointers[ours] < steps.frame) ++ours;
  if (walk.end != NativeWalk::End::kFirstFrame) return FailStep(&steps.no_rule, walk.pcs[0]);
  // callers[0] is our function's own address, at another call.
  bool is_right = ours < walk.count && walk.stack_pointers[ours] == steps.frame && walk.count - ours == steps.caller_count;
  for (int i = 1; is_right && i < steps.caller_count; ++i) {
    is_right = walk.pcs[ours + i] == reinterpret_cast<uintptr_t>(steps.callers[i]);
  }
  if (!is_right) return FailStep(&steps.wrong, walk.pcs[0]);
  if (steps.count % kStepsBetweenComparisons != 0) return;
  void* reference[kMaxWalked];
  const int count = backtrace(reference, kMaxWalked);
  ++steps.compared;
  // [0] is this handler, [1] the signal frame.
  bool is_equal = count - 2 == walk.count;
  for (int i = 0; is_equal && i < walk.count; ++i) is_equal = reinterpret_cast<uintptr_t>(reference[i + 2]) == walk.pcs[i];
  if (!is_equal) FailStep(&steps.differing, walk.pcs[0]);
}

// Calls `body` with the trap flag set. In assembly, because the walk has to come through it as well.
extern "C" void CallStepped(void (*body)());
asm(R"(
    .text
    .globl CallStepped
    .type CallStepped, @function
CallStepped:
    .cfi_startproc
    pushfq
    .cfi_adjust_cfa_offset 8
    orq $0x100, (%rsp)
    popfq
    .cfi_adjust_cfa_offset -8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call *%rdi
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    pushfq
    .cfi_adjust_cfa_offset 8
    andq $~0x100, (%rsp)
    popfq
    .cfi_adjust_cfa_offset -8
    ret
    .cfi_endproc
    .size CallStepped, .-CallStepped
)");

NO_FRAME_POINTER void StepThrough(void (*body)()) {
  void* callers[kMaxWalked];
  steps = Steps();
  steps.caller_count = backtrace(callers, kMaxWalked);
  std::memcpy(steps.callers, callers, sizeof(callers));
  // Where the stack pointer is whenever this function has called one: the walk's value for CallStepped's caller.
  asm volatile("mov %%rsp, %0" : "=r"(steps.frame));
  CallStepped(body);
  asm volatile("" ::: "memory");  // no tail call
}

// `at_least`: instructions; `permille_without`: of them may have no rule.
void CheckSteps(const char* name, void (*body)(), uint64_t at_least, uint64_t permille_without = 0) {
  pthread_attr_t attributes;
  void* low = nullptr;
  size_t bytes = 0;
  CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
  pthread_attr_getstack(&attributes, &low, &bytes);
  pthread_attr_destroy(&attributes);
  stack_low = reinterpret_cast<uintptr_t>(&low) - (1 << 16);  // what of the stack is there, and some red zone
  stack_high = reinterpret_cast<uintptr_t>(low) + bytes;
  const struct sigaction before = Install(SIGTRAP, HandleStep);
  StepThrough(body);
  sigaction(SIGTRAP, &before, nullptr);
  std::printf("  # %s: %" PRIu64 " instructions, %" PRIu64 " without a rule, %" PRIu64 " wrong; of %" PRIu64
              " compared with backtrace() %" PRIu64 " differ\n",
              name, steps.count, steps.no_rule, steps.wrong, steps.compared, steps.differing);
  CHECK(steps.count >= at_least);
  CHECK_EQUAL(steps.outside, 0);
  CHECK(steps.no_rule * 1000 <= steps.count * permille_without);
  CHECK_EQUAL(steps.wrong, 0);
  CHECK_EQUAL(steps.differing, 0);
  if (steps.first_failure == 0) return;
  Dl_info info = {};
  dladdr(reinterpret_cast<void*>(steps.first_failure), &info);
  std::printf("  # first at %s + 0x%" PRIxPTR "\n", info.dli_fname, steps.first_failure - reinterpret_cast<uintptr_t>(info.dli_fbase));
}

char buffer[1 << 16];
volatile double sink;

int CompareQuietly(const void* a, const void* b) {
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

}  // namespace

TEST("at every instruction of malloc and free the walk is right") {
  MakeTables();
  CheckSteps("malloc, free", [] {
    void* blocks[40];
    for (size_t i = 0; i < 40; ++i) blocks[i] = malloc(i * i * 100);
    for (size_t i = 0; i < 40; ++i) free(blocks[i * 7 % 40]);
  }, 5000);
}

TEST("at every instruction of qsort the walk is right") {
  MakeTables();
  CheckSteps("qsort", [] {
    static int numbers[60];
    for (int i = 0; i < 60; ++i) numbers[i] = i * 7919 % 101;
    qsort(numbers, 60, sizeof(int), CompareQuietly);
  }, 5000);
}

TEST("at every instruction of snprintf, strtod and localtime the walk is right") {
  MakeTables();
  CheckSteps("snprintf, strtod, localtime", [] {
    snprintf(buffer, sizeof(buffer), "%d %s %.17g %lx %10.3f", 42, "text", 0.1, 0xabcdefL, 1e20);
    sink = strtod("3.14159265358979323846264338327950288e-5", nullptr);
    const time_t now = 1700000000;
    tm broken_down;
    localtime_r(&now, &broken_down);
    // glibc's assembly for long numbers, __mpn_mul_1 and its like, pushes registers and does not say so: glibc's own
    // unwinder crashes there.
  }, 5000, 10);
}

TEST("at every instruction of memmove, memset, strlen and memchr the walk is right") {
  MakeTables();
  CheckSteps("memmove and others", [] {
    for (size_t bytes = 1; bytes < 20000; bytes = bytes * 3 / 2 + 1) {
      std::memmove(buffer + 100, buffer + 1, bytes);
      std::memset(buffer, 'x', bytes);
      buffer[bytes] = 0;
      sink = static_cast<double>(strlen(buffer));
      sink = memchr(buffer, 'y', bytes) != nullptr;
    }
  }, 5000);
}

TEST("at every instruction of libm the walk is right") {
  MakeTables();
  CheckSteps("libm", [] {
    for (double x = 0.1; x < 1e8; x = x * 3 + 0.7) sink = std::sin(x) + std::pow(x, 1.7) + std::exp(-x) + std::tgamma(x / 1e7);
  }, 1000);
}

TEST("at every instruction of libstdc++'s streams, of the dynamic linker and of a system call the walk is right") {
  MakeTables();
  CheckSteps("libstdc++, ld.so, vdso", [] {
    std::ostringstream stream;
    stream << 42 << ' ' << 2.5 << std::string(100, 'x');
    std::snprintf(buffer, sizeof(buffer), "%s", stream.str().c_str());
    sink = dlsym(RTLD_DEFAULT, "qsort") != nullptr;
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    usleep(1);
  }, 5000);
}

#else

TEST("where the trap flag cannot be used, nothing is tested") { CHECK(true); }

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
