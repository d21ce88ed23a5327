-- lock_planning --
-- One plan at a time, so that no track is planned twice
SELECT pg_advisory_xact_lock(%(key)s);

-- give_budget --
-- Waiting batches of an analysis that have no budget get this one; texts that somebody sent are no run's
UPDATE procrastinate_jobs SET args = args || jsonb_build_object('budget', %(budget)s::bigint)
WHERE status = 'todo' AND task_name = %(task)s AND queue_name = %(analyzer)s
  AND args->>'version' = %(version)s AND args->>'config_hash' = %(config_hash)s
  AND NOT args ? 'budget' AND NOT args ? 'texts';

-- plan_batches --
-- Queue the tracks that lack an analysis and that no open job covers, in batches of ids that follow one another
WITH open_jobs AS (
    SELECT range_agg(int8range((args->>'first')::bigint, (args->>'last')::bigint, '[]')) AS ids
    FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND task_name = %(task)s AND queue_name = %(analyzer)s
      AND args->>'version' = %(version)s AND args->>'config_hash' = %(config_hash)s
      AND args->'where' IN ('[]'::jsonb, %(conditions)s) AND NOT args ? 'texts'
), missing AS (
    SELECT t.id, (row_number() OVER (ORDER BY t.id) - 1) / %(size)s AS batch
    FROM tracks t, open_jobs o
    WHERE (o.ids IS NULL OR NOT t.id <@ o.ids) AND NOT EXISTS (
        SELECT 1 FROM analyses a WHERE a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
        AND a.analyzer = %(analyzer)s AND a.version = %(version)s AND a.config_hash = %(config_hash)s)
    AND {filter}
), batches AS (
    SELECT min(id) AS first, max(id) AS last, count(*) AS tracks FROM missing GROUP BY batch
), queued AS (
    SELECT procrastinate_defer_jobs_v1(array_agg(ROW(
        %(analyzer)s, %(task)s, %(priority)s, NULL, NULL,
        jsonb_build_object('analyzer', %(analyzer)s::text, 'version', %(version)s::text,
                           'config_hash', %(config_hash)s::text, 'first', first, 'last', last, 'tracks', tracks,
                           'where', %(conditions)s::jsonb)
            || jsonb_strip_nulls(jsonb_build_object('budget', %(budget)s::bigint)),
        NULL)::procrastinate_job_to_defer_v1 ORDER BY first)) AS ids
    FROM batches HAVING count(*) > 0
)
SELECT cardinality(ids) AS jobs, (SELECT sum(tracks) FROM batches)::bigint AS tracks FROM queued;

-- load_open_jobs --
-- Batches that wait or are being done, by queue
SELECT id, (args->>'tracks')::int AS tracks FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') AND task_name = %(task)s AND queue_name = ANY(%(queues)s)
  AND NOT args ? 'texts' ORDER BY id;

-- load_ended_jobs --
-- Which of these have ended, and how
SELECT j.id, j.status::text, coalesce(f.reason, '') AS reason
FROM procrastinate_jobs j LEFT JOIN job_failures f ON f.job_id = j.id
WHERE j.id = ANY(%(ids)s) AND j.status NOT IN ('todo', 'doing');

-- save_job_failure --
-- Keep why a job went wrong
INSERT INTO job_failures (job_id, reason) VALUES (%(job_id)s, %(reason)s)
ON CONFLICT (job_id) DO UPDATE SET reason = EXCLUDED.reason, failed_at = now();

-- delete_job_failure --
-- A job that went well in the end has no failure
DELETE FROM job_failures WHERE job_id = %(job_id)s;

-- load_jobs --
-- Jobs with a status, the newest first
SELECT j.id, j.queue_name AS queue, j.status::text, coalesce((j.args->>'tracks')::int, 0) AS tracks, j.attempts,
       CASE WHEN j.status = 'todo' THEN j.scheduled_at END AS due_at, coalesce(f.reason, '') AS reason
FROM procrastinate_jobs j LEFT JOIN job_failures f ON f.job_id = j.id
WHERE j.task_name = %(task)s AND j.status::text = ANY(%(statuses)s) ORDER BY j.id DESC LIMIT %(limit)s;

-- count_jobs --
-- How each queue stands, and how fast it has been emptied of late
SELECT queue_name AS queue,
       count(*) FILTER (WHERE status = 'todo') AS todo, count(*) FILTER (WHERE status = 'doing') AS doing,
       count(*) FILTER (WHERE status = 'succeeded') AS succeeded, count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status IN ('cancelled', 'aborted')) AS cancelled,
       coalesce(sum((args->>'tracks')::int) FILTER (WHERE status IN ('todo', 'doing')), 0) AS tracks_left,
       coalesce((SELECT sum((e.args->>'tracks')::int) / greatest(1, extract(epoch FROM now() - min(e.at)))
                 FROM (SELECT d.args, v.at FROM procrastinate_events v JOIN procrastinate_jobs d ON d.id = v.job_id
                       WHERE v.type = 'succeeded' AND v.at > now() - interval '5 minutes'
                         AND d.task_name = %(task)s AND d.queue_name = j.queue_name) e), 0)::float AS tracks_a_second
FROM procrastinate_jobs j WHERE task_name = %(task)s GROUP BY queue_name ORDER BY queue_name;

-- has_workers --
-- Whether any worker has shown a sign of life of late
SELECT EXISTS (
    SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %(silence)s)) AS alive;

-- cancel_jobs --
-- Take waiting jobs out; those that are being done are asked to stop
SELECT procrastinate_cancel_job_v1(id, true, false) AS id FROM procrastinate_jobs
WHERE task_name = %(task)s AND status IN ('todo', 'doing') AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s));

-- retry_jobs --
-- Queue failed jobs again
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) AS done, id FROM procrastinate_jobs
WHERE task_name = %(task)s AND status = 'failed' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s));

-- rescue_jobs --
-- Give back what a worker held that shows no sign of life
WITH lost AS (
    SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %(silence)s))
    FOR UPDATE OF j SKIP LOCKED
)
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) AS done, id FROM lost;

-- delete_old_jobs --
-- Jobs that ended long ago, with what was said of them
WITH old AS (
    SELECT j.id FROM procrastinate_jobs j WHERE j.status NOT IN ('todo', 'doing') AND NOT EXISTS (
        SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > now() - make_interval(days => %(days)s))
), said AS (
    DELETE FROM job_failures WHERE job_id IN (SELECT id FROM old)
)
DELETE FROM procrastinate_jobs WHERE id IN (SELECT id FROM old);
