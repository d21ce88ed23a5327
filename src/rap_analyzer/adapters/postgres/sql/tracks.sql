-- create_staging --
-- A table of this connection's own for drafts on their way in, emptied at every commit
CREATE TEMP TABLE IF NOT EXISTS staged (
    ordinal integer, source text, source_id text, outcome text, reason text, title text, artist text, album text,
    released_on date, year smallint, language text, page_views bigint, url text, recording_uri text,
    lyrics text, lyrics_digest text, fetched_at timestamptz, parser_version text, raw_digest text,
    credits jsonb, relationships jsonb, validators jsonb, extra jsonb
) ON COMMIT DELETE ROWS;

-- copy_staged --
-- Stream drafts into the staging table
COPY staged FROM STDIN (FORMAT BINARY);

-- analyze_staged --
-- Tell the planner how many drafts there are: a temporary table has no statistics of its own accord
ANALYZE staged;

-- save_staged_tracks --
-- Insert new tracks and new wordings; rows whose words are the stored ones are left alone
INSERT INTO tracks AS t (source, source_id, title, artist, album, released_on, year, language, page_views, url,
                         recording_uri, lyrics, lyrics_digest, extra)
SELECT source, source_id, title, artist, album, released_on, year, language, page_views, url,
       recording_uri, lyrics, lyrics_digest, extra
FROM staged WHERE outcome = 'stored' ORDER BY source, source_id
ON CONFLICT (source, source_id) DO UPDATE SET
    title = EXCLUDED.title, artist = EXCLUDED.artist, album = EXCLUDED.album, released_on = EXCLUDED.released_on,
    year = EXCLUDED.year, language = EXCLUDED.language, page_views = EXCLUDED.page_views, url = EXCLUDED.url,
    recording_uri = EXCLUDED.recording_uri, lyrics = EXCLUDED.lyrics, lyrics_digest = EXCLUDED.lyrics_digest,
    extra = coalesce(EXCLUDED.extra, t.extra)
WHERE t.lyrics_digest <> EXCLUDED.lyrics_digest
RETURNING source, source_id;

-- save_staged_metadata --
-- What has changed of tracks besides their words, which are the stored ones; what a source leaves out stays
UPDATE tracks t SET title = s.title, artist = s.artist, album = coalesce(s.album, t.album),
    released_on = coalesce(s.released_on, t.released_on), year = coalesce(s.year, t.year),
    language = coalesce(s.language, t.language), page_views = coalesce(s.page_views, t.page_views), url = s.url,
    recording_uri = coalesce(s.recording_uri, t.recording_uri), extra = coalesce(s.extra, t.extra)
FROM staged s WHERE (t.source, t.source_id) = (s.source, s.source_id)
  AND (s.outcome = 'stored' AND t.lyrics_digest = s.lyrics_digest OR s.outcome = 'unchanged')
  AND (t.title, t.artist, t.album, t.released_on, t.year, t.language, t.page_views, t.url, t.recording_uri, t.extra)
      IS DISTINCT FROM (s.title, s.artist, coalesce(s.album, t.album), coalesce(s.released_on, t.released_on),
                        coalesce(s.year, t.year), coalesce(s.language, t.language),
                        coalesce(s.page_views, t.page_views), s.url, coalesce(s.recording_uri, t.recording_uri),
                        coalesce(s.extra, t.extra));

-- save_staged_artists --
-- Insert the artists that the staged tracks credit
INSERT INTO artists AS a (source, source_id, name)
SELECT DISTINCT ON (s.source, c->>'id') s.source, c->>'id', c->>'name'
FROM staged s, jsonb_array_elements(s.credits) c
WHERE s.outcome IN ('stored', 'unchanged') ORDER BY s.source, c->>'id'
ON CONFLICT (source, source_id) DO UPDATE SET name = EXCLUDED.name WHERE a.name <> EXCLUDED.name;

-- save_staged_credits --
-- Insert who did what on the staged tracks
INSERT INTO credits (track_id, artist_id, role, position)
SELECT DISTINCT ON (t.id, c->>'role', a.id) t.id, a.id, c->>'role', n
FROM staged s
JOIN tracks t USING (source, source_id),
     jsonb_array_elements(s.credits) WITH ORDINALITY AS e(c, n)
JOIN artists a ON a.source_id = c->>'id'
WHERE s.outcome IN ('stored', 'unchanged') AND a.source = s.source
ORDER BY t.id, c->>'role', a.id, n
ON CONFLICT DO NOTHING;

-- save_staged_relationships --
-- Insert the links of the staged tracks to other songs
INSERT INTO relationships (track_id, kind, source_id)
SELECT DISTINCT t.id, r->>'kind', r->>'id'
FROM staged s JOIN tracks t USING (source, source_id), jsonb_array_elements(s.relationships) r
WHERE s.outcome IN ('stored', 'unchanged')
ON CONFLICT DO NOTHING;

