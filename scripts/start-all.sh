#!/usr/bin/env bash
# Starts everything: the database, the api-server, the watchdog and through it the workers.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/start-all.sh

Builds what is missing or stale, starts what does not run yet (embedded PostgreSQL unless
STOKER_DATABASE_URL names one, api-server, watchdog, which starts the workers), waits until all
is healthy and prints the addresses. Running it again is harmless. If something does not come up,
what this run started is stopped again.

STOKER_SKIP_BUILD=true runs what is built, however old, and fails if something is missing.

Configuration: environment or .env; see the table in README.md.
TXT
  exit 0
fi
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
use_jdk
mkdir -p "$RUN_DIR" "$STOKER_LOG_DIR" || fail "cannot write to $STOKER_DATA_DIR and $STOKER_LOG_DIR"
exec 9>"$RUN_DIR/start.lock"
flock -w 300 9 || fail "another start-all.sh or stop-all.sh is still at work"
START_TIMEOUT_S=${STOKER_START_TIMEOUT_S:-300}
started=()

# Stops what this run started, newest first, and ends with the log of the part that failed.
give_up() { # part message
  say ""
  say "FAILED: $1 $2"
  for log in "$STOKER_LOG_DIR/$1.console.log" "$STOKER_LOG_DIR/$1.log"; do
    if [ -s "$log" ]; then
      say "--- last lines of $log"
      tail -n 15 "$log"
    fi
  done
  say "---"
  local i
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    case ${started[i]} in
      postgres) postgres_control stop ;;
      *) end_component "${started[i]}" 30 ;;
    esac
  done
  say "Nothing that this run started is left running."
  exit 1
}

missing_jar() {
  local jar
  for jar in api-server/target/api-server.jar worker/target/worker.jar watchdog/target/watchdog.jar; do
    [ -f "$STOKER_HOME/$jar" ] || { say "$jar"; return 0; }
  done
  return 1
}

stale() {
  missing_jar >/dev/null || [ -n "$(cd "$STOKER_HOME" && find pom.xml ./*/pom.xml ./*/src/main -newer watchdog/target/watchdog.jar -type f -print -quit)" ]
}

build() {
  command -v mvn >/dev/null || fail "Maven is needed to build: install it (Debian, Ubuntu: apt-get install maven)"
  say "Building (the first time downloads its libraries, some 450 MB; log: $STOKER_LOG_DIR/build.log) ..."
  (cd "$STOKER_HOME" && mvn -DskipTests -Dspotless.check.skip package >"$STOKER_LOG_DIR/build.log" 2>&1) 9>&- || {
    grep -E '^\[ERROR\]' "$STOKER_LOG_DIR/build.log" | head -20
    fail "the build failed: see $STOKER_LOG_DIR/build.log"
  }
}

# Waits until a command succeeds, as long as the component lives.
wait_for() { # name what command...
  local name=$1 what=$2 begun=$SECONDS
  shift 2
  until "$@"; do
    running_pid "$name" >/dev/null || give_up "$name" "ended before it was $what"
    [ $((SECONDS - begun)) -lt "$START_TIMEOUT_S" ] || give_up "$name" "was not $what within $START_TIMEOUT_S s"
    sleep 0.2
  done
}

api_ready() { [[ $(http_get /health/ready) == *'"status":"ready"'* ]]; }
worker_ready() { [[ $(http_get /health) == *'"status":"healthy"'*'"status":"ready"'* ]]; }

if [ "${STOKER_SKIP_BUILD:-false}" = true ]; then
  jar=$(missing_jar) && fail "$jar is not built and STOKER_SKIP_BUILD forbids to build it: run mvn package first"
elif running_pid api_server >/dev/null && running_pid watchdog >/dev/null; then
  stale && say "Note: the sources are newer than what runs; stop-all.sh and start-all.sh would build and run them."
elif stale; then
  build
fi

if [ -z "${STOKER_DATABASE_URL:-}" ]; then
  was_running=no
  postgres_control status >/dev/null 2>&1 9>&- && was_running=yes
  postgres_control start 9>&- || { say "FAILED: the embedded PostgreSQL did not start (see above)"; exit 1; }
  [ $was_running = yes ] || started+=(postgres)
fi

if ! running_pid api_server >/dev/null; then
  say "api-server starts ..."
  launch api_server "$JAVA_HOME/bin/java" -Xmx"${STOKER_API_HEAP:-384m}" -XX:+ExitOnOutOfMemoryError \
    ${STOKER_API_JAVA_OPTIONS:-} -jar "$STOKER_HOME/api-server/target/api-server.jar" 9>&-
  started+=(api_server)
fi
wait_for api_server ready api_ready
say "api-server runs (pid $(running_pid api_server))"

if ! running_pid watchdog >/dev/null; then
  launch watchdog "$JAVA_HOME/bin/java" -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -jar "$STOKER_HOME/watchdog/target/watchdog.jar" 9>&-
  started+=(watchdog)
fi
say "watchdog runs (pid $(running_pid watchdog)); waiting for its workers to load their model"
wait_for watchdog "looking after a ready worker" worker_ready

say ""
say "Stoker is ready."
say "  API        $API_URL/v1   (set OPENAI_BASE_URL to it; any OPENAI_API_KEY)"
say "  health     $API_URL/health"
say "  logs       $STOKER_LOG_DIR/{api_server,worker,watchdog}.log"
say "  data       $STOKER_DATA_DIR"
say "  stop with  scripts/stop-all.sh"
