-- What was taken out at somebody's wish: it is not collected again.

CREATE TABLE forgotten_artists (
    source        text NOT NULL,
    source_id     text NOT NULL,
    name          text NOT NULL,
    forgotten_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
COMMENT ON TABLE forgotten_artists IS 'No song of which one of these is a primary artist is stored.';

CREATE TABLE forgotten_tracks (
    source        text NOT NULL,
    source_id     text NOT NULL,
    artist        text NOT NULL,
    forgotten_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
COMMENT ON COLUMN forgotten_tracks.artist IS 'The primary artists'' names, by which it can be taken back.';

ALTER TABLE visits DROP CONSTRAINT visits_outcome_check;
ALTER TABLE visits ADD CONSTRAINT visits_outcome_check CHECK (outcome IN
    ('stored', 'instrumental', 'unreleased', 'not_a_song', 'missing', 'blocked', 'failed', 'forgotten'));
