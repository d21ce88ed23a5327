-- lock_refresh --
-- One refresh at a time, until the transaction ends
SELECT pg_advisory_xact_lock(%(key)s);

-- allow_long_refresh --
-- A million tracks take minutes
SET LOCAL statement_timeout = '1h';

-- load_freshness --
-- What the quantiles should be made from, and whether they are stale: small corpora at once, large ones when one in a
-- hundred tracks is new, or after an hour
SELECT coalesce(n.id, 0) AS newest_analysis, coalesce(n.version, '') AS version,
       coalesce(n.config_hash, '') AS config_hash, g.last_value AS changes,
       (coalesce(n.id, 0) <> r.newest_analysis OR g.last_value <> r.changes)
       AND (r.tracks < %(small)s OR n.id - r.newest_analysis >= r.tracks / 100
            OR (n.version, n.config_hash) IS DISTINCT FROM (r.version, r.config_hash)
            OR r.refreshed_at < now() - interval '1 hour') AS stale
FROM quantile_refreshes r CROSS JOIN group_changes g
LEFT JOIN LATERAL (
    SELECT id, version, config_hash FROM analyses WHERE analyzer = 'algorithmic_basic' ORDER BY id DESC LIMIT 1
) n ON true;

-- delete_quantiles --
-- Make room for new ones; readers see the old until the transaction ends
DELETE FROM measure_quantiles;

-- save_quantiles --
-- Quantiles of every numeric measure, for all songs and for each decade, demo and real apart; versions are left out
INSERT INTO measure_quantiles (demo, decade, measure, tracks, quantiles)
SELECT c.demo, CASE grouping(c.decade) WHEN 1 THEN 0 ELSE c.decade END, f.key, count(*),
       percentile_disc(%(fractions)s::float8[]) WITHIN GROUP (ORDER BY f.value::float8)
FROM current_measures c, jsonb_each(c.measures) f
WHERE jsonb_typeof(f.value) = 'number' AND c.version_of IS NULL
GROUP BY GROUPING SETS ((c.demo, f.key), (c.demo, c.decade, f.key))
HAVING grouping(c.decade) = 1 OR c.decade IS NOT NULL;

-- save_freshness --
-- Remember what they were made from
UPDATE quantile_refreshes SET version = %(version)s, config_hash = %(config_hash)s,
    newest_analysis = %(newest_analysis)s, changes = %(changes)s, refreshed_at = now(),
    tracks = (SELECT coalesce(sum(tracks), 0) FROM measure_quantiles WHERE decade = 0 AND measure = 'tokens');

-- load_standing --
-- How many percent of a group's songs have a lower figure than this one: in the corpus and the decade by quantiles, in
-- the artist's own songs by looking at them all; then the scores, as means of ranks within the real corpus
WITH mine AS (
    SELECT c.track_id, c.demo, c.decade, c.measures, (
        SELECT artist_id FROM credits WHERE track_id = c.track_id AND role = 'primary' ORDER BY position LIMIT 1
    ) AS artist_id
    FROM current_measures c JOIN quantile_refreshes r USING (version, config_hash)
    WHERE c.track_id = %(track_id)s
), figures AS (
    SELECT mine.demo, mine.decade, f.key AS measure, f.value::float8 AS figure
    FROM mine, jsonb_each(mine.measures) f WHERE jsonb_typeof(f.value) = 'number'
), own AS (
    SELECT DISTINCT ON (coalesce(c.version_of, c.track_id)) c.measures
    FROM mine
    JOIN credits k ON k.artist_id = mine.artist_id AND k.role = 'primary'
    JOIN current_measures c ON c.track_id = k.track_id AND c.demo = mine.demo
    ORDER BY coalesce(c.version_of, c.track_id), c.version_of IS NOT NULL, c.track_id
), ranked AS (
    SELECT CASE q.decade WHEN 0 THEN 'corpus' ELSE 'decade' END AS kind, measure, q.tracks, f.demo,
           greatest((SELECT count(*) FROM unnest(q.quantiles) AS point WHERE point < f.figure) - 1, 0) AS percentile
    FROM figures f JOIN measure_quantiles q USING (measure, demo)
    WHERE q.decade IN (0, f.decade)
    UNION ALL
    SELECT 'artist', f.measure, count(*), false, 100 * count(*) FILTER (WHERE other.value::float8 < f.figure) / count(*)
    FROM own CROSS JOIN jsonb_each(own.measures) other
    JOIN figures f ON f.measure = other.key
    WHERE jsonb_typeof(other.value) = 'number'
    GROUP BY f.measure
), scores AS (
    SELECT s.score, avg(ranked.percentile) / 10 AS mark, min(ranked.tracks) AS tracks
    FROM unnest(%(scores)s::text[], %(measures)s::text[]) AS s(score, measure)
    JOIN ranked ON ranked.measure = s.measure AND ranked.kind = 'corpus' AND NOT ranked.demo
    WHERE ranked.tracks >= %(least_scored)s
    GROUP BY s.score
)
SELECT kind, measure AS name, tracks, least(percentile, 99)::float8 AS value FROM ranked WHERE tracks >= %(least)s
UNION ALL
SELECT 'score', score, tracks, round(mark, 1)::float8 FROM scores
UNION ALL
SELECT 'score', 'overall', min(tracks), round(avg(mark), 1)::float8 FROM scores HAVING count(*) > 0
UNION ALL
SELECT 'real', '', coalesce(max(tracks), 0), NULL FROM measure_quantiles WHERE NOT demo AND decade = 0;

