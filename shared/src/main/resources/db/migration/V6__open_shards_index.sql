-- What is open of a batch is asked in the words of this index. In plainer words, state <> 'done', the planner used it for
-- claims too: state = 'queued' implies them. Where the statistics were taken while nothing waited, it took that for the
-- cheapest way, and each claim read and sorted all that waits.
DROP INDEX shard_open;
CREATE INDEX shard_open ON shard (batch) WHERE (state <> 'done') IS TRUE;
