#!/usr/bin/env bash
# Starts everything: the database, the api-server, the watchdog and through it the workers.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/start-all.sh

Builds what is missing or stale, starts what does not run yet (embedded PostgreSQL unless
STOKER_DATABASE_URL names one, api-server, watchdog, which starts the workers), waits until all
is healthy and prints the addresses. Running it again is harmless. If something does not come up,
or on Ctrl-C, what this run started is stopped again. Only when the watchdog cannot get a worker to
run does the rest stay up, so that finished results can be downloaded; the exit status is 1 then too.

Nothing is built while a part of this installation runs: its jars are in use.

STOKER_SKIP_BUILD=true runs what is built, however old, and fails if something is missing.

Configuration: environment or .env; see the table in README.md.
TXT
  exit 0
fi
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need findutils find
use_jdk
mkdir -p "$RUN_DIR" "$STOKER_LOG_DIR" || fail "cannot write to $STOKER_DATA_DIR and $STOKER_LOG_DIR"
take_turn
START_TIMEOUT_S=${STOKER_START_TIMEOUT_S:-300}
started=()

# Only noted, and acted upon between two steps: a part that is being launched has no pid file yet.
interrupted=false
trap 'interrupted=true' INT TERM HUP
stop_if_interrupted() { [ $interrupted = false ] || give_up start-all.sh "was interrupted"; }

show_logs() { # part...
  local part log
  for part; do
    for log in "$STOKER_LOG_DIR/$part.console.log" "$STOKER_LOG_DIR/$part.log"; do
      [ -s "$log" ] || continue
      say "--- last lines of $log"
      tail -n 15 "$log"
    done
  done
  say "---"
}

# Shows the log of the part that failed, and stops what this run started, newest first.
give_up() { # part message
  trap '' INT TERM HUP # a second Ctrl-C must not leave the rest running
  say ""
  say "FAILED: $1 $2"
  show_logs "$1"
  local i left=0
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    case ${started[i]} in
      postgres) stop_postgres 9>&- || left=1 ;;
      watchdog) end_watchdog || left=1; end_workers || left=1 ;;
      *) end_component "${started[i]}" 30 || left=1 ;;
    esac
  done
  [ $left = 0 ] || fail "something that this run started is still running: see above; scripts/stop-all.sh stops it"
  say "Nothing that this run started is left running."
  exit 1
}

# What the watchdog says of its workers, one a line: name, state, unplanned restarts in an hour, reason.
slots() {
  local body
  body=$(http_get /health)
  sed 's/{"worker":/\n&/g' <<<"${body##*'"supervisor":'}" | sed -nE \
    's/^\{"worker":"([^"]*)","state":"([a-z_]+)","reason":"(.*)","state_age_seconds".*"respawns_last_hour":([0-9]+),.*/\1 \2 \4 \3/p'
}

# The API is fine and finished results are there to be fetched: that is no reason to stop it.
leave_without_worker() { # slots
  local worker state restarts reason
  say ""
  say "NOT READY: no worker could be started."
  show_logs watchdog worker-0 worker
  while read -r worker state restarts reason; do
    say "  worker $worker: $state (${reason:-no reason given}), $restarts restarts in the last hour"
  done <<<"$1"
  say "The API, its database and the watchdog stay up: results can be downloaded from $API_URL/v1,"
  say "new batches are refused. In backoff the watchdog tries again by itself; once it gave up, or to try"
  say "at once: remove the cause (see $STOKER_LOG_DIR/worker.log), scripts/stop-all.sh, scripts/start-all.sh"
  exit 1
}

JARS=(api-server/target/api-server.jar worker/target/worker.jar watchdog/target/watchdog.jar)
missing_jar() {
  local jar
  for jar in "${JARS[@]}"; do
    [ -f "$STOKER_HOME/$jar" ] || { say "$jar"; return 0; }
  done
  return 1
}

