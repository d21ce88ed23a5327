-- count_exported --
-- Tracks that an export has
SELECT count(*) FROM tracks t WHERE (%(artist)s::text IS NULL OR t.id IN (
        SELECT c.track_id FROM credits c JOIN artists a ON a.id = c.artist_id
        WHERE lower(a.name) = lower(%(artist)s) AND c.role IN ('primary', 'featured')))
    AND (%(album)s::text IS NULL OR lower(t.album) = lower(%(album)s))
    AND (%(year_from)s::int IS NULL OR t.year >= %(year_from)s) AND (%(year_to)s::int IS NULL OR t.year <= %(year_to)s)
    AND (%(language)s::text IS NULL OR t.language = %(language)s);

-- load_exported --
-- A batch of them, by id, with who made them, and what services and analyzers say; words only when asked for
SELECT t.id, t.title, t.artist, t.album, t.released_on, t.year, t.language, t.page_views, t.source, t.source_id, t.url,
    t.recording_uri, t.lyrics_digest, t.extra, t.audio_source, t.stored_at, t.changed_at, v.version_of, v.kind AS version_kind,
    (SELECT coalesce(jsonb_object_agg(role, names), '{}') FROM (
        SELECT c.role, jsonb_agg(a.name ORDER BY c.position) AS names
        FROM credits c JOIN artists a ON a.id = c.artist_id WHERE c.track_id = t.id GROUP BY c.role) r) AS credits,
    (SELECT coalesce(jsonb_object_agg(r.analyzer, jsonb_build_object(
        'version', r.version, 'status', r.status, 'confidence', r.confidence, 'fallback', r.fallback,
        'analyzed_at', r.analyzed_at, 'measures', r.measures)), '{}')
     FROM analysis_results r WHERE r.track_id = t.id) AS analyses,
    (SELECT coalesce(jsonb_object_agg(e.source, jsonb_build_object(
        'method', e.method, 'distance', e.distance, 'recording_id', e.recording_id, 'fetched_at', e.fetched_at,
        'data', e.data, 'audio_features', e.audio_features, 'withheld', e.withheld)), '{}')
     FROM enrichments e WHERE e.track_id = t.id) AS enrichment,
    (SELECT jsonb_object_agg(p.kind, p.ranks) FROM (
        SELECT CASE q.decade WHEN 0 THEN 'corpus' ELSE 'decade' END AS kind,
            jsonb_object_agg(q.measure, least(greatest((
                SELECT count(*) FROM unnest(q.quantiles) AS point WHERE point < (c.measures->>q.measure)::float8
            ) - 1, 0), 99)) AS ranks
        FROM current_measures c JOIN quantile_refreshes USING (version, config_hash)
        JOIN measure_quantiles q ON q.demo = c.demo AND q.decade IN (0, c.decade) AND q.tracks >= %(least)s
            AND jsonb_typeof(c.measures->q.measure) = 'number'
        WHERE c.track_id = t.id GROUP BY 1) p) AS percentiles,
    CASE WHEN %(with_lyrics)s THEN t.lyrics END AS lyrics
FROM tracks t LEFT JOIN versions v ON v.track_id = t.id WHERE t.id > %(after)s AND (%(artist)s::text IS NULL OR t.id IN (
        SELECT c.track_id FROM credits c JOIN artists a ON a.id = c.artist_id
        WHERE lower(a.name) = lower(%(artist)s) AND c.role IN ('primary', 'featured')))
    AND (%(album)s::text IS NULL OR lower(t.album) = lower(%(album)s))
    AND (%(year_from)s::int IS NULL OR t.year >= %(year_from)s) AND (%(year_to)s::int IS NULL OR t.year <= %(year_to)s)
    AND (%(language)s::text IS NULL OR t.language = %(language)s)
ORDER BY t.id LIMIT %(limit)s;
