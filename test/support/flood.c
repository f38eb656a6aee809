// flood.c — flood PID MILLIS: sends SIGPROF to a process as fast as it can, in turns by kill(2) and by sigqueue(3), the latter with
// si_codes that only a timer of the process's own should have, as far as the kernel lets another process claim them. Prints how
// many.

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_millis(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const pid_t pid = (pid_t)atoi(argv[1]);
  const double end = now_millis() + atof(argv[2]);
  long sent = 0;
  for (; now_millis() < end; ++sent) {
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    info.si_signo = SIGPROF;
    info.si_pid = getpid();
    info.si_value.sival_ptr = (void*)(sent * 4096 + 1);
    int failed;
    switch (sent % 4) {
      case 0:
        failed = kill(pid, SIGPROF);
        break;
      case 1:
        failed = sigqueue(pid, SIGPROF, info.si_value);
        break;
      case 2:
        info.si_code = SI_TIMER;
        failed = (int)syscall(SYS_rt_sigqueueinfo, pid, SIGPROF, &info);
        break;
      default:
        info.si_code = SI_ASYNCIO;
        failed = (int)syscall(SYS_rt_sigqueueinfo, pid, SIGPROF, &info);
    }
    if (failed != 0) break;  // the process has ended
  }
  printf("%ld\n", sent);
  return 0;
}
