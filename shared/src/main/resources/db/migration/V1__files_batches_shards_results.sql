-- For the operator: everything Stoker knows is in these tables, and every row is one thing:
--   file               an uploaded file, or a result file that stands for rows of `result`
--   file_part          up to 256 whole lines of an uploaded file: its bytes live here and nowhere else
--   batch              what a client submitted
--   shard              the unit of claiming: the lines of one part for one model of a batch
--   result             one finished line; the output and error files are these rows in line order
--   worker_heartbeat   a worker that lives, or lived
--   worker_slot        what the watchdog thinks of a worker it looks after
--   recovery           one time a watchdog started or restarted a worker, and why
-- Ids are UUIDs of version 7: their order is the order of creation, which is the order of every list.
-- The wire shows a file's id as file-<32 hex digits> and a batch's as batch_<32 hex digits>.

CREATE TABLE batch (
    id                    uuid PRIMARY KEY,
    endpoint              text        NOT NULL,
    input_file_id         text        NOT NULL, -- as the client wrote it; it need not exist
    completion_window     text        NOT NULL,
    metadata              text,                 -- the client's JSON object
    output_expires_after_s int        CHECK (output_expires_after_s BETWEEN 3600 AND 2592000),
    priority              smallint    NOT NULL DEFAULT 0, -- smaller is earlier
    model                 text,                 -- the first line's; null until validated
    status                text        NOT NULL,
    errors                text,                 -- why validation failed: OpenAI's error list as JSON
    total                 int         CHECK (total >= 0),     -- null until validated
    completed             int         CHECK (completed >= 0), -- null until the end; shards count until then
    failed                int         CHECK (failed >= 0),
    input_tokens          bigint      NOT NULL DEFAULT 0,
    cached_tokens         bigint      NOT NULL DEFAULT 0,
    output_tokens         bigint      NOT NULL DEFAULT 0,
    reasoning_tokens      bigint      NOT NULL DEFAULT 0,
    output_file           uuid,                 -- set at the end, if a line succeeded
    error_file            uuid,                 -- set at the end, if a line failed
    created_at            timestamptz NOT NULL DEFAULT now(),
    expires_at            timestamptz NOT NULL,
    in_progress_at        timestamptz,
    finalizing_at         timestamptz,
    completed_at          timestamptz,
    failed_at             timestamptz,
    expired_at            timestamptz,
    cancelling_at         timestamptz,
    cancelled_at          timestamptz,
    CONSTRAINT status_is_known CHECK (status IN ('validating', 'in_progress', 'finalizing', 'completed',
                                                 'failed', 'expired', 'cancelling', 'cancelled')),
    CONSTRAINT ended_batch_accounts_for_every_line CHECK (
        status NOT IN ('completed', 'expired', 'cancelled') OR coalesce(completed + failed = total, false)),
    CONSTRAINT counts_only_at_the_end CHECK (
        (completed IS NULL) = (failed IS NULL) AND
        (completed IS NULL OR status IN ('completed', 'failed', 'expired', 'cancelled'))),
    CONSTRAINT failed_says_why CHECK ((status = 'failed') = (errors IS NOT NULL)),
    CONSTRAINT files_only_at_the_end CHECK (
        status IN ('completed', 'expired', 'cancelled') OR (output_file IS NULL AND error_file IS NULL)),
    CONSTRAINT each_end_has_its_time CHECK (
        (status <> 'in_progress' OR in_progress_at IS NOT NULL) AND
        (status <> 'finalizing' OR finalizing_at IS NOT NULL) AND
        (status <> 'completed' OR completed_at IS NOT NULL) AND
        (status <> 'failed' OR failed_at IS NOT NULL) AND
        (status <> 'expired' OR expired_at IS NOT NULL) AND
        (status <> 'cancelling' OR cancelling_at IS NOT NULL) AND
        (status <> 'cancelled' OR cancelled_at IS NOT NULL))
);
CREATE INDEX batch_open ON batch (status, expires_at)
    WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling');