-- load_artist_standing --
-- Means of an artist's own songs (or, if so asked, of every version), and how many percent of the corpus lies below them
WITH songs AS (
    SELECT DISTINCT ON (CASE WHEN %(every)s THEN c.track_id ELSE coalesce(c.version_of, c.track_id) END)
           c.demo, c.measures
    FROM credits k JOIN current_measures c ON c.track_id = k.track_id
    WHERE k.artist_id = %(artist_id)s AND k.role = 'primary'
    ORDER BY CASE WHEN %(every)s THEN c.track_id ELSE coalesce(c.version_of, c.track_id) END,
             c.version_of IS NOT NULL, c.track_id
), own AS (
    SELECT songs.demo, f.key AS measure, avg(f.value::float8) AS mean, count(*) AS tracks
    FROM songs CROSS JOIN jsonb_each(songs.measures) f
    WHERE f.key = ANY(%(measures)s::text[])
    GROUP BY songs.demo, f.key
)
SELECT own.measure, own.mean, own.tracks, q.tracks AS n,
       least(greatest((SELECT count(*) FROM unnest(q.quantiles) AS point WHERE point < own.mean) - 1, 0), 99) AS corpus
FROM own LEFT JOIN measure_quantiles q
    ON q.measure = own.measure AND q.demo = own.demo AND q.decade = 0 AND q.tracks >= %(least)s
ORDER BY array_position(%(measures)s::text[], own.measure);

-- load_wording --
-- A digest of all the words that an artist's vocabulary is counted from, and of which are versions of which
SELECT coalesce(md5(string_agg(t.lyrics_digest || coalesce(c.version_of::text, ''), '' ORDER BY t.id)), '') AS digest
FROM credits k JOIN tracks t ON t.id = k.track_id JOIN current_measures c ON c.track_id = t.id
WHERE k.artist_id = %(artist_id)s AND k.role = 'primary';

-- load_words --
-- The words of an artist's own tracks in order of release, each song once, those without a date last; and the guests
SELECT lyrics, ARRAY(
    SELECT a.name FROM credits g JOIN artists a ON a.id = g.artist_id WHERE g.track_id = once.id AND g.role = 'featured'
) AS guests
FROM (
    SELECT DISTINCT ON (wording.song) wording.* FROM (
        SELECT DISTINCT ON (t.lyrics_digest) t.lyrics, t.released_on, t.year, t.id, c.version_of,
               coalesce(c.version_of, t.id) AS song
        FROM credits k JOIN tracks t ON t.id = k.track_id JOIN current_measures c ON c.track_id = t.id
        WHERE k.artist_id = %(artist_id)s AND k.role = 'primary'
        ORDER BY t.lyrics_digest, c.version_of IS NOT NULL, t.year NULLS LAST, t.released_on NULLS LAST, t.id
    ) wording
    ORDER BY song, version_of IS NOT NULL, year NULLS LAST, released_on NULLS LAST, id
) once
ORDER BY year NULLS LAST, released_on NULLS LAST, id LIMIT %(limit)s;
