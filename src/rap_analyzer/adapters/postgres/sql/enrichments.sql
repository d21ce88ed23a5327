-- load_unenriched --
-- Tracks that a service which knows recordings is to be asked about, by id
SELECT t.id, t.title, t.artist, t.recording_uri, t.album, sure.isrc, sure.duration_ms,
       CASE WHEN e.method <> 'none' THEN e.recording_id END AS recording_id,
       coalesce(e.method, 'none') AS method, coalesce(e.distance, 1) AS distance,
       NOT EXISTS (SELECT 1 FROM enrichments b WHERE b.track_id = t.id AND b.source = ANY(%(before)s::text[])
                   AND b.method <> 'none' AND b.audio_features ?& %(nine)s::text[]) AS wants_features
FROM tracks t
LEFT JOIN enrichments e ON e.track_id = t.id AND e.source = %(source)s
LEFT JOIN LATERAL (
    SELECT s.data ->> 'isrc' AS isrc, (s.data ->> 'duration_ms')::int AS duration_ms
    FROM enrichments s WHERE s.track_id = t.id AND s.method IN ('uri', 'isrc') AND s.data ? 'isrc'
    ORDER BY s.fetched_at DESC LIMIT 1) sure ON true
WHERE t.id > %(after)s AND (
    e.track_id IS NULL
    OR (e.method = 'none' AND e.fetched_at < now() - %(asked_again_after)s::interval)
    OR (%(refresh)s AND e.fetched_at < now() - %(good_for)s::interval))
ORDER BY t.id LIMIT %(limit)s;

-- count_unenriched --
-- How many they are
SELECT count(*) FROM tracks t
LEFT JOIN enrichments e ON e.track_id = t.id AND e.source = %(source)s
WHERE e.track_id IS NULL
   OR (e.method = 'none' AND e.fetched_at < now() - %(asked_again_after)s::interval)
   OR (%(refresh)s AND e.fetched_at < now() - %(good_for)s::interval);

-- load_featureless --
-- Tracks tied to a recording whose audio features a service is to be asked for, since none before it in the order has them
SELECT t.id, t.title, t.artist, tie.recording_id, tie.method, tie.distance
FROM tracks t
CROSS JOIN LATERAL (
    SELECT recording_id, method, distance FROM (
        SELECT r.recording_id, r.method, r.distance, 1 AS place FROM enrichments r
        WHERE r.track_id = t.id AND r.source = %(ids_of)s AND r.method <> 'none'
        UNION ALL
        SELECT split_part(t.recording_uri, ':', 3), 'uri', 0, 2
        WHERE starts_with(t.recording_uri, %(ids_of)s || ':track:')) known
    ORDER BY place LIMIT 1) tie
LEFT JOIN enrichments e ON e.track_id = t.id AND e.source = %(source)s
WHERE t.id > %(after)s
  AND (e.track_id IS NULL OR e.recording_id IS DISTINCT FROM tie.recording_id
       OR (e.method = 'none' AND e.fetched_at < now() - %(asked_again_after)s::interval)
       OR (%(refresh)s AND e.fetched_at < now() - %(good_for)s::interval))
  AND NOT EXISTS (SELECT 1 FROM enrichments b WHERE b.track_id = t.id AND b.source = ANY(%(before)s::text[])
                  AND b.method <> 'none' AND b.audio_features ?& %(nine)s::text[])
ORDER BY t.id LIMIT %(limit)s;

-- count_featureless --
-- How many they are
SELECT count(*) FROM tracks t
CROSS JOIN LATERAL (
    SELECT recording_id FROM (
        SELECT r.recording_id, 1 AS place FROM enrichments r
        WHERE r.track_id = t.id AND r.source = %(ids_of)s AND r.method <> 'none'
        UNION ALL
        SELECT split_part(t.recording_uri, ':', 3), 2
        WHERE starts_with(t.recording_uri, %(ids_of)s || ':track:')) known
    ORDER BY place LIMIT 1) tie
LEFT JOIN enrichments e ON e.track_id = t.id AND e.source = %(source)s
WHERE (e.track_id IS NULL OR e.recording_id IS DISTINCT FROM tie.recording_id
       OR (e.method = 'none' AND e.fetched_at < now() - %(asked_again_after)s::interval)
       OR (%(refresh)s AND e.fetched_at < now() - %(good_for)s::interval))
  AND NOT EXISTS (SELECT 1 FROM enrichments b WHERE b.track_id = t.id AND b.source = ANY(%(before)s::text[])
                  AND b.method <> 'none' AND b.audio_features ?& %(nine)s::text[]);

