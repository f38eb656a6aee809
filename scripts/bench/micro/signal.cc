// signal.cc <millis> <period in microseconds>: the floor of what a tick can cost. A program that reads the clock without end under
// an ITIMER_PROF whose handler does nothing but note the time: the gap between two readings that the note lies in is what a
// tick took of the program, the kernel's part and the timer's interrupt included. Prints the gaps in nanoseconds as JSON.

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

volatile int64_t noted_nanos = 0;

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

void Note(int) { noted_nanos = Now(); }

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const int64_t end = Now() + std::atoll(arguments[1]) * 1000000;
  struct sigaction action = {};
  action.sa_handler = Note;
  action.sa_flags = SA_RESTART;
  sigaction(SIGPROF, &action, nullptr);
  itimerval every = {};
  every.it_interval.tv_usec = every.it_value.tv_usec = std::atoi(arguments[2]);
  if (setitimer(ITIMER_PROF, &every, nullptr) != 0) return 1;
  std::vector<int64_t> gaps;
  int64_t before = Now();
  while (before < end) {
    const int64_t now = Now();
    if (noted_nanos >= before && noted_nanos <= now) {
      gaps.push_back(now - before);
      noted_nanos = 0;
    }
    before = now;
  }
  std::printf("[");
  for (size_t i = 0; i < gaps.size(); ++i) std::printf("%s%lld", i == 0 ? "" : ",", static_cast<long long>(gaps[i]));
  std::printf("]\n");
  return gaps.empty() ? 1 : 0;
}
