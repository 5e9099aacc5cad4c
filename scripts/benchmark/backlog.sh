#!/usr/bin/env bash
# what a claim costs while 10, 1,000 and 100,000 batches wait
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option rounds 20 5 '[1-9][0-9]{0,2}'
option batches 10,1000,100000 10,1000,20000 '[1-9][0-9]{0,6}(,[1-9][0-9]{0,6})*'
read_options "$@" <<'TXT'
Three queues in the same PostgreSQL, each a copy of Stoker's tables with all their indexes, are filled by SQL with what
the intake writes: so many batches of one shard, of three priorities and many deadlines, one in sixteen for another model;
vacuumed and analysed as autovacuum would. The worker idles. Then so many rounds, for each queue in turn:
  claim   ten times in a row (five of ten batches), by the code that workers claim with: one shard of one model
  read    what a worker reads of it then, by the same code
and all are given back and vacuumed, which is not measured.

  drain   at the end, of the longest queue: 5,000 claims in a row without a vacuum, each of which leaves its dead version at the
          head of the queue
  after a night
          then, for each queue again, the claims that follow when all of it was done, was vacuumed and analysed, and waits
          again before the planner's statistics know

Milliseconds, the median of a round's claims. To reach: within 1.5 times of the shortest queue. The statements of each
queue run in turn, so that other work on the machine disturbs all alike.
TXT
export STOKER_ENGINE=null
start_installation
measure Backlog "$rounds" "$batches"
