-- What is open of a batch is asked in the words of this index. In plainer words, state <> 'done', the planner used it for
-- claims too: state = 'queued' implies them. Where the statistics were taken while nothing waited, it took that for the
-- cheapest way, and each claim read and sorted all that waits.
--
-- PostgreSQL interrupts its own vacuum only for who has waited a second.
SET LOCAL lock_timeout = '1500ms';
DROP INDEX shard_open;
CREATE INDEX shard_open ON shard (batch) WHERE (state <> 'done') IS TRUE;

-- A creation looks whether the same was asked for just now, a deletion of a file whether a batch still needs it.
CREATE INDEX batch_input ON batch (input_file_id, created_at);