-- save_enrichment --
-- File a service's answer. About the same recording, fields that only the former answer gave stay, with their date.
INSERT INTO enrichments AS e (track_id, source, method, distance, recording_id, data, audio_features, withheld)
SELECT %(track_id)s, %(source)s, %(method)s, %(distance)s, %(recording_id)s, %(data)s, %(audio_features)s, %(withheld)s
WHERE EXISTS (SELECT 1 FROM tracks WHERE id = %(track_id)s)
ON CONFLICT (track_id, source) DO UPDATE SET
    method = EXCLUDED.method, distance = EXCLUDED.distance, recording_id = EXCLUDED.recording_id,
    withheld = EXCLUDED.withheld, fetched_at = now(),
    data = CASE WHEN e.recording_id = EXCLUDED.recording_id THEN e.data || EXCLUDED.data ELSE EXCLUDED.data END,
    audio_features = CASE WHEN e.recording_id = EXCLUDED.recording_id
        THEN e.audio_features || EXCLUDED.audio_features ELSE EXCLUDED.audio_features END,
    kept = CASE WHEN e.recording_id = EXCLUDED.recording_id THEN coalesce((
        SELECT jsonb_object_agg(name, coalesce(e.kept -> name, to_jsonb(e.fetched_at)))
        FROM jsonb_object_keys(e.data || e.audio_features) AS name
        WHERE NOT (EXCLUDED.data || EXCLUDED.audio_features) ? name), '{}') ELSE '{}' END;

-- load_audio_choices --
-- Each track's nine features from the first service in the order that has them, where the embedding is to be made anew
SELECT t.id, c.source, c.audio_features
FROM tracks t
LEFT JOIN LATERAL (
    SELECT e.source, e.audio_features FROM enrichments e
    WHERE e.track_id = t.id AND e.method <> 'none' AND e.audio_features ?& %(nine)s::text[]
    ORDER BY array_position(%(sources)s::text[], e.source) NULLS LAST, e.source LIMIT 1) c ON true
WHERE CASE WHEN %(ids)s::bigint[] IS NULL THEN c.source IS DISTINCT FROM t.audio_source
      ELSE t.id = ANY(%(ids)s::bigint[]) END;

-- save_audio_embedding --
-- Keep the scaled audio features with the track, and whose they are
UPDATE tracks SET audio_embedding = %(audio_embedding)s, audio_source = %(source)s WHERE id = %(track_id)s;

-- save_asking --
-- How a run fared with a service
INSERT INTO enrichment_sources AS s (source, asked_at, answered_at, failure)
VALUES (%(source)s, now(), CASE WHEN %(failure)s = '' THEN now() END, %(failure)s)
ON CONFLICT (source) DO UPDATE SET
    asked_at = now(), answered_at = coalesce(EXCLUDED.answered_at, s.answered_at), failure = EXCLUDED.failure;

-- load_enrichments --
-- What metadata services say of a track, and how far it can be relied on
SELECT e.source, e.method, e.distance, e.recording_id, e.data, e.audio_features, e.withheld, e.fetched_at, e.kept,
       CASE WHEN e.fetched_at < now() - %(good_for)s::interval THEN 'out_of_date'
            WHEN s.failure <> '' AND s.asked_at > now() - %(of_late)s::interval THEN 'stale' ELSE 'fresh' END AS freshness,
       coalesce(s.failure, '') AS failure,
       e.source = t.audio_source AS is_embedded
FROM enrichments e JOIN tracks t ON t.id = e.track_id LEFT JOIN enrichment_sources s ON s.source = e.source
WHERE e.track_id = %(track_id)s
ORDER BY array_position(%(sources)s::text[], e.source) NULLS LAST, e.source;

-- count_kept --
-- Matched tracks of a service by whether what it said is within the week
SELECT count(*) FILTER (WHERE fetched_at >= now() - %(good_for)s::interval) AS stale,
       count(*) FILTER (WHERE fetched_at < now() - %(good_for)s::interval) AS out_of_date
FROM enrichments WHERE source = %(source)s AND method <> 'none';

-- load_coverage --
-- One row for each figure of the coverage report: what it is about, a name, a source, tracks, oldest and newest date
WITH given AS (SELECT track_id, source, field, fetched_at FROM enrichment_fields)
SELECT 'tracks' AS about, '' AS name, '' AS source, count(*) AS tracks, NULL::timestamptz AS oldest,
       NULL::timestamptz AS newest FROM tracks
UNION ALL
SELECT 'embedded', '', '', count(*), NULL, NULL FROM tracks WHERE audio_embedding IS NOT NULL
UNION ALL
SELECT 'field', field, '', count(DISTINCT track_id), min(fetched_at), max(fetched_at) FROM given GROUP BY field
UNION ALL
SELECT 'field_source', field, source, count(*), min(fetched_at), max(fetched_at) FROM given GROUP BY field, source
UNION ALL
SELECT 'method', method, source, count(*), NULL, NULL FROM enrichments GROUP BY method, source
UNION ALL
SELECT 'withheld', w, source, count(*), NULL, NULL FROM enrichments, unnest(withheld) AS w GROUP BY w, source
UNION ALL
SELECT 'freshness', CASE WHEN e.fetched_at < now() - %(good_for)s::interval THEN 'out_of_date'
                         WHEN s.failure <> '' AND s.asked_at > now() - %(of_late)s::interval THEN 'stale' ELSE 'fresh' END,
       e.source, count(*), NULL, NULL
FROM enrichments e LEFT JOIN enrichment_sources s USING (source) WHERE e.method <> 'none' GROUP BY 2, 3
UNION ALL
SELECT 'failure', failure, source, 0, asked_at, answered_at FROM enrichment_sources
ORDER BY about, tracks DESC, name, source;
