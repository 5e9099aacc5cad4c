#!/usr/bin/env bash
# Stops everything: the workers drain, the api-server finishes its requests, the database shuts down.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/stop-all.sh

Stops the watchdog and its workers (they finish or give back what they run), the api-server and the
embedded PostgreSQL of this installation. Safe when nothing runs. Data is kept: start-all.sh goes on
where this stopped.
TXT
  exit 0
fi
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ -d "$RUN_DIR" ] || { say "Nothing runs."; exit 0; }
use_jdk
take_turn
left=0

# With what it has started, and at once: a JVM that is asked to end first writes down what it has learnt.
if learner=$(running_pid learn); then
  kill -KILL -- "-$learner" 2>/dev/null
  for _ in {1..30}; do kill -0 -- "-$learner" 2>/dev/null && sleep 0.1 || break; done # until all of them are gone
  rm -f "$STOKER_HOME"/*/target/*."$learner".aot.new*
fi
end_component learn 10 || left=1
end_watchdog || left=1
end_workers || left=1
end_component api_server 30 || left=1
if [ -z "${STOKER_DATABASE_URL:-}" ]; then
  stop_postgres 9>&- || left=1
fi
[ $left = 0 ] || fail "something is still running: see above"
say "Stoker is stopped; its data is in $STOKER_DATA_DIR."
