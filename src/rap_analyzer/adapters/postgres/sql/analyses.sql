-- count_unanalyzed --
-- Tracks that lack this analysis of their present words
SELECT count(*) FROM tracks t WHERE NOT EXISTS (
    SELECT 1 FROM analyses a WHERE a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
    AND a.analyzer = %(analyzer)s AND a.version = %(version)s AND a.config_hash = %(config_hash)s);

-- load_unanalyzed --
-- A batch of them, by id, with what other analyzers say of each where that is asked for: then only where all have spoken
SELECT t.id, t.lyrics_digest, t.lyrics, t.language, p.parts FROM tracks t
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('analyzer', a.analyzer, 'version', a.version, 'config_hash', a.config_hash,
                     'status', a.status, 'measures', a.measures, 'confidence', a.confidence,
                     'fallback', a.fallback, 'reason', a.reason)) AS parts
    FROM analyses a JOIN unnest(%(part_names)s::text[], %(part_versions)s::text[], %(part_hashes)s::text[])
         AS k(analyzer, version, config_hash) USING (analyzer, version, config_hash)
    WHERE a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
) p ON cardinality(%(part_names)s::text[]) > 0
WHERE t.id > %(after)s AND t.id <= %(last)s AND NOT EXISTS (
    SELECT 1 FROM analyses a WHERE a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
    AND a.analyzer = %(analyzer)s AND a.version = %(version)s AND a.config_hash = %(config_hash)s)
AND coalesce(jsonb_array_length(p.parts), 0) = cardinality(%(part_names)s::text[])
AND {filter}
ORDER BY t.id LIMIT %(limit)s;

-- create_staged_analyses --
-- A table of this connection's own for analyses on their way in
CREATE TEMP TABLE IF NOT EXISTS staged_analyses (
    track_id bigint, lyrics_digest text, analyzer text, version text, config_hash text, status text, measures jsonb,
    confidence real, fallback text, reason text
) ON COMMIT DELETE ROWS;

-- copy_analyses --
-- Stream analyses into it
COPY staged_analyses FROM STDIN (FORMAT BINARY);

-- save_staged_analyses --
-- File them; what is there already stays, and what was said of a track that is gone is dropped
INSERT INTO analyses (track_id, lyrics_digest, analyzer, version, config_hash, status, measures, confidence, fallback, reason)
SELECT s.* FROM staged_analyses s WHERE EXISTS (SELECT 1 FROM tracks t WHERE t.id = s.track_id)
ORDER BY s.track_id
ON CONFLICT DO NOTHING;

-- last_analysis --
-- Number of the newest analysis
SELECT coalesce(max(id), 0) AS id FROM analyses;

-- count_made_since --
-- What was said of tracks since then, by analyzer and status
SELECT analyzer, status, count(*) FROM analyses WHERE id > %(after)s AND analyzer = ANY(%(analyzers)s)
GROUP BY analyzer, status ORDER BY analyzer, status;

-- count_stand_ins_since --
-- How many of these a fallback said in its place, with the commonest reason
SELECT analyzer, status, fallback, count(*), mode() WITHIN GROUP (ORDER BY reason) AS reason
FROM analyses WHERE id > %(after)s AND analyzer = ANY(%(analyzers)s) AND fallback IS NOT NULL
GROUP BY analyzer, status, fallback ORDER BY analyzer, count(*) DESC;

-- compare_versions --
-- Tracks that two versions of an analyzer have judged by the same words, with both verdicts
SELECT t.id, t.title, t.artist, a.status AS old_status, b.status AS new_status, a.measures AS old, b.measures AS new
FROM (SELECT DISTINCT ON (track_id) * FROM analyses WHERE analyzer = %(analyzer)s AND version = %(old)s
      ORDER BY track_id, id DESC) a
JOIN (SELECT DISTINCT ON (track_id) * FROM analyses WHERE analyzer = %(analyzer)s AND version = %(new)s
      ORDER BY track_id, id DESC) b USING (track_id, lyrics_digest)
JOIN tracks t ON t.id = a.track_id WHERE t.id > %(after)s ORDER BY t.id LIMIT %(limit)s;

-- load_versions_of --
-- Versions of an analyzer that have judged anything, with the number of tracks
SELECT version, count(DISTINCT track_id) AS tracks FROM analyses WHERE analyzer = %(analyzer)s
GROUP BY version ORDER BY version;

-- load_analyses --
-- What each analyzer says of a track's present words
SELECT analyzer, version, config_hash, status, measures, confidence, fallback, reason
FROM analysis_results WHERE track_id = %(track_id)s ORDER BY analyzer;
