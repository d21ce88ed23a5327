-- find_artists_to_forget --
-- Artists of that name, whatever the case, with the tracks of which they are a primary artist
SELECT a.id, a.name, array_agg(c.track_id ORDER BY c.track_id) FILTER (WHERE c.track_id IS NOT NULL) AS track_ids
FROM artists a LEFT JOIN credits c ON c.artist_id = a.id AND c.role = 'primary'
WHERE lower(a.name) = lower(%(name)s) GROUP BY a.id ORDER BY a.id;

-- find_tracks_to_forget --
-- Those of these tracks that there are
SELECT id, title, artist FROM tracks WHERE id = ANY(%(track_ids)s::bigint[]) ORDER BY id;

-- save_forgotten_artists --
-- Remember whom not to collect again
INSERT INTO forgotten_artists (source, source_id, name)
SELECT source, source_id, name FROM artists WHERE id = ANY(%(artist_ids)s::bigint[]) ON CONFLICT DO NOTHING;

-- save_forgotten_tracks --
-- Remember what not to collect again
INSERT INTO forgotten_tracks (source, source_id, artist)
SELECT source, source_id, artist FROM tracks WHERE id = ANY(%(track_ids)s::bigint[]) ON CONFLICT DO NOTHING;

-- save_forgotten_visits --
-- What became of these songs: they were forgotten
UPDATE visits v SET outcome = 'forgotten', reason = '', validators = NULL, visited_at = now()
FROM tracks t WHERE t.id = ANY(%(track_ids)s::bigint[]) AND (v.source, v.source_id) = (t.source, t.source_id);

-- delete_forgotten_tracks --
-- Delete tracks with all that hangs on them: words, former words, passages, embeddings, analyses, bars' ends
DELETE FROM tracks WHERE id = ANY(%(track_ids)s::bigint[]);

-- mark_staged_forgotten --
-- Drafts on their way in that are not wanted here: their words go no further
UPDATE staged s SET outcome = 'forgotten', reason = '', lyrics = '', validators = NULL
WHERE EXISTS (SELECT 1 FROM forgotten_tracks f WHERE (f.source, f.source_id) = (s.source, s.source_id))
   OR EXISTS (SELECT 1 FROM forgotten_artists f JOIN jsonb_array_elements(s.credits) c
              ON f.source = s.source AND f.source_id = c->>'id' AND c->>'role' = 'primary')
RETURNING s.source, s.source_id;

-- recall_artist --
-- Let an artist be collected again
DELETE FROM forgotten_artists WHERE lower(name) = lower(%(name)s);

-- recall_tracks --
-- Let their songs be collected again
WITH recalled AS (
    DELETE FROM forgotten_tracks WHERE lower(artist) = lower(%(name)s) RETURNING source, source_id
)
DELETE FROM visits v USING recalled r WHERE (v.source, v.source_id) = (r.source, r.source_id);