CREATE TABLE file (
    id          uuid PRIMARY KEY,
    purpose     text        NOT NULL,
    filename    text        NOT NULL,
    status      text        NOT NULL,
    bytes       bigint      NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    lines       int         NOT NULL DEFAULT 0 CHECK (lines >= 0),
    sha256      bytea,      -- of an uploaded file's bytes
    batch       uuid        REFERENCES batch (id) ON DELETE CASCADE,
    result_kind text,       -- which of the batch's results a produced file stands for
    created_at  timestamptz NOT NULL DEFAULT now(),
    touched_at  timestamptz NOT NULL DEFAULT now(), -- the last part received; an upload that stands still is swept
    expires_at  timestamptz,
    CONSTRAINT purpose_is_known CHECK (purpose IN ('batch', 'batch_output', 'assistants', 'fine-tune', 'vision',
                                                   'user_data', 'evals')),
    CONSTRAINT file_status_is_known CHECK (status IN ('uploading', 'processed')),
    CONSTRAINT result_kind_is_known CHECK (result_kind IN ('output', 'error')),
    CONSTRAINT produced_by_a_batch CHECK ((purpose = 'batch_output') = (batch IS NOT NULL)
                                      AND (batch IS NULL) = (result_kind IS NULL))
);
CREATE UNIQUE INDEX file_result ON file (batch, result_kind) WHERE batch IS NOT NULL;
CREATE INDEX file_by_purpose ON file (purpose, id) WHERE status = 'processed';
CREATE INDEX file_expiry ON file (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX file_uploading ON file (touched_at) WHERE status = 'uploading';

CREATE TABLE file_part (
    file        uuid  NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    ordinal     int   NOT NULL CHECK (ordinal >= 0),
    first_line  int   NOT NULL CHECK (first_line >= 1), -- physical lines count from 1, as in the API's errors
    last_line   int   NOT NULL, -- blank lines count as lines but are no requests
    requests    int   NOT NULL CHECK (requests BETWEEN 0 AND 256), -- lines that are not blank
    faults      int   NOT NULL CHECK (faults BETWEEN 0 AND 256),   -- of them, lines that are no valid request
    urls        text[] NOT NULL,   -- the distinct urls of its valid lines
    models      text[] NOT NULL,   -- the distinct models of its valid lines …
    model_lines int[]  NOT NULL,   -- … and how many lines each has
    custom_ids  uuid[] NOT NULL,   -- digests of the valid lines' custom_ids, to find duplicates without the bytes
    content     bytea NOT NULL,
    PRIMARY KEY (file, ordinal),
    CONSTRAINT lines_in_order CHECK (last_line >= first_line),
    CONSTRAINT a_model_a_count CHECK (cardinality(models) = cardinality(model_lines))
);
-- JSON lines are read whole and once or twice: compressing them costs more than it saves.
ALTER TABLE file_part ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE shard (
    batch            uuid     NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    ordinal          int      NOT NULL CHECK (ordinal >= 0),
    file             uuid     NOT NULL, -- with part: where its lines are
    part             int      NOT NULL,
    model            text     NOT NULL,
    lines            int      NOT NULL CHECK (lines BETWEEN 1 AND 256),
    priority         smallint NOT NULL,
    deadline         timestamptz NOT NULL, -- the batch's expires_at, here for the order of claims
    state            text     NOT NULL DEFAULT 'queued',
    attempt          int      NOT NULL DEFAULT 0, -- ordinal of the newest claim: the fencing token, never lowered
    faults           int      NOT NULL DEFAULT 0, -- claims that ended with the death of their holder
    available_at     timestamptz NOT NULL DEFAULT now(),
    leased_by        text,    -- a worker's incarnation
    lease_expires_at timestamptz,
    completed        int      NOT NULL DEFAULT 0 CHECK (completed >= 0),
    failed           int      NOT NULL DEFAULT 0 CHECK (failed >= 0),
    output_bytes     bigint   NOT NULL DEFAULT 0, -- of its results, each with its line end
    error_bytes      bigint   NOT NULL DEFAULT 0,
    input_tokens     bigint   NOT NULL DEFAULT 0,
    cached_tokens    bigint   NOT NULL DEFAULT 0,
    output_tokens    bigint   NOT NULL DEFAULT 0,
    reasoning_tokens bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, ordinal),
    CONSTRAINT state_is_known CHECK (state IN ('queued', 'leased', 'done')),
    CONSTRAINT leased_iff_held CHECK ((state = 'leased') = (leased_by IS NOT NULL AND lease_expires_at IS NOT NULL)),
    CONSTRAINT faults_follow_attempts CHECK (0 <= faults AND faults <= attempt),
    CONSTRAINT done_iff_every_line_is CHECK ((state = 'done') = (completed + failed = lines)),
    CONSTRAINT no_more_results_than_lines CHECK (completed + failed <= lines)
) WITH (fillfactor = 70); -- renewals and settles then stay within the page
CREATE INDEX shard_claim ON shard (priority, deadline, batch, ordinal) WHERE state = 'queued';
CREATE INDEX shard_leased ON shard (leased_by) WHERE state = 'leased';
CREATE INDEX shard_open ON shard (batch) WHERE state <> 'done';

