#!/usr/bin/env bash
# how much faster one batch is with more worker processes
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option workers 1,2,4,8 1,2 '[1-9][0-9]?(,[1-9][0-9]?)*'
option lines 2500 600 '[1-9][0-9]{0,3}'
option slots 32 32 '[1-9][0-9]{0,2}'
option rounds 2 1 '[1-9][0-9]?'
read_options "$@" <<'TXT'
For each number of workers, in turn: an installation with so many worker processes (STOKER_WORKERS), each of which may
have so many requests in flight (STOKER_ENGINE_SLOTS_MAX), at one mock engine with room for all: a first token after
50 ms, 20 to 120 tokens an answer and 10 ms for each (10 % more or less). One batch of so many lines for each
worker, after a shorter one that is not counted. The engine limits each worker, so n of them ought to be n times as
fast as the first of the list is for each of its own; that is linear.

  engine   from the engine's first request to its last answer
  batch    from just before the batch is created until a look, each 100 ms, sees it completed
  cores    processor time of Stoker's processes, of the engine, and of all the machine, while the batch ran, by its
           duration: where that comes near the number of cores, they do not allow more

Every line must have been answered, and asked once: else the exit status is 1.
TXT
largest=$(tr , '\n' <<<"$workers" | sort -n | tail -1)
export STOKER_ENGINE=openai STOKER_ENGINE_SLOTS_MAX=$slots STOKER_BATCH_LINES_MAX=$((lines * largest))
ENGINE=''
end_extras() {
  [ -n "$ENGINE" ] || return 0
  kill -TERM "$ENGINE" 2>/dev/null
  wait "$ENGINE" 2>/dev/null
}
"$STOKER_HOME/scripts/mock-engine" --slots $((slots * largest)) --first-token 50ms --per-token 10ms --jitter 10 \
  --tokens-min 20 --tokens-max 120 --kv-tokens $((slots * largest * 1024)) >"$directory/engine" 2>>"$directory/scripts.log" &
ENGINE=$!
for ((waited = 0; waited < 3000; waited++)); do
  STOKER_ENGINE_URL=$(sed -n 's/^mock engine: //p' "$directory/engine")
  [ -z "$STOKER_ENGINE_URL" ] || break
  kill -0 "$ENGINE" 2>/dev/null || break
  sleep 0.1
done
[ -n "$STOKER_ENGINE_URL" ] || { tail -n 20 "$directory/scripts.log"; fail "the mock engine did not start"; }
export STOKER_ENGINE_URL
start_installation
measure Workers "$workers" "$lines" "$slots" "$rounds" "$STOKER_ENGINE_URL" "$(pgrep -P "$ENGINE" || echo "$ENGINE")"
