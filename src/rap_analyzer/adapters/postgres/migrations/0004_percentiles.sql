-- Where a figure stands among others: quantiles of every measure, for the corpus and for each decade.

CREATE TABLE measure_quantiles (
    demo       boolean NOT NULL,
    decade     smallint NOT NULL,
    measure    text NOT NULL,
    tracks     bigint NOT NULL,
    quantiles  float8[] NOT NULL,
    PRIMARY KEY (demo, decade, measure)
);
COMMENT ON TABLE measure_quantiles IS 'Made anew by each refresh. Demo tracks and real ones are never in one group.';
COMMENT ON COLUMN measure_quantiles.decade IS 'First year of the decade; 0 for the whole corpus.';
COMMENT ON COLUMN measure_quantiles.quantiles IS '101 points, 0 to 100: the smallest figure that so many percent of the tracks do not pass.';

-- One row: what the quantiles were made from, by which it is told whether they are stale.
CREATE TABLE quantile_refreshes (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version          text NOT NULL DEFAULT '',
    config_hash      text NOT NULL DEFAULT '',
    newest_analysis  bigint NOT NULL DEFAULT 0,
    changes          bigint NOT NULL DEFAULT 1,
    tracks           bigint NOT NULL DEFAULT 0,
    refreshed_at     timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO quantile_refreshes DEFAULT VALUES;

-- Counts what changes groups without a new analysis. A sequence, because a row would make writers wait for each other.
CREATE SEQUENCE group_changes;
SELECT nextval('group_changes');
CREATE FUNCTION count_group_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('group_changes');
    RETURN NULL;
END $$;
CREATE TRIGGER count_deleted_tracks AFTER DELETE ON tracks
    FOR EACH STATEMENT EXECUTE FUNCTION count_group_change();
CREATE TRIGGER count_moved_tracks AFTER UPDATE OF year ON tracks
    FOR EACH ROW WHEN (OLD.year IS DISTINCT FROM NEW.year) EXECUTE FUNCTION count_group_change();

CREATE INDEX analyses_newest ON analyses (analyzer, id);

-- The measures of the tracks' present words by the newest version of the analyzer that needs no model.
CREATE VIEW current_measures AS
SELECT t.id AS track_id, t.source = 'demo' AS demo, t.year / 10 * 10 AS decade, a.version, a.config_hash, a.measures
FROM (SELECT version, config_hash FROM analyses WHERE id = (
          SELECT max(id) FROM analyses WHERE analyzer = 'algorithmic_basic')) newest
JOIN analyses a USING (version, config_hash)
JOIN tracks t ON t.id = a.track_id AND t.lyrics_digest = a.lyrics_digest
WHERE a.analyzer = 'algorithmic_basic' AND a.status = 'done';
