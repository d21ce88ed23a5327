-- save_batch_request --
-- Keep a request, unless it or its idempotency key is there already
INSERT INTO batch_requests (id, analyzers, of_texts, entries, faulty, conditions, last_track, idempotency_key, body_digest)
VALUES (%(id)s, %(analyzers)s, %(of_texts)s, %(entries)s, %(faulty)s, %(conditions)s, %(last_track)s, %(key)s, %(digest)s)
ON CONFLICT DO NOTHING RETURNING id;

-- copy_batch_texts --
-- Stream its texts in
COPY batch_texts (batch_id, position, name, lyrics, language, fault) FROM STDIN (FORMAT BINARY);

-- lock_taking --
-- One request at a time, so that no two are the last that may wait
SELECT pg_advisory_xact_lock(%(key)s);

-- count_waiting_texts --
-- Analyses of texts that wait or are being made
SELECT coalesce(sum((args->>'tracks')::bigint), 0)::bigint AS waiting FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') AND task_name = %(task)s AND args ? 'texts';

-- queue_batch_texts --
-- Queue jobs over its texts, and keep their numbers
UPDATE batch_requests SET job_ids = procrastinate_defer_jobs_v1((
    SELECT array_agg(ROW(j.value->>'analyzer', %(task)s, (j.value->>'priority')::int, NULL, NULL, j.value->'args',
                         NULL)::procrastinate_job_to_defer_v1 ORDER BY j.ordinality)
    FROM jsonb_array_elements(%(jobs)s) WITH ORDINALITY AS j))
WHERE id = %(id)s;

-- drop_batch_request --
-- A request that was not taken
DELETE FROM batch_requests WHERE id = %(id)s;

-- count_batch_tracks --
-- Tracks that meet the conditions, and the last of them
SELECT count(*) AS entries, coalesce(max(t.id), 0) AS last_track FROM tracks t WHERE {filter};

-- await_batch_jobs --
-- The open jobs of these analyzers that have tracks of the request in them
UPDATE batch_requests SET job_ids = coalesce((
    SELECT array_agg(j.id ORDER BY j.id) FROM procrastinate_jobs j
    JOIN jsonb_to_recordset(%(analyzers)s) AS k(analyzer text, version text, config_hash text)
      ON j.queue_name = k.analyzer AND j.args->>'version' = k.version AND j.args->>'config_hash' = k.config_hash
    WHERE j.status IN ('todo', 'doing') AND j.task_name = %(task)s AND NOT j.args ? 'texts'
      AND j.args->'where' IN ('[]'::jsonb, %(conditions)s)
      AND EXISTS (SELECT 1 FROM tracks t
                  WHERE t.id BETWEEN (j.args->>'first')::bigint AND (j.args->>'last')::bigint AND {filter})
), '{{}}')
WHERE id = %(id)s;

-- load_batch_request --
-- A request by its number
SELECT * FROM batch_requests WHERE id = %(id)s AND created_at > now() - make_interval(days => %(days)s);

-- load_batch_request_by_key --
-- A request by its idempotency key
SELECT * FROM batch_requests WHERE idempotency_key = %(key)s;

-- load_batch_jobs --
-- How its jobs stand, and what went wrong with them
SELECT j.queue_name AS analyzer, j.status::text, (j.args->>'first')::bigint AS first, (j.args->>'last')::bigint AS last,
       coalesce(f.reason, '') AS reason
FROM batch_requests b JOIN procrastinate_jobs j ON j.id = ANY(b.job_ids) LEFT JOIN job_failures f ON f.job_id = j.id
WHERE b.id = %(id)s ORDER BY j.id;

-- count_batch_texts_analyses --
-- Analyses of its texts, by analyzer and status
SELECT analyzer, status, count(*) FROM batch_analyses WHERE batch_id = %(id)s
GROUP BY analyzer, status ORDER BY analyzer, status;

-- count_batch_tracks_analyses --
-- Analyses of its tracks, by analyzer and status
SELECT a.analyzer, a.status, count(*) FROM tracks t
JOIN analyses a ON a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
JOIN jsonb_to_recordset(%(analyzers)s) AS k(analyzer text, version text, config_hash text)
  USING (analyzer, version, config_hash)
WHERE t.id <= %(last_track)s AND {filter}
GROUP BY a.analyzer, a.status ORDER BY a.analyzer, a.status;

