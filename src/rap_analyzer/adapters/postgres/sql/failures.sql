-- save_step_failure --
-- Set a track apart, unless its words have changed since they were read
INSERT INTO step_failures (track_id, step, version, lyrics_digest, reason)
SELECT id, %(step)s, %(version)s, lyrics_digest, %(reason)s FROM tracks
WHERE id = %(track_id)s AND lyrics_digest = %(lyrics_digest)s
ON CONFLICT (track_id, step) DO UPDATE SET version = EXCLUDED.version, lyrics_digest = EXCLUDED.lyrics_digest,
    reason = EXCLUDED.reason, failed_at = now();

-- load_failed_tracks --
-- Tracks that these versions of steps, or these analyses, failed on with their present words
SELECT t.id AS track_id, t.title, t.artist, f.step, f.reason FROM (
    SELECT s.track_id, s.lyrics_digest, s.step, s.reason FROM step_failures s
    JOIN unnest(%(steps)s::text[], %(step_versions)s::text[]) AS w(step, version) USING (step, version)
    UNION ALL
    SELECT a.track_id, a.lyrics_digest, a.analyzer, a.reason FROM analyses a
    JOIN unnest(%(analyzers)s::text[], %(versions)s::text[], %(hashes)s::text[]) AS k(analyzer, version, config_hash)
        USING (analyzer, version, config_hash)
    WHERE a.status = 'failed'
) f JOIN tracks t ON t.id = f.track_id AND t.lyrics_digest = f.lyrics_digest
ORDER BY t.id, f.step LIMIT %(limit)s;
