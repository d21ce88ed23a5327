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

-- count_unenriched --
-- Tracks that a metadata service has not been asked about
SELECT count(*) FROM tracks t
WHERE NOT EXISTS (SELECT 1 FROM enrichments e WHERE e.track_id = t.id AND e.source = %(source)s);

-- load_unenriched --
-- A batch of them, by id
SELECT t.id, t.title, t.artist, t.recording_uri FROM tracks t
WHERE t.id > %(after)s
  AND NOT EXISTS (SELECT 1 FROM enrichments e WHERE e.track_id = t.id AND e.source = %(source)s)
ORDER BY t.id LIMIT %(limit)s;

-- save_enrichment --
-- File a metadata service's answer, in place of its former one
INSERT INTO enrichments (track_id, source, method, distance, recording_id, data, audio_features, withheld)
SELECT %(track_id)s, %(source)s, %(method)s, %(distance)s, %(recording_id)s, %(data)s, %(audio_features)s, %(withheld)s
WHERE EXISTS (SELECT 1 FROM tracks WHERE id = %(track_id)s)
ON CONFLICT (track_id, source) DO UPDATE SET
    method = EXCLUDED.method, distance = EXCLUDED.distance, recording_id = EXCLUDED.recording_id,
    data = EXCLUDED.data, audio_features = EXCLUDED.audio_features, withheld = EXCLUDED.withheld, fetched_at = now();

-- save_audio_embedding --
-- Keep the scaled audio features with the track
UPDATE tracks SET audio_embedding = %(audio_embedding)s WHERE id = %(track_id)s;

-- load_enrichments --
-- What metadata services say of a track
SELECT source, method, distance, recording_id, data, audio_features, withheld, fetched_at
FROM enrichments WHERE track_id = %(track_id)s ORDER BY source;
