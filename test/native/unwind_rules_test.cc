// unwind_rules_test.cc: walks by unwind rules, against glibc's own unwinder; and the tables' life. (At every instruction:
// unwind_steps_test.cc.)
// With: modules.cc cfi_expression.cc cfi_row.cc cfi_program.cc eh_frame.cc unwind_rules.cc

#include "unwind_rules.h"

#include "tap.h"

// ThreadSanitizer delivers signals when it sees fit, with registers of its own.
#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <cstdlib>
#include <memory>

#include "native_walk.h"

using nativeprof::ModuleList;
using nativeprof::SignalContextForTests;
using nativeprof::UnwindRule;
using nativeprof::UnwindTables;

namespace {

struct Comparison {
  NativeWalk walk;
  void* reference[kMaxWalked];
  int reference_count = 0;
};
Comparison comparison;

void Compare(int, siginfo_t*, void* context) {
  WalkNative(*tables, *static_cast<ucontext_t*>(context), &comparison.walk);
  comparison.reference_count = backtrace(comparison.reference, kMaxWalked);
}

// Of the walk in what Compare() found: its place in the reference, which begins in the handler; -1 if it is not there.
int Difference() {
  int skipped = 0;
  while (skipped < comparison.reference_count && reinterpret_cast<uintptr_t>(comparison.reference[skipped]) != comparison.walk.pcs[0]) ++skipped;
  if (!CHECK(skipped < comparison.reference_count)) return -1;
  CHECK_EQUAL(static_cast<uint64_t>(comparison.walk.count), static_cast<uint64_t>(comparison.reference_count - skipped));
  for (int i = 0; i < comparison.walk.count && i + skipped < comparison.reference_count; ++i) {
    CHECK_EQUAL(comparison.walk.pcs[i], reinterpret_cast<uintptr_t>(comparison.reference[skipped + i]));
  }
  CHECK(comparison.walk.end == NativeWalk::End::kFirstFrame);
  return skipped;
}

bool has_compared = false;

NO_FRAME_POINTER int CompareNumbers(const void* a, const void* b) {
  if (!has_compared) raise(SIGUSR2);
  has_compared = true;
  const int x = *static_cast<const int*>(a);
  const int y = *static_cast<const int*>(b);
  return (x > y) - (x < y);
}

// A frame whose size is not known when it is compiled.
NO_FRAME_POINTER int SortSome(int count) {
  volatile int* const numbers = static_cast<volatile int*>(__builtin_alloca(sizeof(int) * static_cast<size_t>(count)));
  for (int i = 0; i < count; ++i) numbers[i] = i * 7919 % 100;
  has_compared = false;
  qsort(const_cast<int*>(numbers), static_cast<size_t>(count), sizeof(int), CompareNumbers);
  return numbers[0];
}

// A frame whose stack is aligned by hand: the CFA is in memory.
NO_FRAME_POINTER int SortAligned(int count) {
  alignas(64) volatile int aligned[16] = {};
  aligned[count & 15] = count;
  return SortSome(count) + aligned[count & 15];
}

void InterruptedAgain(int, siginfo_t*, void*) { SortAligned(10); }

void* ThreadBody(void*) {
  SortAligned(20);
  return nullptr;
}

}  // namespace

TEST("a walk through qsort, an aligned frame and one of variable size is glibc's, down to the first frame") {
  MakeTables();
  const struct sigaction before = Install(SIGUSR2, Compare);
  CHECK(SortAligned(30) >= 0);
  const int skipped = Difference();
  CHECK(comparison.walk.count >= 8);
  CHECK(skipped >= 1);
  sigaction(SIGUSR2, &before, nullptr);
}

TEST("a walk through the frame of a signal is glibc's") {
  MakeTables();
  const struct sigaction outer = Install(SIGUSR1, InterruptedAgain);
  const struct sigaction inner = Install(SIGUSR2, Compare);
  raise(SIGUSR1);
  Difference();
  sigaction(SIGUSR1, &outer, nullptr);
  sigaction(SIGUSR2, &inner, nullptr);
  int signal_frames = 0;
  for (int i = 0; i < comparison.walk.count; ++i) {
    signal_frames += tables->Find(SignalContextForTests::Make(), comparison.walk.pcs[i]).is_signal_frame;
  }
  CHECK_EQUAL(static_cast<uint64_t>(signal_frames), 1);
}

TEST("a walk on a second thread is glibc's, down to the thread's first frame") {
  MakeTables();
  const struct sigaction before = Install(SIGUSR2, Compare);
  pthread_t thread;
  if (!CHECK(pthread_create(&thread, nullptr, ThreadBody, nullptr) == 0)) return;
  pthread_join(thread, nullptr);
  Difference();
  sigaction(SIGUSR2, &before, nullptr);
}

