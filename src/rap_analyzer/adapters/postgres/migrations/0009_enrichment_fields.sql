-- Every field that a metadata service gave knows its service and its date, and so does the audio embedding.

ALTER TABLE enrichments ADD COLUMN kept jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN enrichments.kept IS 'Fields that the newest answer lacks, which an earlier one gave: name to the time of that answer.';
COMMENT ON COLUMN enrichments.distance IS '0 is certain, 1 is nothing alike; what is no match is stored with method none.';
COMMENT ON COLUMN enrichments.recording_id IS 'The recording; of a service that is asked by another''s ids, the id asked for.';

CREATE TABLE enrichment_sources (
    source       text PRIMARY KEY,
    asked_at     timestamptz NOT NULL,
    answered_at  timestamptz,
    failure      text NOT NULL DEFAULT ''
);
COMMENT ON TABLE enrichment_sources IS 'How the last run fared with each metadata service.';
COMMENT ON COLUMN enrichment_sources.failure IS 'Why it could not be asked; empty when it could.';

CREATE VIEW enrichment_fields AS
SELECT e.track_id, e.source, f.key AS field, f.value,
       coalesce((e.kept ->> f.key)::timestamptz, e.fetched_at) AS fetched_at
FROM enrichments e CROSS JOIN LATERAL jsonb_each(e.data || e.audio_features) AS f
WHERE e.method <> 'none';
COMMENT ON VIEW enrichment_fields IS 'Each field of each track by each metadata service that gives it, with the date of the value.';

ALTER TABLE tracks ADD COLUMN audio_source text;
COMMENT ON COLUMN tracks.audio_source IS 'The metadata service whose features are the audio_embedding.';
UPDATE tracks t SET audio_source = 'spotify' WHERE audio_embedding IS NOT NULL;
