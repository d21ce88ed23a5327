-- Tracks that a step could not work on: set apart with the reason, so that the others go on.

CREATE TABLE step_failures (
    track_id       bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    step           text NOT NULL CHECK (step IN ('rhyme endings', 'embedding', 'fingerprint')),
    version        text NOT NULL,
    lyrics_digest  text NOT NULL,
    reason         text NOT NULL,
    failed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (track_id, step)
);
COMMENT ON TABLE step_failures IS 'Tracks that a step failed on; other words or another version of the step are tried again. Analyzers keep theirs in analyses, with the status failed.';