-- save_staged_provenance --
-- Record where each staged wording was first read
INSERT INTO provenance (track_id, lyrics_digest, source, source_id, url, fetched_at, parser_version, raw_digest)
SELECT t.id, s.lyrics_digest, s.source, s.source_id, s.url, s.fetched_at, s.parser_version, s.raw_digest
FROM staged s JOIN tracks t USING (source, source_id)
WHERE s.outcome = 'stored'
ON CONFLICT DO NOTHING;

-- save_staged_visits --
-- Record what became of each staged song; words once stored are not forgotten because a later visit failed
INSERT INTO visits AS v (source, source_id, outcome, reason, title, url, validators, read_at, next_at)
SELECT source, source_id, outcome, reason, title, url, validators,
       CASE WHEN outcome NOT IN ('blocked', 'failed') THEN now() END, now() + rest_after(outcome, 1)
FROM staged WHERE outcome <> 'unchanged' ORDER BY source, source_id
ON CONFLICT (source, source_id) DO UPDATE SET
    outcome = CASE WHEN v.outcome = 'stored' THEN v.outcome ELSE EXCLUDED.outcome END,
    read_at = coalesce(EXCLUDED.read_at, v.read_at),
    next_at = CASE WHEN v.outcome <> 'stored' THEN now() + rest_after(EXCLUDED.outcome, v.attempts + 1) END,
    validators = CASE WHEN v.outcome = 'stored' AND EXCLUDED.outcome <> 'stored'
                      THEN v.validators ELSE EXCLUDED.validators END,
    reason = EXCLUDED.reason, title = EXCLUDED.title, url = EXCLUDED.url,
    attempts = v.attempts + 1, visited_at = now();

-- save_staged_revisits --
-- The same of songs whose pages are those that were stored
UPDATE visits v SET reason = '', title = s.title, url = s.url, attempts = v.attempts + 1, visited_at = now(), read_at = now()
FROM staged s WHERE (v.source, v.source_id) = (s.source, s.source_id) AND s.outcome = 'unchanged';

-- find_copies --
-- Of each of these songs the source and id under which it is stored, if not under its own name: same words, title and
-- artist; a release on another album or in another year is another song
SELECT DISTINCT ON (w.place) w.place, t.source, t.source_id
FROM unnest(%(ids)s::text[], %(digests)s::text[], %(titles)s::text[], %(artists)s::text[], %(albums)s::text[],
            %(years)s::int[]) WITH ORDINALITY AS w(source_id, digest, title, artist, album, year, place)
JOIN tracks t ON t.lyrics_digest = w.digest AND lower(t.title) = lower(w.title) AND lower(t.artist) = lower(w.artist)
    AND lower(coalesce(t.album, w.album, '')) = lower(coalesce(w.album, t.album, ''))
    AND coalesce(t.year, w.year, 0) = coalesce(w.year, t.year, 0)
WHERE NOT EXISTS (SELECT 1 FROM tracks o WHERE o.source = 'import' AND o.source_id = w.source_id)
ORDER BY w.place, t.id;

-- count_sources --
-- Tracks by source
SELECT source, count(*) FROM tracks GROUP BY source;

-- load_track --
-- One track with its words
SELECT id, title, artist, lyrics, lyrics_digest, source, url, album, year, language, page_views
FROM tracks WHERE id = %(track_id)s;

-- load_credits --
-- Who did what on a track, in the source's order
SELECT a.name, a.id, c.role FROM credits c JOIN artists a ON a.id = c.artist_id
WHERE c.track_id = %(track_id)s ORDER BY c.role, c.position;

-- load_tracks_of --
-- An artist's tracks, also as a guest, with their words and who did what
SELECT t.id, t.title, t.artist, t.lyrics, t.lyrics_digest, t.source, t.url, t.album, t.year, t.language, t.page_views,
    (SELECT jsonb_agg(jsonb_build_object('name', a.name, 'id', a.id, 'role', c.role) ORDER BY c.role, c.position)
     FROM credits c JOIN artists a ON a.id = c.artist_id WHERE c.track_id = t.id) AS credits
FROM tracks t WHERE t.id IN (
    SELECT c.track_id FROM credits c JOIN artists a ON a.id = c.artist_id
    WHERE lower(a.name) = lower(%(artist)s) AND c.role IN ('primary', 'featured'))
ORDER BY t.id;

-- find_tracks --
-- Tracks whose title (and artist, if given) are these, whatever the case
SELECT id, title, artist FROM tracks
WHERE lower(title) = lower(%(title)s) AND (%(artist)s::text IS NULL OR lower(artist) = lower(%(artist)s))
ORDER BY id LIMIT 10;

