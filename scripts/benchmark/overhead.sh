#!/usr/bin/env bash
# 100,000 short lines through all of Stoker, with an engine that costs nothing
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option lines 100000 20000 '[1-9][0-9]{0,5}'
option rounds 5 2 '[1-9][0-9]?'
read_options "$@" <<'TXT'
So many rounds, after one that is not counted: uploads the lines, creates a batch of them, waits until it is completed,
downloads its output. One worker, whose engine answers each request at once with an empty object, so that what is
measured is Stoker alone: api-server, PostgreSQL, watchdog, worker and the client share the machine's processors.

  batch       from just before the batch is created until a look, each 50 ms, sees it completed
  upload      from the first byte of the upload to its answer
  download    from the request to the last byte
  statements  every statement that PostgreSQL ran meanwhile for all processes, the client's looks included, while the
              batch ran, by its pg_stat_statements, BEGIN and COMMIT counted too
  CPU         utime + stime of each process while the batch ran; on a machine that does nothing else, its processors
              could run no more lines a second than this leaves room for

Every custom_id must be in the output once, in the order of the input: else the exit status is 1.
TXT
export STOKER_ENGINE=null
start_installation
reconfigure_database "shared_preload_libraries = 'pg_stat_statements'"
measure Overhead "$lines" "$rounds"
