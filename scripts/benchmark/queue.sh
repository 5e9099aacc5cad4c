#!/usr/bin/env bash
# jobs claimed and settled a second, against graphile-worker, pg-boss, db-scheduler and JobRunr
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option lines 1000000 20000 '[1-9][0-9]{3,5}|1000000'
option seconds 5 2 '[1-9][0-9]?'
option rounds 3 1 '[1-9][0-9]?'
read_options "$@" <<'TXT'
The same job, claimed, run (nothing), settled durably, by Stoker and by graphile-worker and pg-boss (npm) and
db-scheduler and JobRunr (Maven), in turn, on one PostgreSQL server: that of the installation, with its settings, a
database for each. All commits are synchronous; a checkpoint is made before each round's jobs are queued.

Stoker runs as it is installed, but for the lines that a batch may have: api-server, watchdog, one worker, with the null
engine. A round is a batch of so many lines, which takes about as long as a round of a rival, all queued, counted from
its first claim until it is completed; each line then has a result in the database. Two rounds come before that are not
counted.

Each rival runs in several of the settings that its own documentation recommends for throughput, in new processes each
time, after two rounds that are not counted, with as many jobs as it does in so many seconds, but at most as many as
Stoker. All are queued, and PostgreSQL has counted them, before any runs; it is counted from the first that runs until
the last is done in its table. It keeps no result. Each of its jobs must have run: else the exit status is 1. What
Stoker is held against is the fastest rival in its fastest setting.

  graphile-worker  24 jobs at once, a local queue of 500, completions in groups, in 1, 2 and 4 processes
  pg-boss          4 loops that fetch and complete 500 jobs together; 2 processes x 2 loops of 1000
  db-scheduler     lock-and-fetch: 20 virtual threads, fetching 4 to 20 jobs for each; 50, 1 to 4
  JobRunr          32 and 256 workers on virtual threads; the open source edition

The rivals and a Node that runs them, in fixed versions, are installed into scripts/benchmark/queue; that needs npm
and Maven, and a network the first time. All is warmed up first. CPU is utime + stime, of the queue's processes (for
Stoker the worker and the api-server) and of PostgreSQL with its backends.
TXT
rivals=$BENCHMARKS/queue

# Nothing outside that directory is touched. Node comes as a package too: what the system has is often too old.
install_rivals() {
  need npm npm
  need maven mvn
  mkdir -p "$rivals/target"
  if ! [ "$rivals/target/npm" -nt "$rivals/package-lock.json" ]; then
    say "Installing graphile-worker, pg-boss and Node ..."
    npm ci --prefix "$rivals" --no-audit --no-fund >"$rivals/target/npm.log" 2>&1 ||
      fail "npm could not install the rivals: see $rivals/target/npm.log"
    touch "$rivals/target/npm"
  fi
  if ! [ "$rivals/target/maven" -nt "$rivals/pom.xml" ]; then
    say "Fetching db-scheduler and JobRunr ..."
    mvn -f "$rivals/pom.xml" dependency:copy-dependencies -DoutputDirectory="$rivals/target/lib" \
      >"$rivals/target/maven.log" 2>&1 || fail "Maven could not fetch the rivals: see $rivals/target/maven.log"
    touch "$rivals/target/maven"
  fi
  "$JAVA_HOME/bin/javac" -d "$rivals/target/classes" --class-path "$rivals/target/lib/*" "$rivals"/*.java ||
    fail "what runs the rivals does not compile"
}

install_rivals
export STOKER_ENGINE=null STOKER_BATCH_LINES_MAX=$lines
start_installation
measure Queue "$lines" "$seconds" "$rounds" "$rivals"
