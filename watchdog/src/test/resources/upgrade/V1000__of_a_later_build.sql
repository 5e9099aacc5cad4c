-- What a later build may do to tables that this one uses: add.
ALTER TABLE batch ADD COLUMN later text;
ALTER TABLE shard ADD COLUMN later int NOT NULL DEFAULT 0 CHECK (later >= 0);
ALTER TABLE result_group ADD COLUMN later boolean NOT NULL DEFAULT false;
ALTER TABLE worker_heartbeat ADD COLUMN later timestamptz NOT NULL DEFAULT now();
ALTER TABLE recovery ADD COLUMN later text NOT NULL DEFAULT '';
CREATE TABLE later (batch uuid PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE);
