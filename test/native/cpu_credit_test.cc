// cpu_credit_test.cc: a thread is credited with the periods of its own CPU clock, whatever signals come.

#include "timer/cpu_credit.h"

#include "tap.h"

using nativeprof::CpuCredit;

namespace {

constexpr uint64_t kPeriod = 10'000'000;

}  // namespace

TEST("a signal that comes after a period stands for one tick") {
  CpuCredit credit = {};
  CHECK_EQUAL(credit.Take(1, 1'000 * kPeriod, kPeriod), 1);
  CHECK_EQUAL(credit.Take(1, 1'001 * kPeriod, kPeriod), 1);
  CHECK_EQUAL(credit.Take(1, 1'002 * kPeriod + kPeriod / 10, kPeriod), 1);
}

TEST("signals that come more often than CPU time passes stand for nothing") {
  CpuCredit credit = {};
  uint64_t ticks = 0;
  for (uint64_t nanos = 50 * kPeriod; nanos <= 60 * kPeriod; nanos += kPeriod / 20) ticks += credit.Take(1, nanos, kPeriod);
  CHECK_EQUAL(ticks, 11);  // the first, and one for each of ten periods
}

TEST("a signal that comes late stands for all periods that have passed") {
  CpuCredit credit = {};
  CHECK_EQUAL(credit.Take(1, 5 * kPeriod, kPeriod), 1);
  CHECK_EQUAL(credit.Take(1, 9 * kPeriod, kPeriod), 4);
}

TEST("a thread that has used next to no CPU time has no tick") {
  CpuCredit credit = {};
  CHECK_EQUAL(credit.Take(1, kPeriod / 4, kPeriod), 0);
  CHECK_EQUAL(credit.Take(1, kPeriod / 3, kPeriod), 0);
  CHECK_EQUAL(credit.Take(1, kPeriod, kPeriod), 1);
}

TEST("a new recording begins anew") {
  CpuCredit credit = {};
  CHECK_EQUAL(credit.Take(1, 5 * kPeriod, kPeriod), 1);
  CHECK_EQUAL(credit.Take(2, 500 * kPeriod, kPeriod), 1);
  CHECK_EQUAL(credit.Take(2, 500 * kPeriod, 2 * kPeriod), 0);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
