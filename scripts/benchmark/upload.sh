#!/usr/bin/env bash
# 200 MB of JSON lines, validated and durable, against COPY of the same bytes
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option megabytes 200 40 '[1-9][0-9]{0,4}'
option rounds 5 2 '[1-9][0-9]?'
read_options "$@" <<'TXT'
So many rounds, in turn, after one of each that is not counted:
  copy     COPY FROM STDIN by PostgreSQL's JDBC driver into a logged table, one row a line, one transaction
  stoker   from the first byte of the upload to its answer: the lines are judged, cut into parts, and committed

The same bytes: chat requests of about 1 KB, in a file in memory as far as the system keeps it there. The same PostgreSQL
with the same durability; what a round has written is removed and a checkpoint made before the next. The figure to
reach is the median of the rounds' ratios. Memory is the resident size of the api-server: before, at its largest
during the round by a look each 20 ms, and after.

Downloads each file once and compares it with the input: a difference makes the exit status 1.
TXT
export STOKER_ENGINE=null
start_installation
measure Upload "$megabytes" "$rounds"
