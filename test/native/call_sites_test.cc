// call_sites_test.cc: which memory is looked at for a call, what is remembered of it, and what is taken for a call where
// nothing can be read. What a call looks like is in call_site_test.cc.
// With: safe_read.cc

#include "call_sites.h"

#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "signal_context.h"
#include "tap.h"

using namespace nativeprof;

namespace {

const SignalContext kContext = SignalContextForTests::Make();

// Two pages of no-ops, of which the second is not there.
class Code {
 public:
  Code() : page_bytes_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* const memory = mmap(nullptr, 2 * page_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bytes_ = static_cast<uint8_t*>(memory);
    CHECK(memory != MAP_FAILED && mprotect(bytes_ + page_bytes_, page_bytes_, PROT_NONE) == 0);
    std::memset(bytes_, 0x90, page_bytes_);
  }
  ~Code() { munmap(bytes_, 2 * page_bytes_); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  // Puts a relative call there; returns the address behind it. Not inline: GCC 12 takes the result of mmap() for null then.
  __attribute__((noinline)) uintptr_t PutCall(size_t end) {
    bytes_[end - 5] = 0xe8;
    std::memset(bytes_ + end - 4, 0x11, 4);
    return At(end);
  }
  void RemoveCall(size_t end) { bytes_[end - 5] = 0x90; }
  uintptr_t At(size_t offset) const { return reinterpret_cast<uintptr_t>(bytes_) + offset; }
  size_t page_bytes() const { return page_bytes_; }

 private:
  const size_t page_bytes_;
  uint8_t* bytes_;
};

std::unique_ptr<CallSites> MakeSites() {
  auto sites = std::make_unique<CallSites>();
  sites->Reset();
  return sites;
}

bool Is(CallSites& sites, uintptr_t address, Mapped mapped) { return sites.IsCallSite(kContext, address, mapped); }

}  // namespace

#if defined(__x86_64__)

TEST("this machine lets a process read itself, or else half of these tests say nothing") {
  const auto sites = MakeSites();
  if (!sites->safe_reader().available()) std::printf("  # it does not\n");
}

TEST("memory that will stay is read as it is") {
  CallSites sites;  // without a safe read
  Code code;
  const uintptr_t call = code.PutCall(100);
  CHECK(Is(sites, call, Mapped::kAlways));
  CHECK(!Is(sites, call - 1, Mapped::kAlways));
  CHECK(!Is(sites, call + 1, Mapped::kAlways));
  CHECK(Is(sites, code.PutCall(code.page_bytes()), Mapped::kAlways));
}

TEST("memory that may go away is read safely") {
  const auto sites = MakeSites();
  if (!sites->safe_reader().available()) return;
  Code code;
  const uintptr_t call = code.PutCall(100);
  const uintptr_t last = code.PutCall(code.page_bytes());
  for (const Mapped mapped : {Mapped::kProbably, Mapped::kUnknown}) {
    CHECK(!Is(*sites, call - 1, mapped));
    CHECK(!Is(*sites, call + 1, mapped));
    CHECK(Is(*sites, call, mapped));
    CHECK(Is(*sites, last, mapped));
    CHECK(!Is(*sites, last + 1, mapped));                         // one byte of it is not there
    CHECK(!Is(*sites, code.At(code.page_bytes() + 50), mapped));  // nor is all of this
    CHECK(!Is(*sites, UINTPTR_MAX, mapped));
    CHECK(!Is(*sites, uintptr_t{1} << 62, mapped));
    sites->Reset();
  }
}

TEST("no call ends at the first addresses") {
  const auto sites = MakeSites();
  for (uintptr_t address = 0; address <= kMaxCallBytes; ++address) {
    for (const Mapped mapped : {Mapped::kAlways, Mapped::kProbably, Mapped::kUnknown}) {
      CHECK(!Is(*sites, address, mapped));
    }
  }
}

TEST("without a safe read, code is taken for a call and anything else for none") {
  CallSites sites;
  Code code;
  const uintptr_t nowhere = code.At(code.page_bytes() + 50);
  CHECK(Is(sites, nowhere, Mapped::kProbably));
  CHECK(!Is(sites, nowhere, Mapped::kUnknown));  // what was taken for a call is not remembered as one
  CHECK(Is(sites, code.At(100), Mapped::kProbably));
  CHECK(!Is(sites, code.At(100), Mapped::kUnknown));
  CHECK(!Is(sites, code.At(100), Mapped::kAlways));
}

TEST("a call is remembered though the memory changes, and forgotten by Reset()") {
  const auto sites = MakeSites();
  Code code;
  const uintptr_t call = code.PutCall(100);
  CHECK(Is(*sites, call, Mapped::kAlways));
  code.RemoveCall(100);
  for (const Mapped mapped : {Mapped::kAlways, Mapped::kProbably, Mapped::kUnknown}) CHECK(Is(*sites, call, mapped));
  sites->Reset();
  CHECK(!Is(*sites, call, Mapped::kAlways));
}

TEST("what is no call is looked at again") {
  const auto sites = MakeSites();
  Code code;
  CHECK(!Is(*sites, code.At(100), Mapped::kAlways));
  code.PutCall(100);
  CHECK(Is(*sites, code.At(100), Mapped::kAlways));
}

TEST("more calls than are remembered are told apart all the same") {
  const auto sites = MakeSites();
  constexpr size_t kBytes = 400'000;
  std::vector<uint8_t> code(kBytes, 0x90);
  for (size_t end = 10; end < kBytes; end += 10) code[end - 5] = 0xe8;
  const uintptr_t start = reinterpret_cast<uintptr_t>(code.data());
  for (int round = 0; round < 2; ++round) {
    for (size_t at = 10; at < kBytes; ++at) CHECK_EQUAL(Is(*sites, start + at, Mapped::kAlways), at % 10 == 0);
  }
}

TEST("threads that ask for different addresses of one entry all get the right answer") {
  const auto sites = MakeSites();
  constexpr size_t kBytes = 100'000;
  std::vector<uint8_t> code(kBytes, 0x90);
  for (size_t end = 10; end < kBytes; end += 10) code[end - 5] = 0xe8;
  const uintptr_t start = reinterpret_cast<uintptr_t>(code.data());
  std::atomic<uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (size_t id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      for (size_t at = 10 + id; at < kBytes; at += 1 + id) {
        if (Is(*sites, start + at, Mapped::kAlways) != (at % 10 == 0)) wrong.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0u);
}

#else

TEST("where instructions have four bytes, code at their multiples is taken for a call") {
  CallSites sites;
  for (const Mapped mapped : {Mapped::kAlways, Mapped::kProbably}) {
    CHECK(Is(sites, 0x1000, mapped));
    CHECK(!Is(sites, 0x1002, mapped));
  }
  CHECK(!Is(sites, 0x1000, Mapped::kUnknown));
}

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
