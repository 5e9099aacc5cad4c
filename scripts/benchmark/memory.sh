#!/usr/bin/env bash
# resident size of each process, idle, under load and after a million lines
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option lines 1000000 100000 '[1-9][0-9]{5,6}'
option batch_lines 50000 20000 '[1-9][0-9]{3,5}'
read_options "$@" <<'TXT'
Runs so many lines through an installation, in batches of that size, one after the other: each is uploaded, run by a
worker whose engine holds nothing and answers at once, and its output downloaded. Meanwhile looks at the memory of each
process four times a second.

  idle        half a minute after the start, before anything was asked of it
  load        the largest of each batch
  idle after  half a minute after the last batch

Sizes are resident memory (VmRSS), as top shows them; those of PostgreSQL proportional ones (Pss), with all backends, so
that what they share counts once. Flat is the median of the last quarter of batches, as a multiple of that of the second
quarter.
TXT
export STOKER_ENGINE=null STOKER_BATCH_LINES_MAX=$batch_lines
start_installation
measure Memory "$lines" "$batch_lines"
