-- Which tracks are versions of one song: the same words under several numbers, remixes, live versions, translations.

CREATE TABLE fingerprints (
    track_id       bigint PRIMARY KEY REFERENCES tracks ON DELETE CASCADE,
    lyrics_digest  text NOT NULL,
    version        text NOT NULL,
    wording        bigint,
    words          integer NOT NULL,
    bands          bigint[] NOT NULL,
    is_compared    boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE fingerprints IS 'The words of each track as numbers, by which tracks with nearly the same words are found.';
COMMENT ON COLUMN fingerprints.lyrics_digest IS 'The words that it was made from.';
COMMENT ON COLUMN fingerprints.wording IS 'The same for the same words in the same order, whatever their spelling, headers and ad-libs; NULL without words.';
COMMENT ON COLUMN fingerprints.bands IS 'Keys (MinHash, banded), one of which at least is shared by texts that are alike; none for a short text.';
COMMENT ON COLUMN fingerprints.is_compared IS 'Whether it was compared with all others of its time; each later one is compared with it.';
CREATE INDEX fingerprints_wording ON fingerprints (wording);
CREATE INDEX fingerprints_due ON fingerprints (track_id) WHERE NOT is_compared;
-- Without a list of pending entries, which every comparison would have to read through.
CREATE INDEX fingerprints_bands ON fingerprints USING gin (bands) WITH (fastupdate = off);

CREATE TABLE alike_wordings (
    wording     bigint NOT NULL,
    other       bigint NOT NULL CHECK (wording < other),
    similarity  real NOT NULL CHECK (similarity BETWEEN 0 AND 1),
    PRIMARY KEY (wording, other)
);
COMMENT ON TABLE alike_wordings IS 'Pairs of wordings that are one song: the Jaccard index of their runs of five words.';
CREATE INDEX alike_wordings_other ON alike_wordings (other);

-- What is known of words that no track has any more goes with them.
CREATE FUNCTION forget_wording() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM fingerprints WHERE wording = OLD.wording) THEN
        DELETE FROM alike_wordings WHERE wording = OLD.wording;
        DELETE FROM alike_wordings WHERE other = OLD.wording;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_wording AFTER DELETE ON fingerprints
    FOR EACH ROW WHEN (OLD.wording IS NOT NULL) EXECUTE FUNCTION forget_wording();
CREATE TRIGGER forget_former_wording AFTER UPDATE OF wording ON fingerprints
    FOR EACH ROW WHEN (OLD.wording IS NOT NULL AND OLD.wording IS DISTINCT FROM NEW.wording)
    EXECUTE FUNCTION forget_wording();

-- Beside the tracks and not in them: a row of tracks has every search index to bring up to date when it changes.
CREATE TABLE versions (
    track_id    bigint PRIMARY KEY REFERENCES tracks ON DELETE CASCADE,
    version_of  bigint NOT NULL REFERENCES tracks DEFERRABLE INITIALLY DEFERRED,
    kind        text NOT NULL CHECK (kind IN ('same_words', 'rerelease', 'remix', 'live', 'translation', 'cover')),
    similarity  real CHECK (similarity BETWEEN 0 AND 1),
    CHECK (track_id <> version_of)
);
COMMENT ON TABLE versions IS 'Tracks that are versions of another, the original; statistics leave them out. An original has no row.';
COMMENT ON COLUMN versions.kind IS 'What the track is to the original.';
COMMENT ON COLUMN versions.similarity IS 'Of their words; NULL where they were not compared, or are not alike.';
CREATE INDEX versions_of ON versions (version_of);

-- An original that is deleted hands its role on at once; the next `rap analyze` looks at the song as a whole.
CREATE FUNCTION hand_over_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    heir bigint;
BEGIN
    SELECT t.id INTO heir FROM versions v JOIN tracks t ON t.id = v.track_id WHERE v.version_of = OLD.id
    ORDER BY t.year NULLS LAST, t.released_on NULLS LAST, t.page_views DESC NULLS LAST, t.id LIMIT 1;
    IF FOUND THEN
        DELETE FROM versions WHERE track_id = heir;
        UPDATE versions SET version_of = heir, similarity = NULL WHERE version_of = OLD.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hand_over_versions AFTER DELETE ON tracks FOR EACH ROW EXECUTE FUNCTION hand_over_versions();

-- As before, and which track each is a version of.
CREATE OR REPLACE VIEW current_measures AS
SELECT t.id AS track_id, t.source = 'demo' AS demo, t.year / 10 * 10 AS decade, a.version, a.config_hash, a.measures,
       v.version_of
FROM (SELECT version, config_hash FROM analyses WHERE id = (
          SELECT max(id) FROM analyses WHERE analyzer = 'algorithmic_basic')) newest
JOIN analyses a USING (version, config_hash)
JOIN tracks t ON t.id = a.track_id AND t.lyrics_digest = a.lyrics_digest
LEFT JOIN versions v ON v.track_id = t.id
WHERE a.analyzer = 'algorithmic_basic' AND a.status = 'done';
