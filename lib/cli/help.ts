// help.ts — what --help prints. Each text fits a screen of 24 lines and 80 columns.

export const HELP = `nativeprof: where did the CPU time of a Node.js program go?

  nativeprof run app.js        profile a script; writes a flame graph (HTML) and
                               prints the hottest functions
  nativeprof run --help        its options: rate, format, file
  nativeprof --version

Other ways in:
  node -r nativeprof/auto app.js              the same, without another process
  import { startSampler } from 'nativeprof'   a part of a program
`

export const RUN_HELP = `nativeprof run [options] [--] [node flags] script.js args…
nativeprof run [options] -- command args…

Runs a script with this node, or a command with node somewhere in it, and
profiles it. It ends as the program ends.

  --hz N          samples per second of CPU time, 1 to 1000; perf: to 10000
                                                                  (default 100)
  --timer T       process, thread, perf, wall: what ticks     (default process)
  -f, --format F  html, collapsed, speedscope, table     (default: by the file's
                  ending, else html)
  --view V        js, mixed, native: whose frames are shown        (default js)
  --threads T     auto, split, merged: threads apart, or as one   (default auto)
  -o, --out PATH  where to; - is standard output, and what the program prints
                  then goes to standard error
                  (default nativeprof-<script>-<pid>.html, and a table)
  --top N         rows of the table               (default 10; none with -o)
  --sort KEY      self or total: time without or with callees  (default self)
  --lines, --no-source-maps, --package-paths       by line; as run; by package
  --labels NAMES  labels as root frames, such as route,tenant       -h, --help

  nativeprof run app.js
  nativeprof run -o app.html -- --max-old-space-size=4096 app.js --verbose
  nativeprof run -f collapsed -o - app.js | flamegraph.pl > app.svg
`
