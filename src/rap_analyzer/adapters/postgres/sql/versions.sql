-- count_unfingerprinted --
-- Tracks whose present words have no fingerprint of this version
SELECT count(*) FROM tracks t WHERE NOT EXISTS (
    SELECT 1 FROM fingerprints f
    WHERE f.track_id = t.id AND f.lyrics_digest = t.lyrics_digest AND f.version = %(version)s)
AND NOT EXISTS (
    SELECT 1 FROM step_failures s WHERE s.track_id = t.id AND s.step = 'fingerprint'
    AND s.lyrics_digest = t.lyrics_digest AND s.version = %(version)s);

-- load_unfingerprinted --
-- A batch of them, by id
SELECT t.id, t.lyrics_digest, t.lyrics FROM tracks t WHERE t.id > %(after)s AND NOT EXISTS (
    SELECT 1 FROM fingerprints f
    WHERE f.track_id = t.id AND f.lyrics_digest = t.lyrics_digest AND f.version = %(version)s)
AND NOT EXISTS (
    SELECT 1 FROM step_failures s WHERE s.track_id = t.id AND s.step = 'fingerprint'
    AND s.lyrics_digest = t.lyrics_digest AND s.version = %(version)s)
ORDER BY t.id LIMIT %(limit)s;

-- save_fingerprint --
-- Keep a track's fingerprint, unless its words have changed since they were read; it is still to be compared
INSERT INTO fingerprints (track_id, lyrics_digest, version, wording, words, bands)
SELECT id, lyrics_digest, %(version)s, %(wording)s, %(words)s, %(bands)s
FROM tracks WHERE id = %(track_id)s AND lyrics_digest = %(lyrics_digest)s
ON CONFLICT (track_id) DO UPDATE SET lyrics_digest = EXCLUDED.lyrics_digest, version = EXCLUDED.version,
    wording = EXCLUDED.wording, words = EXCLUDED.words, bands = EXCLUDED.bands, is_compared = false;

-- count_uncompared --
-- Fingerprints that are still to be compared
SELECT count(*) FROM fingerprints WHERE NOT is_compared;

-- load_uncompared --
-- A batch of their tracks, by id
SELECT track_id, lyrics_digest FROM fingerprints WHERE NOT is_compared AND track_id > %(after)s ORDER BY track_id LIMIT %(limit)s;

-- load_pairs --
-- Wordings that share a band with those of these tracks and that they were not yet compared with, each pair once
SELECT DISTINCT least(f.wording, o.wording) AS wording, greatest(f.wording, o.wording) AS other
FROM fingerprints f
CROSS JOIN LATERAL (
    SELECT wording FROM fingerprints n WHERE n.bands && f.bands AND n.wording <> f.wording OFFSET 0
) o
WHERE f.track_id = ANY(%(track_ids)s::bigint[]) AND f.bands <> '{}' AND NOT EXISTS (
    SELECT 1 FROM alike_wordings a
    WHERE a.wording = least(f.wording, o.wording) AND a.other = greatest(f.wording, o.wording));

-- load_wordings --
-- The words behind these numbers, as one track of each has them
SELECT DISTINCT ON (f.wording) f.wording, t.lyrics FROM fingerprints f
JOIN tracks t ON t.id = f.track_id AND t.lyrics_digest = f.lyrics_digest
WHERE f.wording = ANY(%(wordings)s::bigint[]) ORDER BY f.wording, f.track_id;

-- save_alike --
-- Keep pairs of wordings that are one song, as long as there are tracks with them
INSERT INTO alike_wordings (wording, other, similarity)
SELECT * FROM unnest(%(wordings)s::bigint[], %(others)s::bigint[], %(similarities)s::real[]) AS a(wording, other, similarity)
WHERE EXISTS (SELECT 1 FROM fingerprints f WHERE f.wording = a.wording)
  AND EXISTS (SELECT 1 FROM fingerprints f WHERE f.wording = a.other)
ON CONFLICT (wording, other) DO UPDATE SET similarity = EXCLUDED.similarity;

-- mark_compared --
-- Note that these tracks' words were compared, unless they have new ones since
UPDATE fingerprints SET is_compared = true
FROM unnest(%(track_ids)s::bigint[], %(digests)s::text[]) AS done(track_id, lyrics_digest)
WHERE fingerprints.track_id = done.track_id AND fingerprints.lyrics_digest = done.lyrics_digest;

-- lock_versions --
-- One process at a time settles versions, until the transaction ends
SELECT pg_advisory_xact_lock(%(key)s);

