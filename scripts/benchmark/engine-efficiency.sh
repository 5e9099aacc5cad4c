#!/usr/bin/env bash
# how much of an engine's throughput is left behind Stoker
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option slots 32,256,1000 32 '[1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*'
option lines '' 640 '[1-9][0-9]{0,4}'
option rounds 3 1 '[1-9][0-9]?'
option only '' '' ideal
read_options "$@" <<'TXT'
For each number of slots starts a mock engine that runs so many requests at once, with a
first token after 50 ms, 20 to 120 tokens an answer and 10 ms for each (10 % more or less), and an installation of
its own that is told nothing but the engine's URL. Then, so many rounds, in turn:
  ideal    a client that keeps exactly N requests in flight: one for each slot, no queue, nothing stored
  stoker   the same requests in the same order, uploaded and run as a batch
Lines are 10,000, but at most 40 for each slot, unless given.

Measured by the engine, from its first request of a round to its last answer; for Stoker also from the creation of
the batch to "completed". Stoker's first round includes that its worker is cold and has to find out how much the
engine takes. Every answer is compared with what the engine must have said, byte for byte, and no request may have
come twice: else the exit status is 1. Load is the machine's load average at the end.
TXT
export STOKER_ENGINE=openai
ENGINE=''
end_engine() {
  [ -n "$ENGINE" ] || return 0
  kill -TERM "$ENGINE" 2>/dev/null
  wait "$ENGINE" 2>/dev/null
  ENGINE=''
}
end_extras() { end_engine; }

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

CLIENT_JVM=(-Xmx1g -XX:+UseSerialGC)
CLIENT_CLASSES=$(printf '%s:' "$STOKER_HOME"/shared/target/stoker-shared-*-tests.jar)$CLIENT_CLASSES
failed=0
for count in ${slots//,/ }; do
  say "Starting a mock engine with $count slots${only:+ alone} ..."
  start_engine "$count"
  [ -n "$only" ] || start_installation
  measure EngineEfficiency "$count" "${lines:-$((count * 40 < 10000 ? count * 40 : 10000))}" "$rounds" \
    "$STOKER_ENGINE_URL" "${only:-$API_URL/v1}" "$RUN_DIR/worker.pid" || failed=1
  [ -n "$only" ] || end_installation || failed=1
  end_engine
done
exit $failed