-- load_batch_texts --
-- Some of its texts with their analyses, in order
SELECT t.position, t.name, t.fault, coalesce(a.analyses, '[]') AS analyses FROM batch_texts t
LEFT JOIN LATERAL (SELECT jsonb_agg(to_jsonb(a) - 'batch_id' - 'position') AS analyses FROM batch_analyses a
                   WHERE a.batch_id = t.batch_id AND a.position = t.position) a ON true
WHERE t.batch_id = %(id)s AND t.position > %(after)s ORDER BY t.position LIMIT %(limit)s;

-- load_batch_tracks --
-- Some of its tracks with their analyses, in order
SELECT t.id AS position, t.title, t.artist, coalesce(a.analyses, '[]') AS analyses FROM tracks t
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('analyzer', r.analyzer, 'version', r.version, 'config_hash', r.config_hash,
                     'status', r.status, 'measures', r.measures, 'confidence', r.confidence, 'fallback', r.fallback,
                     'reason', r.reason)) AS analyses
    FROM analysis_results r WHERE r.track_id = t.id AND r.analyzer = ANY(%(names)s)) a ON true
WHERE t.id > %(after)s AND t.id <= %(last_track)s AND {filter} ORDER BY t.id LIMIT %(limit)s;

-- load_unanalyzed_texts --
-- Texts of a request that lack an analysis, with those that it combines; only where all of these are there
SELECT t.position, t.lyrics, t.language, p.parts FROM batch_texts t
LEFT JOIN LATERAL (SELECT jsonb_agg(to_jsonb(a) - 'batch_id' - 'position') AS parts FROM batch_analyses a
                   WHERE a.batch_id = t.batch_id AND a.position = t.position AND a.analyzer = ANY(%(parts)s)
) p ON cardinality(%(parts)s::text[]) > 0
WHERE t.batch_id = %(id)s AND t.fault = '' AND t.position > %(after)s AND t.position <= %(last)s
AND NOT EXISTS (
    SELECT 1 FROM batch_analyses a WHERE a.batch_id = t.batch_id AND a.position = t.position
    AND a.analyzer = %(analyzer)s AND a.version = %(version)s AND a.config_hash = %(config_hash)s)
AND coalesce(jsonb_array_length(p.parts), 0) = cardinality(%(parts)s::text[])
ORDER BY t.position LIMIT %(limit)s;

-- save_batch_analyses --
-- Keep analyses of texts; what was said of a text that is gone is dropped
INSERT INTO batch_analyses
    (batch_id, position, analyzer, version, config_hash, status, measures, confidence, fallback, reason)
SELECT %(id)s, r.* FROM jsonb_to_recordset(%(rows)s) AS r(position int, analyzer text, version text, config_hash text,
    status text, measures jsonb, confidence real, fallback text, reason text)
WHERE EXISTS (SELECT 1 FROM batch_texts t WHERE t.batch_id = %(id)s AND t.position = r.position)
ON CONFLICT (batch_id, position, analyzer) DO UPDATE SET version = EXCLUDED.version, config_hash = EXCLUDED.config_hash,
    status = EXCLUDED.status, measures = EXCLUDED.measures, confidence = EXCLUDED.confidence,
    fallback = EXCLUDED.fallback, reason = EXCLUDED.reason;

-- wake_batch_jobs --
-- Jobs that waited for others of their request need wait no longer
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE id = ANY((SELECT job_ids FROM batch_requests WHERE id = %(id)s)::bigint[]) AND queue_name = %(analyzer)s
  AND status = 'todo' AND scheduled_at > now();

-- load_batch_queues --
-- Queues in which requests that are still wanted have jobs
SELECT DISTINCT j.queue_name AS analyzer FROM batch_requests b JOIN procrastinate_jobs j ON j.id = ANY(b.job_ids)
WHERE b.cancelled_at IS NULL AND j.status IN ('todo', 'doing') ORDER BY 1;

-- cancel_batch_request --
-- Give a request up; its jobs that nobody else waits for
WITH given_up AS (
    UPDATE batch_requests SET cancelled_at = coalesce(cancelled_at, now()) WHERE id = %(id)s
    RETURNING id, job_ids, of_texts, conditions
)
SELECT j.id FROM given_up b JOIN procrastinate_jobs j ON j.id = ANY(b.job_ids)
WHERE j.status IN ('todo', 'doing') AND (b.of_texts OR j.args->'where' = b.conditions)
  AND NOT EXISTS (SELECT 1 FROM batch_requests o WHERE o.id <> b.id AND o.cancelled_at IS NULL AND j.id = ANY(o.job_ids));

-- delete_old_batch_requests --
-- Requests from so many days ago, with their texts and analyses
DELETE FROM batch_requests WHERE created_at < now() - make_interval(days => %(days)s);
