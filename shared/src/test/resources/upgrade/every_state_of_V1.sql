-- Rows in every state, as the first version of the schema could hold them.
INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, expires_at, errors, total, completed, failed,
                   in_progress_at, finalizing_at, completed_at, failed_at, expired_at, cancelling_at, cancelled_at)
SELECT ('00000000-0000-7000-8000-00000000000' || row_number() OVER ())::uuid,
       '/v1/embeddings', 'file-1', '24h', status, now() + interval '1 day',
       CASE status WHEN 'failed' THEN '[]' END, 2,
       CASE WHEN status IN ('completed', 'expired', 'cancelled') THEN 1 END,
       CASE WHEN status IN ('completed', 'expired', 'cancelled') THEN 1 END,
       now(), now(), now(), now(), now(), now(), now()
FROM unnest(ARRAY['validating', 'in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling',
                  'cancelled']) AS status;

INSERT INTO file (id, purpose, filename, status)
SELECT gen_random_uuid(), 'batch', 'requests.jsonl', status FROM unnest(ARRAY['uploading', 'processed']) AS status;
INSERT INTO file (id, purpose, filename, status, batch, result_kind)
SELECT gen_random_uuid(), 'batch_output', kind, 'processed', id, kind
FROM batch, unnest(ARRAY['output', 'error']) AS kind WHERE status = 'completed';

INSERT INTO file_part (file, ordinal, first_line, last_line, requests, faults, urls, models, model_lines, custom_ids,
                       content)
SELECT id, 0, 1, 2, 2, 0, '{/v1/embeddings}', '{m}', '{2}', '{}', '{}' FROM file WHERE purpose = 'batch';

INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline, state, attempt, faults, leased_by,
                   lease_expires_at, completed, failed)
SELECT b.id, ordinal, f.id, 0, 'm', 2, 0, b.expires_at, state, 3, 1,
       CASE state WHEN 'leased' THEN 'vm/0#1' END, CASE state WHEN 'leased' THEN now() END,
       CASE state WHEN 'queued' THEN 0 ELSE 1 END, CASE state WHEN 'done' THEN 1 ELSE 0 END
FROM batch b, file f, unnest(ARRAY['queued', 'leased', 'done']) WITH ORDINALITY AS s (state, ordinal)
WHERE b.status = 'in_progress' AND f.status = 'processed' AND f.purpose = 'batch';

INSERT INTO result (batch, line, succeeded, body)
SELECT id, line, line = 1, '{}' FROM batch, generate_series(1, 2) AS line WHERE status IN ('in_progress', 'completed');

INSERT INTO worker_heartbeat (worker, incarnation, host, status)
SELECT 'vm/' || status, 1, 'vm', status
FROM unnest(ARRAY['reserved', 'starting', 'ready', 'engine_down', 'draining', 'stopped', 'fenced']) AS status;

INSERT INTO worker_slot (worker, host, state, watchdog_pid)
SELECT 'vm/' || state, 'vm', state, 1
FROM unnest(ARRAY['reconciling', 'starting', 'running', 'suspect', 'killing', 'confirming', 'backoff', 'gave_up',
                  'unkillable', 'stopped']) AS state;

INSERT INTO recovery (worker, planned, cause) VALUES ('vm/0', true, 'first start'), ('vm/0', false, 'SIGKILL');
