// tap.h: the little that a C++ test here needs. TEST("a sentence") { CHECK(…); } registers a test; RunTests() runs
// them in order and prints the Test Anything Protocol. Single thread; no test may be running when RunTests() returns.

#ifndef NATIVEPROF_TEST_NATIVE_TAP_H_
#define NATIVEPROF_TEST_NATIVE_TAP_H_

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

namespace tap {

struct Test {
  const char* sentence;
  void (*body)();
};

inline std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

// Failures of the test that is running. The first few are printed: a broken ring can fail a million times.
inline int& Failures() {
  static int failures = 0;
  return failures;
}

struct Registered {
  Registered(const char* sentence, void (*body)()) { Tests().push_back({sentence, body}); }
};

constexpr int kMostPrinted = 5;

inline bool Check(bool holds, const char* what, const char* file, int line) {
  if (!holds && Failures()++ < kMostPrinted) {
    const char* const slash = std::strrchr(file, '/');
    std::printf("  # %s:%d: not so: %s\n", slash == nullptr ? file : slash + 1, line, what);
  }
  return holds;
}

inline bool CheckEqual(uint64_t found, uint64_t wanted, const char* what, const char* file, int line) {
  if (Check(found == wanted, what, file, line)) return true;
  if (Failures() <= kMostPrinted) {
    std::printf("  #   %" PRIu64 " (0x%" PRIx64 ") and not %" PRIu64 " (0x%" PRIx64 ")\n", found, found, wanted, wanted);
  }
  return false;
}

// With --bail it stops at the first test that fails. Returns the exit code.
inline int RunTests(int argc, char** argv) {
  const bool bails = argc > 1 && std::strcmp(argv[1], "--bail") == 0;
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  std::printf("TAP version 14\n1..%zu\n", Tests().size());
  int number = 0;
  int exit_code = 0;
  for (const Test& test : Tests()) {
    Failures() = 0;
    test.body();
    std::printf("%sok %d - %s\n", Failures() == 0 ? "" : "not ", ++number, test.sentence);
    if (Failures() > 0) exit_code = 1;
    if (bails && exit_code != 0) break;
  }
  return exit_code;
}

}  // namespace tap

#define TAP_JOIN2(a, b) a##b
#define TAP_JOIN(a, b) TAP_JOIN2(a, b)
#define TEST(sentence)                                                                             \
  static void TAP_JOIN(Body, __LINE__)();                                                          \
  static const tap::Registered TAP_JOIN(registered, __LINE__)(sentence, TAP_JOIN(Body, __LINE__)); \
  static void TAP_JOIN(Body, __LINE__)()

// Both are false, and the test fails, if it is not so; the test goes on.
#define CHECK(what) tap::Check((what), #what, __FILE__, __LINE__)
#define CHECK_EQUAL(found, wanted) \
  tap::CheckEqual((found), (wanted), #found " == " #wanted, __FILE__, __LINE__)

#endif  // NATIVEPROF_TEST_NATIVE_TAP_H_
