#!/usr/bin/env bash
# How much of an engine's throughput is left behind Stoker.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/bench engine-efficiency [--slots N,N...] [--lines N] [--rounds N] [--only ideal]

For each number of slots (default 32,256,1000) starts a mock engine that runs so many requests at once, with a
first token after 50 ms, 20 to 120 tokens an answer and 10 ms for each (10 % more or less), and an installation of
its own that is told nothing but the engine's URL. Then, so many rounds (default 3), in turn:
  ideal    a client that keeps exactly N requests in flight: one for each slot, no queue, nothing stored
  stoker   the same requests in the same order, uploaded and run as a batch
Lines are 10,000, but at most 40 for each slot, unless given.

Measured by the engine, from its first request of a round to its last answer; for Stoker also from the creation of
the batch to "completed". Stoker's first round includes that its worker is cold and has to find out how much the
engine takes. Every answer is compared with what the engine must have said, byte for byte, and no request may have
come twice: else the exit status is 1. Load is the machine's load average at the end.
TXT
  exit 0
fi
slots=32,256,1000 lines='' rounds=3 only=''
while [ $# -gt 0 ]; do
  case $1 in
    --slots) slots=${2:-} ;;
    --lines) lines=${2:-} ;;
    --rounds) rounds=${2:-} ;;
    --only) only=${2:-} ;;
    *) printf 'stoker: unknown option %s; see scripts/bench engine-efficiency --help\n' "$1" >&2; exit 2 ;;
  esac
  shift $(($# > 1 ? 2 : 1))
done
[[ $slots =~ ^[1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*$ && ${lines:-1} =~ ^[1-9][0-9]{0,4}$ && ${lines:-1} -le 50000 && $rounds =~ ^[1-9][0-9]?$ && ${only:-ideal} = ideal ]] ||
  { echo "stoker: --slots takes numbers up to 9999, --lines one up to 50000, --rounds one up to 99, --only ideal" >&2; exit 2; }

for variable in $(compgen -e STOKER_); do [[ $variable =~ ^STOKER_(JAVA_HOME|SKIP_BUILD)$ ]] || unset "$variable"; done
directory=$(mktemp -d "${TMPDIR:-/tmp}/stoker-bench.XXXXXX") || exit 1
free_port() { # low high
  local port
  while port=$((RANDOM % ($2 - $1) + $1)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}
export STOKER_ENV_FILE=/dev/null SENTRY_DSN='' STOKER_DATA_DIR=$directory/data STOKER_LOG_DIR=$directory/logs
STOKER_API_PORT=$(free_port 20000 25000) STOKER_DATABASE_PORT=$(free_port 25000 30000)
export STOKER_API_PORT STOKER_DATABASE_PORT STOKER_ENGINE=openai
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
use_jdk
mkdir -p "$STOKER_HOME/logs/bench" "$STOKER_LOG_DIR"
ENGINE=''

end_engine() {
  [ -n "$ENGINE" ] || return 0
  kill -TERM "$ENGINE" 2>/dev/null
  wait "$ENGINE" 2>/dev/null
  ENGINE=''
}
end_installation() {
  "$STOKER_HOME/scripts/stop-all.sh" >>"$directory/scripts.log" 2>&1
}
clean_up() {
  local status=$?
  trap - EXIT INT TERM HUP
  [ -n "$only" ] || end_installation || status=1
  end_engine
  if [ $status = 0 ]; then rm -rf "$directory"; else say "logs and data are left in $directory"; fi
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

start_engine() { # slots
  local waited=0
  "$STOKER_HOME/scripts/mock-engine" --slots "$1" --first-token 50ms --per-token 10ms --jitter 10 \
    --tokens-min 20 --tokens-max 120 --kv-tokens $(($1 * 1024)) >"$directory/engine" 2>>"$directory/scripts.log" &
  ENGINE=$!
  until STOKER_ENGINE_URL=$(sed -n 's/^mock engine: //p' "$directory/engine") && [ -n "$STOKER_ENGINE_URL" ]; do
    { kill -0 "$ENGINE" 2>/dev/null && [ $waited -lt 3000 ]; } || { tail -n 20 "$directory/scripts.log"; fail "the mock engine did not start"; }
    sleep 0.1
    waited=$((waited + 1))
  done
  export STOKER_ENGINE_URL
}

start_installation() {
  "$STOKER_HOME/scripts/start-all.sh" >>"$directory/scripts.log" 2>&1 || { tail -n 20 "$directory/scripts.log"; exit 1; }
  # What a start learns would compete for the processors.
  while running_pid learn >/dev/null; do sleep 1; done
}

measure() { # slots lines
  "$JAVA_HOME/bin/java" -Xmx1g -XX:+UseSerialGC \
    --class-path "$(printf '%s:' "$STOKER_HOME"/shared/target/stoker-shared-*-tests.jar)$STOKER_HOME/api-server/target/lib/*:$STOKER_HOME/worker/target/lib/*" \
    "$STOKER_HOME/scripts/benchmark/EngineEfficiency.java" "$1" "$2" "$rounds" "$STOKER_ENGINE_URL" \
    "${only:-$API_URL/v1}" "$RUN_DIR/worker.pid" "$directory/table" "$STOKER_HOME/logs/bench/history.jsonl"
}

failed=0
for count in ${slots//,/ }; do
  say "Starting a mock engine with $count slots${only:+ alone} ..."
  start_engine "$count"
  [ -n "$only" ] || start_installation
  measure "$count" "${lines:-$((count * 40 < 10000 ? count * 40 : 10000))}" || failed=1
  [ -n "$only" ] || end_installation || failed=1
  end_engine
done
say ""
printf '%6s %-7s %-9s %8s %8s %8s %10s   (seconds, %s rounds)\n' slots system step median best worst ideal "$rounds"
cat "$directory/table"
say "load $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores"
exit $failed
