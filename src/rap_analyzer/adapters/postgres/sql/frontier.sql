-- new_worker --
-- A number for a process at work, and the store's clock
SELECT nextval('frontier_workers')::int AS worker, now() AS started;

-- lock_worker --
-- Show that the worker lives, for as long as this connection does
SELECT pg_advisory_lock(%(space)s, %(worker)s);

-- unlock_worker --
-- Show that it no longer does
SELECT pg_advisory_unlock(%(space)s, %(worker)s);

-- load_workers --
-- Workers that live. A server that has just started, or whose processes have, lost the locks of all: for a moment
-- everybody who has claimed something passes for alive
WITH started AS (
    SELECT greatest(pg_postmaster_start_time(), max(backend_start)) AS at
    FROM pg_stat_activity WHERE backend_type = 'checkpointer'
), claimed AS (
    SELECT worker FROM frontier_songs WHERE worker IS NOT NULL
    UNION SELECT worker FROM frontier_artists WHERE worker IS NOT NULL
)
SELECT objid::int AS worker FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %(space)s AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION
SELECT worker FROM claimed
WHERE (SELECT at FROM started) > now() - make_interval(secs => %(grace_s)s);

-- ask_for_artists --
-- Put artists on the frontier
INSERT INTO frontier_artists (source, asked)
SELECT %(source)s, unnest(%(asked)s::text[]) ON CONFLICT DO NOTHING;

-- claim_artist --
-- Take an artist whose list is not read, or was read long ago, and that nobody reads
UPDATE frontier_artists a SET worker = %(worker)s
WHERE source = %(source)s AND asked = %(asked)s
  AND (listed_at IS NULL OR listed_at < %(since)s)
  AND (worker IS NULL OR worker = %(worker)s OR worker <> ALL(%(live)s::int[]))
RETURNING artist_id, name, next_page;

-- release_artist --
-- Let others read on in the artist's list
UPDATE frontier_artists SET worker = NULL
WHERE source = %(source)s AND asked = %(asked)s AND worker = %(worker)s;

-- load_artist_listing --
-- How far the list of an artist is read
SELECT artist_id, name, next_page, coalesce(listed_at >= %(since)s, false) AS is_listed, EXISTS (
    SELECT 1 FROM forgotten_artists f WHERE (f.source, f.source_id) = (a.source, a.artist_id)) AS is_forgotten
FROM frontier_artists a WHERE source = %(source)s AND asked = %(asked)s;

-- save_found_artist --
-- Remember whom a name means
UPDATE frontier_artists SET artist_id = %(artist_id)s, name = %(name)s, next_page = 1
WHERE source = %(source)s AND asked = %(asked)s;

-- save_listed_songs --
-- Add songs to the frontier, or what has changed about them; what a list leaves out stays as it was known
INSERT INTO frontier_songs AS f (source, source_id, title, artist, url, changed_at, primary_ids, language, year, released_on)
SELECT %(source)s, source_id, title, artist, url, changed_at, string_to_array(primary_ids, ','), language, year, released_on
FROM unnest(
    %(ids)s::text[], %(titles)s::text[], %(artists)s::text[], %(urls)s::text[], %(changed)s::timestamptz[],
    %(primary_ids)s::text[], %(languages)s::text[], %(years)s::smallint[], %(days)s::date[]
) AS s(source_id, title, artist, url, changed_at, primary_ids, language, year, released_on) ORDER BY source_id
ON CONFLICT (source, source_id) DO UPDATE SET
    title = EXCLUDED.title, artist = EXCLUDED.artist, url = EXCLUDED.url, changed_at = EXCLUDED.changed_at,
    primary_ids = EXCLUDED.primary_ids, language = coalesce(EXCLUDED.language, f.language),
    year = coalesce(EXCLUDED.year, f.year), released_on = coalesce(EXCLUDED.released_on, f.released_on)
WHERE (f.title, f.artist, f.url, f.changed_at, f.primary_ids, f.language, f.year, f.released_on)
      IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.artist, EXCLUDED.url, EXCLUDED.changed_at, EXCLUDED.primary_ids,
                        coalesce(EXCLUDED.language, f.language), coalesce(EXCLUDED.year, f.year),
                        coalesce(EXCLUDED.released_on, f.released_on));