-- find_tracks_like --
-- Tracks whose title contains this
SELECT id, title, artist FROM tracks WHERE strpos(lower(title), lower(%(title)s)) > 0 ORDER BY length(title), id LIMIT 10;

-- load_artist --
-- One artist
SELECT id, name, source, source_id FROM artists WHERE id = %(artist_id)s;

-- load_artist_tracks --
-- An artist's tracks, newest first, with their rhyme density where analysed, and what is a version of which other
SELECT t.id, t.title, t.artist, t.album, t.year, t.language, t.page_views, c.role,
       (r.measures->>'rhyme_density')::float8 AS rhyme_density, r.status,
       v.version_of, v.kind AS version_kind, o.title AS original_title
FROM credits c
JOIN tracks t ON t.id = c.track_id
LEFT JOIN versions v ON v.track_id = t.id
LEFT JOIN tracks o ON o.id = v.version_of
LEFT JOIN analysis_results r ON r.track_id = t.id AND r.analyzer = 'algorithmic_basic'
WHERE c.artist_id = %(artist_id)s AND c.role IN ('primary', 'featured')
ORDER BY t.year DESC NULLS LAST, t.released_on DESC NULLS LAST, t.title;

-- load_artists --
-- Artists with tracks, most tracks first; each song once in `tracks`, unless all versions are asked for
SELECT a.id, a.name,
       count(DISTINCT CASE WHEN %(every)s THEN t.id ELSE coalesce(v.version_of, t.id) END)
           FILTER (WHERE c.role = 'primary') AS tracks,
       count(DISTINCT CASE WHEN %(every)s THEN t.id ELSE coalesce(v.version_of, t.id) END)
           FILTER (WHERE c.role = 'featured') AS features,
       min(t.year) AS first_year, max(t.year) AS last_year
FROM artists a JOIN credits c ON c.artist_id = a.id JOIN tracks t ON t.id = c.track_id
LEFT JOIN versions v ON v.track_id = t.id
WHERE c.role IN ('primary', 'featured')
GROUP BY a.id HAVING count(*) FILTER (WHERE c.role = 'primary') > 0
ORDER BY tracks DESC, a.name LIMIT %(limit)s;

-- load_overview --
-- The corpus at a glance
SELECT (SELECT count(*) FROM tracks) AS tracks,
       (SELECT count(*) FROM tracks) - (SELECT count(*) FROM versions) AS songs,
       (SELECT count(DISTINCT artist_id) FROM credits WHERE role = 'primary') AS artists,
       (SELECT min(year) FROM tracks) AS first_year, (SELECT max(year) FROM tracks) AS last_year,
       (SELECT count(DISTINCT language) FROM tracks) AS languages,
       (SELECT count(*) FROM passages) AS passages,
       (SELECT count(*) FROM analyses) AS analyses,
       (SELECT count(DISTINCT track_id) FROM enrichments WHERE method <> 'none') AS enriched,
       (SELECT count(*) FROM tracks WHERE embedding_digest = lyrics_digest) AS embedded,
       (SELECT bool_or(source = 'demo') FROM tracks) AS is_demo;

-- load_decades --
-- Tracks and mean rhyme density by decade; each song once, in the decade of the original, unless versions are asked for
SELECT (t.year / 10) * 10 AS decade, count(*) AS tracks, avg((r.measures->>'rhyme_density')::float8) AS rhyme_density
FROM tracks t LEFT JOIN versions v ON v.track_id = t.id LEFT JOIN analysis_results r
    ON r.track_id = t.id AND r.analyzer = 'algorithmic_basic' AND r.status = 'done'
WHERE t.year IS NOT NULL AND (%(every)s OR v.track_id IS NULL) GROUP BY 1 ORDER BY 1;

-- load_densest --
-- Tracks with the highest rhyme density; each song once, unless versions are asked for
SELECT t.id, t.title, t.artist, t.year, (r.measures->>'rhyme_density')::float8 AS rhyme_density
FROM analysis_results r JOIN tracks t ON t.id = r.track_id LEFT JOIN versions v ON v.track_id = t.id
WHERE r.analyzer = 'algorithmic_basic' AND r.status = 'done' AND (%(every)s OR v.track_id IS NULL)
ORDER BY rhyme_density DESC, t.id LIMIT %(limit)s;

-- delete_source_tracks --
-- Delete a source's tracks with all that hangs on them
DELETE FROM tracks WHERE source = %(source)s;

-- delete_source_visits --
-- Forget what became of a source's songs
DELETE FROM visits WHERE source = %(source)s;

-- delete_idle_artists --
-- Delete a source's artists that no track credits any more
DELETE FROM artists a WHERE source = %(source)s AND NOT EXISTS (SELECT 1 FROM credits c WHERE c.artist_id = a.id);

-- load_versions --
-- Versions of the server and of pgvector
SELECT split_part(current_setting('server_version'), ' ', 1) AS server,
       (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector;