# Folders are compared too: theirs is the only time that a deleted file changes.
stale() (
  local jar module
  missing_jar >/dev/null && return 0
  cd "$STOKER_HOME" || exit 1
  for jar in "${JARS[@]}"; do
    module=${jar%%/*}
    [ -z "$(find pom.xml {shared,"$module"}/{pom.xml,src/main} -newer "$jar" -print -quit)" ] || return 0
  done
  return 1
)

# The first part of this installation that is found to run.
running_part() {
  local file part
  for file in "$RUN_DIR"/*.pid; do
    part=$(basename "$file" .pid)
    running_pid "$part" >/dev/null && { say "$part"; return 0; }
  done
  return 1
}

build() {
  local begun
  begun=$(date +%s.%N)
  command -v mvn >/dev/null || fail "Maven is needed to build: install it (Debian, Ubuntu: apt-get install maven)"
  say "Building (the first time downloads its libraries, some 450 MB; log: $STOKER_LOG_DIR/build.log) ..."
  (cd "$STOKER_HOME" && mvn -DskipTests -Dspotless.check.skip package >"$STOKER_LOG_DIR/build.log" 2>&1) 9>&- || {
    stop_if_interrupted
    grep -E '^\[ERROR\]' "$STOKER_LOG_DIR/build.log" | head -20
    fail "the build failed: see $STOKER_LOG_DIR/build.log"
  }
  # Maven leaves a jar alone in which nothing changed, such as all but shared's when shared did.
  (cd "$STOKER_HOME" && touch -d "@$begun" "${JARS[@]}")
}

# Waits until a command succeeds, as long as the component lives.
wait_for() { # name what command...
  local name=$1 what=$2 begun=$SECONDS
  shift 2
  until "$@"; do
    stop_if_interrupted
    running_pid "$name" >/dev/null || give_up "$name" "ended before it was $what"
    [ $((SECONDS - begun)) -lt "$START_TIMEOUT_S" ] || give_up "$name" "was not $what within $START_TIMEOUT_S s"
    sleep 0.2
  done
}

api_ready() { [[ $(http_get /health/ready) == *'"status":"ready"'* ]]; }
# A worker that the watchdog cannot get to run ends the wait, and nothing else: see leave_without_worker.
wait_for_worker() {
  local begun=$SECONDS waited now
  until worker_ready; do
    stop_if_interrupted
    running_pid watchdog >/dev/null || give_up watchdog "ended before it had a ready worker"
    running_pid api_server >/dev/null || give_up api_server "ended before a worker was ready"
    waited=$((SECONDS - begun))
    now=$(slots)
    # The rows are those of an earlier watchdog until the new one has looked.
    if [ $waited -ge 20 ] && [ -n "$now" ] && ! grep -qv '^[^ ]* gave_up ' <<<"$now"; then
      leave_without_worker "$now"
    fi
    if [ $waited -ge "$START_TIMEOUT_S" ]; then
      # Between two pauses a worker that was restarted is starting again.
      if api_ready && grep -qE '^[^ ]* ((backoff|gave_up) |[a-z_]+ [1-9])' <<<"$now"; then
        leave_without_worker "$now"
      fi
      show_logs worker-0 worker
      give_up watchdog "had no ready worker within $START_TIMEOUT_S s"
    fi
    sleep 0.2
  done
}

worker_ready() { [[ $(http_get /health) == *'"status":"healthy"'*'"status":"ready"'* ]]; }

if [ "${STOKER_SKIP_BUILD:-false}" = true ]; then
  jar=$(missing_jar) && fail "$jar is not built and STOKER_SKIP_BUILD forbids to build it: run mvn package first"
elif part=$(running_part); then
  jar=$(missing_jar) && fail "$jar is missing, and nothing is built while $part runs: scripts/stop-all.sh first"
  stale && say "Note: the sources are newer than the jars, and nothing is built while $part runs; stop-all.sh and start-all.sh would build and run them."
elif stale; then
  build
fi

if [ -z "${STOKER_DATABASE_URL:-}" ]; then
  was_running=no
  postgres_control status >/dev/null 2>&1 9>&- && was_running=yes
  [ $was_running = yes ] || started+=(postgres)
  stop_if_interrupted
  postgres_control start 9>&- || { stop_if_interrupted; give_up "the embedded PostgreSQL" "did not start (see above)"; }
  stop_if_interrupted
fi

if ! running_pid api_server >/dev/null; then
  say "api-server starts ..."
  started+=(api_server)
  launch_api_server 9>&-
fi
wait_for api_server ready api_ready
say "api-server runs (pid $(running_pid api_server))"

if ! running_pid watchdog >/dev/null; then
  started+=(watchdog)
  launch_watchdog 9>&-
fi
say "watchdog runs (pid $(running_pid watchdog)); waiting for its workers to load their model"
wait_for_worker
stop_if_interrupted
trap - INT TERM HUP

# In the background: nothing needs what is learnt, a start without it is only slower.
learn_starts() {
  running_pid learn >/dev/null && return
  # In a session of its own niceness counts for nothing against others, but that of the session does.
  launch learn nice -n 19 bash -c '. "$1"
    { echo 19 >/proc/$$/autogroup; } 2>/dev/null
    learn_start "$WATCHDOG_JAR" "${WATCHDOG_JVM[@]}"
    learn_start "$WORKER_JAR"
    learn_start "$API_JAR" "${API_JVM[@]}" -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining' \
    learn "$STOKER_HOME/scripts/common.sh" 9>&-
}
learn_starts

say ""
say "Stoker is ready."
say "  API        $API_URL/v1   (set OPENAI_BASE_URL to it; any OPENAI_API_KEY)"
say "  health     $API_URL/health"
say "  logs       $STOKER_LOG_DIR/{api_server,worker,watchdog}.log"
say "  data       $STOKER_DATA_DIR"
say "  stop with  scripts/stop-all.sh"