-- describe_song --
-- What a song itself says that its list left out
UPDATE frontier_songs SET language = %(language)s, year = %(year)s, released_on = %(released_on)s, described_at = now()
WHERE source = %(source)s AND source_id = %(source_id)s;

-- describe_staged_songs --
-- The same of staged songs; whoever visited them is done with them
UPDATE frontier_songs f SET worker = NULL,
    language = CASE WHEN s.outcome IN ('stored', 'unchanged') THEN s.language ELSE f.language END,
    year = CASE WHEN s.outcome IN ('stored', 'unchanged') THEN s.year ELSE f.year END,
    released_on = CASE WHEN s.outcome IN ('stored', 'unchanged') THEN s.released_on ELSE f.released_on END,
    described_at = CASE WHEN s.outcome IN ('stored', 'unchanged') THEN now() ELSE f.described_at END
FROM staged s WHERE (f.source, f.source_id) = (s.source, s.source_id);

-- save_list --
-- Their places in the artist's list
INSERT INTO frontier_lists (source, artist_id, source_id, position)
SELECT %(source)s, %(artist_id)s, source_id, %(first)s + n - 1
FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS s(source_id, n) ORDER BY source_id
ON CONFLICT (source, artist_id, source_id) DO UPDATE SET position = EXCLUDED.position
WHERE frontier_lists.position <> EXCLUDED.position;

-- save_page_read --
-- Remember which page comes next; after the last one the list is read, by the store's clock
UPDATE frontier_artists SET next_page = %(next_page)s,
    listed_at = CASE WHEN %(next_page)s::int IS NULL THEN clock_timestamp() ELSE listed_at END
WHERE source = %(source)s AND asked = %(asked)s;

-- load_list --
-- (What a list holds is looked up first, here and below: a planner that has no statistics yet, as in a first run, takes
-- a whole source for a handful of songs, and would read it for each few.)
-- The songs of a list so far, what is known of each, whether it is due for a visit, and what the last one told
WITH listed AS MATERIALIZED (
    SELECT source, source_id, position FROM frontier_lists WHERE source = %(source)s AND artist_id = %(artist_id)s
)
SELECT l.source_id, v.outcome, is_due(v, s.changed_at, %(since)s, %(settled)s::text[], %(refresh)s) AS is_due,
    CASE WHEN v.visited_at < %(since)s THEN v.next_at END AS next_at,
    s.title, s.primary_ids, s.language, s.year, s.released_on, s.described_at IS NOT NULL AS is_described
FROM listed l JOIN frontier_songs s USING (source, source_id) LEFT JOIN visits v USING (source, source_id)
ORDER BY l.position;

-- claim_songs --
-- Take some of these songs that are due and that nobody visits; those never visited come first. They are chosen once: as a
-- subquery of the UPDATE they might be chosen again for each row, and be more than the limit. Of words that are stored no
-- longer nobody is told by what their page could be asked
WITH wanted AS MATERIALIZED (
    SELECT %(source)s::text AS source, source_id, place
    FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS ids(source_id, place)
), chosen AS MATERIALIZED (
    SELECT s.source_id, v.outcome, v.validators
    FROM wanted w JOIN frontier_songs s USING (source, source_id) LEFT JOIN visits v USING (source, source_id)
    WHERE (s.worker IS NULL OR s.worker <> %(worker)s AND s.worker <> ALL(%(live)s::int[]))
      AND is_due(v, s.changed_at, %(since)s, %(settled)s::text[], %(refresh)s)
    ORDER BY v.outcome IS NOT NULL, w.place LIMIT %(limit)s
    FOR UPDATE OF s SKIP LOCKED
)
UPDATE frontier_songs f SET worker = %(worker)s FROM chosen c
WHERE f.source = %(source)s AND f.source_id = c.source_id
RETURNING f.source_id, f.title, f.artist, f.url, c.outcome, CASE
    WHEN c.validators IS NULL OR c.outcome <> 'stored' THEN c.validators
    ELSE (SELECT c.validators FROM tracks t WHERE (t.source, t.source_id) = (f.source, f.source_id))
END AS validators;

-- delete_source_frontier --
-- Forget what was to be visited of a source
WITH songs AS (DELETE FROM frontier_songs WHERE source = %(source)s),
     lists AS (DELETE FROM frontier_lists WHERE source = %(source)s)
DELETE FROM frontier_artists WHERE source = %(source)s;
