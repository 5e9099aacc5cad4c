#!/usr/bin/env bash
# from the SIGKILL of a worker to its first newly finished line
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option kills 10 2 '[1-9][0-9]{0,2}'
option lines '' '' '[1-9][0-9]{0,4}'
option only '' '' 'stoker|supervisord|loop'
read_options "$@" <<'TXT'
Starts an installation of its own (api-server, PostgreSQL, watchdog, one worker with the ONNX engine), submits
a batch and, so many times in a row, waits until lines flow and kills the worker with SIGKILL. Then the
same worker, started by the very words by which the watchdog starts it, is killed as often on the same kind of queue
without the watchdog: under supervisord (Debian's package supervisor; installed if it is missing and this is root), and
under a plain restart loop of the shell. All three restart at once: the watchdog's pause before the second and later
restarts in a row (1, 2, 4 ... s) is set to 0 for it.

Measured from outside, by the monotonic clock of the process that kills, from just before the signal:
  noticed      the log of whoever restarts has grown (a loop has none)
  started      the new process has written its pid file, as the first thing it does
  ready        its heartbeat in the database says ready
  first line   the database counts more finished lines than when the new process had started
  full rate    over one second, at least 80 % of the lines a second from before the kill
Looks are 5 ms apart. Every batch must complete with each custom_id in its output exactly once: else the exit
status is 1. Load is the machine's load average at the end.
TXT
lines=${lines:-$((kills * 1500 + 1500))}
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

measure_system() { # system log
  CLIENT_JVM=(-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC)
  measure Recovery "$1" "$2" "$kills" "$lines"
}

wants() { [ -z "$only" ] || [ "$only" = "$1" ]; }

start_installation
mapfile -d '' -t worker <"/proc/$(running_pid worker)/cmdline"
[ ${#worker[@]} -gt 0 ] || fail "the worker's command cannot be read"
failed=0
if wants stoker; then measure_system stoker "$STOKER_LOG_DIR/watchdog.log" || failed=1; fi
end_watchdog && end_workers || exit 1

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
    measure_system supervisord "$directory/supervisord.log" || failed=1
    end_restarter
  else
    say "supervisord is not installed"
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
  measure_system loop none || failed=1
  end_restarter
fi
exit $failed
