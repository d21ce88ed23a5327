-- What went wrong with queued batches: the queue itself keeps only that something did.

CREATE TABLE job_failures (
    job_id     bigint PRIMARY KEY,
    reason     text NOT NULL,
    failed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE job_failures IS 'The last error of a job of procrastinate_jobs, one sentence.';

CREATE TABLE queue_migrations (
    name        text PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queue_migrations IS 'SQL files of procrastinate that this database has, and its version.';

CREATE INDEX analyses_made_by ON analyses (analyzer, version, config_hash, id);