TEST("pcs in data, in no module and between functions have no rule") {
  MakeTables();
  const auto context = SignalContextForTests::Make();
  int variable = 0;
  for (const uintptr_t pc : {uintptr_t{0}, uintptr_t{1}, UINTPTR_MAX, reinterpret_cast<uintptr_t>(&variable), reinterpret_cast<uintptr_t>(&comparison)}) {
    CHECK(!tables->Contains(context, pc));
    CHECK(tables->Find(context, pc).cfa == UnwindRule::Cfa::kUnknown);
  }
}

TEST("tables of a library outlive it, and the next ones share what is still loaded") {
  ModuleList modules;
  modules.Refresh();
  const std::unique_ptr<const UnwindTables> without = UnwindTables::Make(modules, nullptr);
  void* const library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!CHECK(library != nullptr)) return;
  const uintptr_t pc = reinterpret_cast<uintptr_t>(dlsym(library, "__res_nameinquery"));
  CHECK(modules.Refresh());
  std::unique_ptr<const UnwindTables> with = UnwindTables::Make(modules, without.get());
  const auto context = SignalContextForTests::Make();
  CHECK(!without->Contains(context, pc));
  CHECK(with->Contains(context, pc));
  CHECK(with->Find(context, pc).cfa == UnwindRule::Cfa::kRegister);
  CHECK(with->CopiedBytes() > without->CopiedBytes());
  dlclose(library);
  CHECK(with->Find(context, pc).cfa == UnwindRule::Cfa::kRegister);
  if (dlopen("libresolv.so.2", RTLD_NOW | RTLD_NOLOAD) != nullptr) return;  // some sanitizers keep libraries
  // Of a list that still has it, though it is gone.
  CHECK(UnwindTables::Make(modules, nullptr)->Find(context, pc).cfa == UnwindRule::Cfa::kUnknown);
  CHECK(modules.Refresh());
  const std::unique_ptr<const UnwindTables> after = UnwindTables::Make(modules, with.get());
  with.reset();
  CHECK(!after->Contains(context, pc));
  CHECK_EQUAL(after->CopiedBytes(), without->CopiedBytes());
  const uintptr_t in_libc = reinterpret_cast<uintptr_t>(dlsym(RTLD_DEFAULT, "qsort"));
  CHECK(after->Find(context, in_libc).cfa == UnwindRule::Cfa::kRegister);
}

TEST("how long it takes") {
  const auto nanos = [] {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
  };
  ModuleList modules;
  const int64_t start = nanos();
  modules.Refresh();
  const int64_t listed = nanos();
  const std::unique_ptr<const UnwindTables> made = UnwindTables::Make(modules, nullptr);
  const int64_t copied = nanos();
  const std::unique_ptr<const UnwindTables> again = UnwindTables::Make(modules, made.get());
  const int64_t shared = nanos();
  std::printf("  # %zu modules: listed in %" PRId64 " us, tables of %zu KB copied in %" PRId64 " us, shared in %" PRId64 " us\n",
              modules.modules().size(), (listed - start) / 1000, made->CopiedBytes() / 1024, (copied - listed) / 1000,
              (shared - copied) / 1000);
  const nativeprof::Module* const libc = modules.Find(reinterpret_cast<uintptr_t>(dlsym(RTLD_DEFAULT, "qsort")));
  if (!CHECK(libc != nullptr)) return;
  const auto context = SignalContextForTests::Make();
  constexpr int kFinds = 100000;
  const int64_t before_hot = nanos();
  uint64_t known = 0;
  for (int i = 0; i < kFinds; ++i) {
    known += made->Find(context, reinterpret_cast<uintptr_t>(&qsort) + static_cast<uintptr_t>(i % 8)).cfa != UnwindRule::Cfa::kUnknown;
  }
  const int64_t after_hot = nanos();
  uint64_t random = 88172645463325252;
  uint64_t spread_known = 0;
  for (int i = 0; i < kFinds; ++i) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    spread_known += made->Find(context, libc->start + random % (libc->end - libc->start)).cfa != UnwindRule::Cfa::kUnknown;
  }
  const int64_t after_spread = nanos();
  std::printf("  # a rule in libc: %" PRId64 " ns for the same function, %" PRId64 " ns all over it, where %" PRIu64 " %% have one\n",
              (after_hot - before_hot) / kFinds, (after_spread - after_hot) / kFinds, spread_known * 100 / kFinds);
  CHECK(known > 0);
  CHECK(spread_known * 100 / kFinds > 80);
}

#else

TEST("there are tables, if only empty ones") {
  nativeprof::ModuleList modules;
  modules.Refresh();
  CHECK(nativeprof::UnwindTables::Make(modules, nullptr) != nullptr);
}

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
