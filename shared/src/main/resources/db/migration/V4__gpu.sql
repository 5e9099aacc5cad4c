-- A GPU of a host as its watchdog last read it. A driver or a card may not know a number: then it is null.
CREATE TABLE gpu (
    host                text        NOT NULL,
    index               int         NOT NULL CHECK (index >= 0), -- by the driver's counting
    uuid                text        NOT NULL,                    -- empty while it does not answer
    name                text        NOT NULL,
    memory_used_bytes   bigint      CHECK (memory_used_bytes >= 0),
    memory_total_bytes  bigint      CHECK (memory_total_bytes >= 0),
    utilisation_percent int         CHECK (utilisation_percent BETWEEN 0 AND 100),
    temperature_c       int         CHECK (temperature_c BETWEEN -273 AND 1000),
    power_mw            bigint      CHECK (power_mw >= 0),
    fault               text        NOT NULL DEFAULT '', -- why it is of no use until a person has looked after it
    seen_at             timestamptz NOT NULL,            -- the driver was asked no earlier
    PRIMARY KEY (host, index)
);

-- What is wrong with a GPU that the worker of this slot uses, and when that was seen.
ALTER TABLE worker_slot
    ADD COLUMN gpu_fault text NOT NULL DEFAULT '',
    ADD COLUMN gpu_fault_seen_at timestamptz,
    ADD CONSTRAINT gpu_fault_has_its_time CHECK ((gpu_fault <> '') = (gpu_fault_seen_at IS NOT NULL));
