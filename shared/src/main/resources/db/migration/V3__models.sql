-- Every model that a worker has said it can serve, as that worker last described it.
CREATE TABLE model (
    name           text PRIMARY KEY,
    aliases        text[]      NOT NULL DEFAULT '{}', -- other names under which requests may ask for it
    engine         text        NOT NULL,
    source         text        NOT NULL, -- where its weights are: a file, a URL or a command; never a secret
    memory_bytes   bigint      CHECK (memory_bytes > 0), -- an estimate; null when nobody knows
    slots_max      int         CHECK (slots_max > 0),
    context_tokens int         CHECK (context_tokens > 0),
    definition     text        NOT NULL, -- a digest of all its settings: another one means another try
    load_failures  int         NOT NULL DEFAULT 0 CHECK (load_failures >= 0), -- in a row
    failure        text        NOT NULL DEFAULT '', -- why the last of them failed
    quarantined_at timestamptz,             -- nobody loads it from then on until a person says so
    loads          bigint      NOT NULL DEFAULT 0 CHECK (loads >= 0),
    last_load_ms   bigint      CHECK (last_load_ms >= 0),
    last_unload_ms bigint      CHECK (last_unload_ms >= 0),
    created_at     timestamptz NOT NULL DEFAULT now(),
    registered_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT engine_is_known CHECK (engine IN ('onnx', 'llama', 'openai', 'null')),
    CONSTRAINT aliases_are_other_names CHECK (name <> ALL (aliases)),
    CONSTRAINT failures_have_a_reason CHECK ((load_failures = 0) = (failure = '')),
    CONSTRAINT quarantined_for_a_failure CHECK (quarantined_at IS NULL OR load_failures > 0)
);

ALTER TABLE worker_heartbeat
    ADD COLUMN loading_model text   NOT NULL DEFAULT '', -- what it loads now
    ADD COLUMN swaps         bigint NOT NULL DEFAULT 0 CHECK (swaps >= 0), -- since its start
    ADD COLUMN last_swap_ms  bigint CHECK (last_swap_ms >= 0);

-- A claim walks the queue of each model that it asks for: what waits for other models costs it nothing.
DROP INDEX shard_claim;
CREATE INDEX shard_claim ON shard (model, priority, deadline, batch, ordinal) WHERE state = 'queued';
