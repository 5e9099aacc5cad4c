-- A creation looks whether the same was asked for just now, a deletion of a file whether a batch still needs it. Apart
-- from the index of shards: who holds both tables' locks at once may meet somebody who takes them in another order.
CREATE INDEX batch_input ON batch (input_file_id, created_at);
