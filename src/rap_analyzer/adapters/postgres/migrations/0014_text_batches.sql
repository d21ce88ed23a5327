-- What POST /batch was asked for: texts of others, or tracks of the store that meet a condition. Gone after a week.

CREATE TABLE batch_requests (
    id               uuid PRIMARY KEY,
    analyzers        jsonb NOT NULL,
    of_texts         boolean NOT NULL,
    entries          integer NOT NULL,
    faulty           integer NOT NULL,
    conditions       jsonb NOT NULL,
    last_track       bigint NOT NULL,
    job_ids          bigint[] NOT NULL DEFAULT '{}',
    idempotency_key  text UNIQUE,
    body_digest      text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    cancelled_at     timestamptz
);
COMMENT ON TABLE batch_requests IS 'A request to analyse many texts or tracks; kept for seven days.';
COMMENT ON COLUMN batch_requests.analyzers IS '[{analyzer, version, config_hash}], in the order of the answer.';
COMMENT ON COLUMN batch_requests.entries IS 'Texts, or tracks that met the conditions when it was asked.';
COMMENT ON COLUMN batch_requests.faulty IS 'Texts that cannot be analysed.';
COMMENT ON COLUMN batch_requests.last_track IS 'Later tracks are no part of it; 0 for texts.';
COMMENT ON COLUMN batch_requests.job_ids IS 'Jobs of procrastinate_jobs that it waits for; those of tracks may serve others too.';
CREATE INDEX batch_requests_age ON batch_requests (created_at);

CREATE TABLE batch_texts (
    batch_id  uuid NOT NULL REFERENCES batch_requests ON DELETE CASCADE,
    position  integer NOT NULL,
    name      text NOT NULL,
    lyrics    text NOT NULL,
    language  text,
    fault     text NOT NULL,
    PRIMARY KEY (batch_id, position)
);
COMMENT ON COLUMN batch_texts.name IS 'The sender''s id as JSON.';
COMMENT ON COLUMN batch_texts.fault IS 'Why it cannot be analysed; empty for others.';

CREATE TABLE batch_analyses (
    batch_id     uuid NOT NULL,
    position     integer NOT NULL,
    analyzer     text NOT NULL,
    version      text NOT NULL,
    config_hash  text NOT NULL,
    status       text NOT NULL,
    measures     jsonb NOT NULL,
    confidence   real,
    fallback     text,
    reason       text NOT NULL,
    PRIMARY KEY (batch_id, position, analyzer),
    FOREIGN KEY (batch_id, position) REFERENCES batch_texts ON DELETE CASCADE
);