CREATE TABLE result (
    batch     uuid    NOT NULL, -- no reference: the shard that fences the insert has one
    line      int     NOT NULL CHECK (line >= 1),
    succeeded boolean NOT NULL,
    body      bytea   NOT NULL, -- the whole line of the result file, without its line end
    PRIMARY KEY (batch, line)
);
ALTER TABLE result ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE worker_heartbeat (
    worker             text PRIMARY KEY,         -- host/slot
    incarnation        bigint      NOT NULL CHECK (incarnation >= 1), -- only grows: an older one is fenced
    host               text        NOT NULL,
    pid                bigint,                   -- null while reserved for a process not yet started
    process_start_ticks bigint,                  -- field 22 of /proc/PID/stat: with pid and boot id, the identity
    boot_id            text,
    status             text        NOT NULL,
    models             text[]      NOT NULL DEFAULT '{}',
    loaded_model       text        NOT NULL DEFAULT '',
    in_flight          int         NOT NULL DEFAULT 0 CHECK (in_flight >= 0),
    lines_done         bigint      NOT NULL DEFAULT 0, -- since its start
    last_progress_at   timestamptz,              -- the last finished line
    started_at         timestamptz NOT NULL DEFAULT now(),
    last_seen_at       timestamptz,              -- null until the first beat of any incarnation
    CONSTRAINT worker_status_is_known CHECK (status IN ('reserved', 'starting', 'ready', 'engine_down', 'draining',
                                                        'stopped', 'fenced'))
);

CREATE TABLE worker_slot (
    worker     text PRIMARY KEY,
    host       text        NOT NULL,
    state      text        NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    since      timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(), -- the watchdog's last look
    watchdog_pid bigint    NOT NULL,
    CONSTRAINT slot_state_is_known CHECK (state IN ('reconciling', 'starting', 'running', 'suspect', 'killing',
                                                    'confirming', 'backoff', 'gave_up', 'unkillable', 'stopped'))
);

CREATE TABLE recovery (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker          text        NOT NULL,
    planned         boolean     NOT NULL, -- a first start or an operator's wish; only the others use up the budget
    cause           text        NOT NULL,
    evidence        text        NOT NULL DEFAULT '',
    exit_status     int,                  -- 128 + signal for a process ended by a signal; null when unknown
    old_pid         bigint,
    new_pid         bigint,
    leases_returned int         NOT NULL DEFAULT 0,
    detected_at     timestamptz NOT NULL DEFAULT now(),
    fence_ms        bigint,               -- how long each step took
    kill_ms         bigint,
    confirm_ms      bigint,
    reserved_at     timestamptz NOT NULL DEFAULT now(), -- counts against the budget from here
    ready_at        timestamptz
);
CREATE INDEX recovery_budget ON recovery (worker, reserved_at) WHERE NOT planned;
