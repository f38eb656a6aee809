// protection_keys_test.cc: a handler can read memory under a protection key, as V8's code may be.

#include "protection_keys.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

#include "signal_context.h"
#include "tap.h"

#if defined(__linux__) && defined(__x86_64__)

using nativeprof::ReadsAllKeys;
using nativeprof::SignalContextForTests;

namespace {

std::atomic<const int*> to_read{nullptr};
std::atomic<int> was_read{0};

void OnSignal(int) {
  const ReadsAllKeys reads_all_keys(SignalContextForTests::Make());
  was_read.store(*to_read.load());
}

}  // namespace

TEST("memory under a key is read in a handler, and what was forbidden stays forbidden behind it") {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  *static_cast<int*>(memory) = 42;
  // Where there are no keys, this is an ordinary page.
  const int key = pkey_alloc(0, PKEY_DISABLE_WRITE);
  if (key > 0) {
    CHECK_EQUAL(pkey_mprotect(memory, page, PROT_READ | PROT_WRITE, key), 0);
    CHECK_EQUAL(pkey_get(key), PKEY_DISABLE_WRITE);
  }
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigaction(SIGUSR1, &action, nullptr);
  to_read.store(static_cast<const int*>(memory));
  raise(SIGUSR1);
  CHECK_EQUAL(was_read.load(), 42);
  if (key > 0) {
    CHECK_EQUAL(pkey_get(key), PKEY_DISABLE_WRITE);
    pkey_set(key, PKEY_DISABLE_ACCESS);
    {
      const ReadsAllKeys reads_all_keys(SignalContextForTests::Make());
      CHECK_EQUAL(*static_cast<volatile const int*>(memory), 42);
    }
    CHECK_EQUAL(pkey_get(key), PKEY_DISABLE_ACCESS);
    pkey_free(key);
  }
  munmap(memory, page);
}

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
