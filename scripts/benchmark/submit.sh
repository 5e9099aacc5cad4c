#!/usr/bin/env bash
# 1,000 small batches created by 32 clients, and what the gate and /health take meanwhile
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option batches 1000 200 '[1-9][0-9]{0,5}'
option clients 32 32 '[1-9][0-9]{0,2}'
option rounds 15 2 '[1-9][0-9]?'
read_options "$@" <<'TXT'
So many rounds, after fifteen that are not counted, while the JVM still compiles: uploads a file of five lines for each
batch; then the clients create the batches, each the next one as soon as its last is answered, on a connection that is
kept. The worker, with the null engine, runs them meanwhile. Each round waits until all its batches are completed.

  create   from just before a request until its answer is read: the batch is committed then
  health   GET /health the same way, each 20 ms whether or not the last was answered, by a client of its own, as long as
           batches are created
  gate     what decides whether a batch is taken, run beside the api-server on connections of its own, as often

Milliseconds; p99 is the value that 99 of 100 do not exceed, in the table those of each round, at the end those of all
rounds. A batch that is refused, or does not complete with its five lines, makes the exit status 1.
TXT
export STOKER_ENGINE=null
start_installation
measure Submit "$batches" "$clients" "$rounds"
