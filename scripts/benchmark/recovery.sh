#!/usr/bin/env bash
# From the SIGKILL of a worker to its first newly finished line.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/bench recovery [--kills N] [--lines N] [--only stoker|supervisord|loop]

Starts an installation of its own (api-server, PostgreSQL, watchdog, one worker with the ONNX engine), submits
a batch and, N times in a row (default 10), waits until lines flow and kills the worker with SIGKILL. Then the
same worker jar on the same kind of queue is killed as often without the watchdog: under supervisord (Debian's
package supervisor; installed if it is missing and this is root), and under a plain restart loop of the shell.

Measured from outside, by the monotonic clock of the process that kills, from just before the signal:
  noticed      the log of whoever restarts has grown (a loop has none)
  started      the new process has written its pid file, as the first thing it does
  ready        its heartbeat in the database says ready
  first line   the database counts more finished lines than when the new process had started
  full rate    over one second, at least 80 % of the lines a second from before the kill
Looks are 5 ms apart. Every batch must complete with each custom_id in its output exactly once: else the exit
status is 1. Load is the machine's load average at the end.
TXT
  exit 0
fi
kills=10 lines='' only=''
while [ $# -gt 0 ]; do
  case $1 in
    --kills) kills=${2:-} ;;
    --lines) lines=${2:-} ;;
    --only) only=${2:-} ;;
    *) printf 'stoker: unknown option %s; see scripts/bench recovery --help\n' "$1" >&2; exit 2 ;;
  esac
  shift $(($# > 1 ? 2 : 1))
done
[[ $kills =~ ^[1-9][0-9]{0,2}$ && ${lines:=$((kills * 1500 + 1500))} =~ ^[1-9][0-9]{0,4}$ && $lines -le 50000 && ${only:-loop} =~ ^(stoker|supervisord|loop)$ ]] ||
  { echo "stoker: --kills takes a number, --lines one up to 50000, --only stoker, supervisord or loop" >&2; exit 2; }

. "$(dirname "${BASH_SOURCE[0]}")/installation.sh"
export STOKER_RESPAWNS_PER_HOUR=1000 STOKER_BACKOFF_MAX=0
RESTARTER='' # what restarts the worker now, if it is not the watchdog

end_restarter() {
  [ -n "$RESTARTER" ] || return 0
  kill -TERM "$RESTARTER" 2>/dev/null
  wait "$RESTARTER" 2>/dev/null
  RESTARTER=''
  end_workers
}
end_extras() { end_restarter; }

measure() { # system log
  "$JAVA_HOME/bin/java" -Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --class-path "$STOKER_HOME/api-server/target/lib/*" \
    "$STOKER_HOME/scripts/benchmark/Recovery.java" "$1" "$2" "$kills" "$lines" "$API_URL/v1" \
    "$directory/table" "$HISTORY"
}

wants() { [ -z "$only" ] || [ "$only" = "$1" ]; }

start_installation
failed=0
if wants stoker; then measure stoker "$STOKER_LOG_DIR/watchdog.log" || failed=1; fi
end_watchdog && end_workers || exit 1

worker=("$JAVA_HOME/bin/java" -XX:+ExitOnOutOfMemoryError -jar "$STOKER_HOME/worker/target/worker.jar")
if wants supervisord; then
  if ! command -v supervisord >/dev/null && [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends supervisor >>"$directory/scripts.log" 2>&1
  fi
  if command -v supervisord >/dev/null; then
    cat >"$directory/supervisord.conf" <<CONF
[supervisord]
nodaemon=true
logfile=$directory/supervisord.log
pidfile=$directory/supervisord.pid
childlogdir=$directory
[program:worker]
command=${worker[*]}
autorestart=true
startsecs=0
startretries=1000000
stopwaitsecs=40
redirect_stderr=true
stdout_logfile=$directory/supervised.log
CONF
    supervisord -c "$directory/supervisord.conf" >>"$directory/scripts.log" 2>&1 &
    RESTARTER=$!
    measure supervisord "$directory/supervisord.log" || failed=1
    end_restarter
  else
    printf '%-12s not installed\n' supervisord >>"$directory/table"
  fi
fi
if wants loop; then
  (
    trap 'exit 0' TERM
    while true; do
      "${worker[@]}" >>"$directory/loop.log" 2>&1 &
      wait $!
    done
  ) &
  RESTARTER=$!
  measure loop none || failed=1
  end_restarter
fi
say ""
printf '%-12s %-11s %8s %8s %8s   (seconds, %s kills in a row)\n' system step median p95 worst "$kills"
cat "$directory/table"
say "load $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores"
exit $failed
