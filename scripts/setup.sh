#!/bin/bash
# setup.sh — installs, by apt, what the tests use beyond npm packages: programs of other people that read our files
# back, and a compiler if there is none. Safe to repeat; does nothing, quickly, when all is there.
#   chromium                 opens flame graphs as a user would
#   libdevel-nytprof-perl    Brendan Gregg's flamegraph.pl, in /usr/share/perl5/Devel/NYTProf/flamegraph.pl
#   golang-go                go tool pprof, which reads pprof profiles
#   strace                   shows which system calls the profiler makes
set -u

flamegraph=/usr/share/perl5/Devel/NYTProf/flamegraph.pl
missing=()

need() { # command, package
  command -v "$1" >/dev/null || missing+=("$2")
}

need chromium chromium
need strace strace
need g++ g++
need make make
need python3 python3
need go golang-go
need strip binutils
[ -e "$flamegraph" ] || missing+=(libdevel-nytprof-perl)

if [ ${#missing[@]} -eq 0 ]; then
  echo 'setup: all there'
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "setup: this script knows Debian only (no apt-get here); install by hand: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: not root; run: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi

install_missing() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

echo "setup: installing ${missing[*]}"
# The package lists of this machine may be good enough; if not (absent, or too old), fetch them and try again.
if ! install_missing >/dev/null 2>&1; then
  apt-get update -q && install_missing || {
    echo "setup: apt-get could not install ${missing[*]}" >&2
    exit 1
  }
fi
