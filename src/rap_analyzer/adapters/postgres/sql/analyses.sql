-- count_unanalyzed --
-- Tracks that lack this analysis of their present words
SELECT count(*) FROM tracks t WHERE NOT EXISTS (
    SELECT 1 FROM analyses a WHERE a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
    AND a.analyzer = %(analyzer)s AND a.version = %(version)s AND a.config_hash = %(config_hash)s);

-- load_unanalyzed --
-- A batch of them, by id
SELECT t.id, t.lyrics_digest, t.lyrics, t.language FROM tracks t WHERE t.id > %(after)s AND NOT EXISTS (
    SELECT 1 FROM analyses a WHERE a.track_id = t.id AND a.lyrics_digest = t.lyrics_digest
    AND a.analyzer = %(analyzer)s AND a.version = %(version)s AND a.config_hash = %(config_hash)s)
ORDER BY t.id LIMIT %(limit)s;

-- save_analysis --
-- File one analysis; one that is there already stays
INSERT INTO analyses (track_id, lyrics_digest, analyzer, version, config_hash, status, measures, confidence, fallback, reason)
SELECT %(track_id)s, %(lyrics_digest)s, %(analyzer)s, %(version)s, %(config_hash)s, %(status)s, %(measures)s,
       %(confidence)s, %(fallback)s, %(reason)s
WHERE EXISTS (SELECT 1 FROM tracks WHERE id = %(track_id)s)
ON CONFLICT DO NOTHING;

-- load_analyses --
-- What each analyzer says of a track's present words
SELECT analyzer, version, config_hash, status, measures, confidence, fallback, reason
FROM analysis_results WHERE track_id = %(track_id)s ORDER BY analyzer;