-- load_same_words --
-- Pairs of tracks with the same words or nearly, demo and real apart; the same few words by others mean nothing
WITH shared AS (
    SELECT wording FROM fingerprints WHERE wording IS NOT NULL GROUP BY wording HAVING count(*) > 1
    UNION SELECT wording FROM alike_wordings UNION SELECT other FROM alike_wordings
), worded AS (
    SELECT t.id, f.wording, t.source = 'demo' AS demo, CASE WHEN f.words < %(shortest)s THEN lower(t.artist) END AS by
    FROM shared JOIN fingerprints f USING (wording) JOIN tracks t ON t.id = f.track_id
), firsts AS (
    SELECT wording, demo, min(id) AS id FROM worded GROUP BY wording, demo
)
SELECT first AS track_id, id AS other_id
FROM (SELECT id, min(id) OVER (PARTITION BY wording, demo, by) AS first FROM worded) w WHERE id <> first
UNION ALL
SELECT a.id, b.id FROM alike_wordings l
JOIN firsts a ON a.wording = l.wording JOIN firsts b ON b.wording = l.other AND b.demo = a.demo;

-- load_claims --
-- Relationships of these kinds whose both ends are stored
SELECT r.track_id, r.kind, o.id AS other_id
FROM relationships r JOIN tracks t ON t.id = r.track_id
JOIN tracks o ON o.source = t.source AND o.source_id = r.source_id
WHERE r.kind = ANY(%(kinds)s::text[]) AND o.id <> t.id ORDER BY r.track_id, o.id, r.kind;

-- load_candidates --
-- What decides which of these tracks is the original
SELECT t.id AS track_id, f.wording, t.released_on, t.year, t.page_views, ARRAY(
    SELECT lower(a.name) FROM credits c JOIN artists a ON a.id = c.artist_id WHERE c.track_id = t.id AND c.role = 'primary'
) AS artists
FROM tracks t LEFT JOIN fingerprints f ON f.track_id = t.id WHERE t.id = ANY(%(track_ids)s::bigint[]);

-- load_alike --
-- Every pair of wordings that are one song
SELECT wording, other, similarity FROM alike_wordings;

-- delete_former_versions --
-- Take out the versions that are none any more
DELETE FROM versions WHERE track_id <> ALL(%(track_ids)s::bigint[]);

-- save_versions --
-- Keep the versions that are new or have changed
INSERT INTO versions AS v (track_id, version_of, kind, similarity)
SELECT n.* FROM unnest(%(track_ids)s::bigint[], %(originals)s::bigint[], %(kinds)s::text[], %(similarities)s::real[])
    AS n(track_id, version_of, kind, similarity)
ON CONFLICT (track_id) DO UPDATE SET version_of = EXCLUDED.version_of, kind = EXCLUDED.kind, similarity = EXCLUDED.similarity
WHERE (v.version_of, v.kind, v.similarity) IS DISTINCT FROM (EXCLUDED.version_of, EXCLUDED.kind, EXCLUDED.similarity);

-- note_group_change --
-- The quantiles are stale: they leave versions out
SELECT nextval('group_changes');

-- load_song --
-- The other tracks of a song, the original first; and all that the source ties a track to besides, however
WITH song AS (
    SELECT coalesce((SELECT version_of FROM versions WHERE track_id = %(track_id)s), %(track_id)s) AS original
), members AS (
    SELECT original AS id, 'original' AS kind, NULL::real AS similarity FROM song
    UNION ALL SELECT v.track_id, v.kind, v.similarity FROM versions v JOIN song ON v.version_of = song.original
), others AS (
    SELECT m.id, m.kind, CASE
        WHEN m.kind <> 'original' AND %(track_id)s = (SELECT original FROM song) THEN m.similarity
        WHEN m.kind = 'original' THEN (SELECT similarity FROM versions WHERE track_id = %(track_id)s)
        ELSE (SELECT CASE WHEN f.wording = g.wording THEN 1 ELSE (
                  SELECT similarity FROM alike_wordings a
                  WHERE a.wording = least(f.wording, g.wording) AND a.other = greatest(f.wording, g.wording)) END
              FROM fingerprints f, fingerprints g WHERE f.track_id = m.id AND g.track_id = %(track_id)s)
        END AS similarity, true AS is_version
    FROM members m
    UNION ALL
    SELECT o.id, r.kind, NULL, false
    FROM relationships r JOIN tracks t ON t.id = r.track_id
    JOIN tracks o ON o.source = t.source AND o.source_id = r.source_id
    WHERE r.track_id = %(track_id)s AND o.id NOT IN (SELECT id FROM members)
)
SELECT o.id, o.kind, o.is_version, t.title, t.artist, t.year, round(o.similarity::numeric, 3)::float8 AS similarity
FROM others o JOIN tracks t ON t.id = o.id
WHERE o.id <> %(track_id)s ORDER BY o.is_version DESC, o.kind <> 'original', t.year NULLS LAST, o.kind, o.id;

-- load_version --
-- What a track is a version of, and how; no row for an original
SELECT version_of, kind AS version_kind FROM versions WHERE track_id = %(track_id)s;
