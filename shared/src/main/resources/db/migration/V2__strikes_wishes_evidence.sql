-- Lines that were in flight when their worker died. Only such lines have a row.
CREATE TABLE line_strike (
    batch   uuid NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    line    int  NOT NULL CHECK (line >= 1),
    strikes int  NOT NULL CHECK (strikes >= 1), -- deaths with it in flight
    alone   int  NOT NULL DEFAULT 0,            -- of these, with nothing else in flight
    struck_by text NOT NULL DEFAULT '',         -- whose death was the newest: each strikes a line once
    PRIMARY KEY (batch, line),
    CONSTRAINT alone_are_strikes CHECK (alone BETWEEN 0 AND strikes)
);

-- Moves whenever the engine shows that it works: a line finished, a canary answered, a part of a model loaded.
ALTER TABLE worker_heartbeat ADD COLUMN engine_steps bigint NOT NULL DEFAULT 0;

ALTER TABLE worker_slot
    DROP CONSTRAINT slot_state_is_known,
    ADD CONSTRAINT slot_state_is_known CHECK (state IN ('reconciling', 'starting', 'running', 'suspect', 'killing',
                                                        'confirming', 'gpu_busy', 'backoff', 'gave_up', 'quarantined',
                                                        'unkillable', 'stopped')),
    -- What a person asks of the watchdog; empty once it has been done.
    ADD COLUMN wish text NOT NULL DEFAULT '',
    ADD CONSTRAINT wish_is_known CHECK (wish IN ('', 'resume', 'restart'));

ALTER TABLE recovery
    ADD COLUMN poison boolean NOT NULL DEFAULT false, -- closed in on a poison line, or began that and the line was found: costs no budget
    ADD COLUMN fruitless boolean NOT NULL DEFAULT false, -- it died with lines in flight and had finished none
    ADD COLUMN incident text NOT NULL DEFAULT '', -- the directory of its evidence, on its host
    ADD CONSTRAINT planned_or_poison_or_neither CHECK (NOT (planned AND poison));

-- Shards to be ended since their holders keep dying; often looked for, and hardly ever there.
CREATE INDEX shard_deadly ON shard (batch, ordinal) WHERE state = 'queued' AND faults >= 10;
