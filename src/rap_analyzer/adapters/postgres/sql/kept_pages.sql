-- save_kept_page --
-- Keep the page of a staged song that failed; one that is not wanted here is not kept
INSERT INTO kept_pages AS k (source, source_id, song, url, content_type, body, fetched_at)
SELECT source, source_id, %(song)s, url, %(content_type)s, %(body)s, fetched_at FROM staged
WHERE source = %(source)s AND source_id = %(source_id)s AND outcome = 'failed'
ON CONFLICT (source, source_id) DO UPDATE SET song = EXCLUDED.song, url = EXCLUDED.url,
    content_type = EXCLUDED.content_type, body = EXCLUDED.body, fetched_at = EXCLUDED.fetched_at
WHERE k.fetched_at <= EXCLUDED.fetched_at;

-- save_kept_artists --
-- Insert the artists whose pages are kept: by these they can be forgotten
INSERT INTO artists (source, source_id, name)
SELECT DISTINCT ON (s.source, c->>'id') s.source, c->>'id', c->>'name'
FROM staged s JOIN kept_pages k USING (source, source_id), jsonb_array_elements(s.credits) c
WHERE c->>'role' = 'primary' ORDER BY s.source, c->>'id'
ON CONFLICT DO NOTHING;

-- delete_read_pages --
-- Drop the pages of staged songs that have been read since
DELETE FROM kept_pages k USING staged s
WHERE (k.source, k.source_id) = (s.source, s.source_id) AND s.outcome NOT IN ('failed', 'blocked', 'missing');

-- delete_old_pages --
-- Drop pages that are too old, and the oldest of too many
DELETE FROM kept_pages k USING (
    SELECT source, source_id, sum(octet_length(body)) OVER (ORDER BY fetched_at DESC, source, source_id) AS bytes
    FROM kept_pages) newer
WHERE (k.source, k.source_id) = (newer.source, newer.source_id)
  AND (k.fetched_at < now() - make_interval(days => %(days)s) OR newer.bytes > %(most_bytes)s);

-- delete_forgotten_pages --
-- Drop the kept pages of tracks and artists that are forgotten
DELETE FROM kept_pages k
WHERE EXISTS (SELECT 1 FROM forgotten_tracks f WHERE (f.source, f.source_id) = (k.source, k.source_id))
   OR EXISTS (SELECT 1 FROM forgotten_artists f, jsonb_array_elements(k.song->'credits') c
              WHERE f.source = k.source AND f.source_id = c->'artist'->>'source_id' AND c->>'role' = 'primary');

-- delete_source_pages --
-- Drop a source's kept pages
DELETE FROM kept_pages WHERE source = %(source)s;

-- count_kept_pages --
-- Pages kept of a source
SELECT count(*) FROM kept_pages WHERE source = %(source)s;

-- load_kept_pages --
-- Kept pages of a source, in the order of their songs' numbers
SELECT source_id, song, url, content_type, body, fetched_at FROM kept_pages
WHERE source = %(source)s AND source_id > %(after)s ORDER BY source_id LIMIT %(limit)s;
