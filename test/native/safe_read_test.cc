// safe_read_test.cc: what is there is read, and what is not there is said not to be: by whatever system calls are allowed.
// With: safe_read.cc

#include "safe_read.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "signal_context.h"
#include "tap.h"

using nativeprof::SafeReader;

namespace {

constexpr size_t kPageBytes = SafeReader::kPageBytes;

// A page that can be read, and one behind it that cannot.
uint8_t* MakePages() {
  auto* const pages =
      static_cast<uint8_t*>(mmap(nullptr, 2 * kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (size_t i = 0; i < kPageBytes; ++i) pages[i] = static_cast<uint8_t>(i);
  munmap(pages + kPageBytes, kPageBytes);
  return pages;
}

void CheckReads() {
  const auto context = nativeprof::SignalContextForTests::Make();
  SafeReader reader;
  reader.Probe();
  CHECK(reader.available());
  uint8_t* const pages = MakePages();
  const auto address = reinterpret_cast<uintptr_t>(pages);
  uint8_t bytes[512] = {};
  CHECK(reader.Read(context, address + 100, bytes, sizeof(bytes)));
  CHECK(std::memcmp(bytes, pages + 100, sizeof(bytes)) == 0);
  CHECK(!reader.Read(context, address + kPageBytes, bytes, 8));
  CHECK(!reader.Read(context, address + kPageBytes - 8, bytes, 16));
  CHECK(!reader.Read(context, 8, bytes, 8));
  // What failed has left nothing behind.
  CHECK(reader.Read(context, address + 7, bytes, 1));
  CHECK_EQUAL(bytes[0], 7);
  CHECK(reader.IsPageReadable(address));
  CHECK(!reader.IsPageReadable(address + kPageBytes));
  CHECK(!reader.IsPageReadable(0));
  CHECK(!reader.IsPageReadable(~uintptr_t{0} - kPageBytes + 1));
  mprotect(pages, kPageBytes, PROT_NONE);
  CHECK(!reader.IsPageReadable(address));
  munmap(pages, kPageBytes);
}

// From here on, in this process: a system call whose first argument, in its lower half, is as given.
bool Forbid(unsigned system_call, unsigned first_argument) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, system_call, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first_argument, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void CheckReadsWithout(unsigned system_call, unsigned first_argument) {
  if (!Forbid(system_call, first_argument)) {
    std::printf("  # this machine has no seccomp filters\n");
    return;
  }
  CheckReads();
}

}  // namespace

TEST("memory is read as it is, and no further than it is there") { CheckReads(); }

TEST("so it is where the error of a signal mask does not tell what is there") { CheckReadsWithout(SYS_rt_sigprocmask, UINT32_MAX); }

TEST("so it is where a sandbox forbids to read by process_vm_readv as well") {
  CheckReadsWithout(SYS_process_vm_readv, static_cast<unsigned>(getpid()));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
