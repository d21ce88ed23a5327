-- What analyzers, metadata services and the embedding model say of the tracks.

CREATE TABLE enrichments (
    track_id        bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    source          text NOT NULL,
    method          text NOT NULL CHECK (method IN ('uri', 'isrc', 'search', 'none')),
    distance        real NOT NULL CHECK (distance BETWEEN 0 AND 1),
    recording_id    text,
    data            jsonb NOT NULL DEFAULT '{}',
    audio_features  jsonb NOT NULL DEFAULT '{}',
    withheld        text[] NOT NULL DEFAULT '{}',
    fetched_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (track_id, source)
);
COMMENT ON COLUMN enrichments.distance IS '0 is certain; a match above 0.25 is not accepted and stored as method none.';
COMMENT ON COLUMN enrichments.withheld IS 'Fields that the service exists to give but did not give us.';

CREATE TABLE analyses (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    track_id            bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    lyrics_digest       text NOT NULL,
    analyzer            text NOT NULL,
    version             text NOT NULL,
    config_hash         text NOT NULL,
    status              text NOT NULL CHECK (status IN ('done', 'unsupported_language', 'no_words', 'failed')),
    measures            jsonb NOT NULL DEFAULT '{}',
    confidence          real CHECK (confidence BETWEEN 0 AND 1),
    fallback            text,
    reason              text NOT NULL DEFAULT '',
    analysis_embedding  halfvec(384),
    analyzed_at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (track_id, lyrics_digest, analyzer, version, config_hash)
);
CREATE INDEX analyses_digest ON analyses (lyrics_digest, analyzer, version, config_hash);
COMMENT ON COLUMN analyses.analysis_embedding IS 'Embedding of the summary of analyzers that write one; else null.';

-- The newest analysis by each analyzer of the words that a track has now.
CREATE VIEW analysis_results AS
SELECT DISTINCT ON (a.track_id, a.analyzer)
       a.id, a.track_id, t.title, t.artist, t.source, a.analyzer, a.version, a.config_hash, a.status, a.measures,
       a.confidence, a.fallback, a.reason, a.analysis_embedding, a.analyzed_at
FROM analyses a
JOIN tracks t ON t.id = a.track_id AND t.lyrics_digest = a.lyrics_digest
ORDER BY a.track_id, a.analyzer, a.id DESC;

CREATE TABLE passages (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    track_id       bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    lyrics_digest  text NOT NULL,
    ordinal        smallint NOT NULL,
    kind           text NOT NULL,
    label          text NOT NULL,
    first_bar      integer NOT NULL,
    last_bar       integer NOT NULL,
    text           text NOT NULL,
    embedding      halfvec(384) NOT NULL,
    model          text NOT NULL,
    UNIQUE (track_id, ordinal)
);
COMMENT ON TABLE passages IS 'Sections, or windows of at most 256 word pieces of longer ones, each with its embedding.';
CREATE INDEX passages_embedding ON passages USING hnsw (embedding halfvec_cosine_ops);

-- Reserved for sound search; chains themselves are computed on view and not stored.
CREATE TABLE rhyme_tails (
    track_id  bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    bar       integer NOT NULL,
    span      smallint NOT NULL,
    key       text NOT NULL
);
CREATE INDEX rhyme_tails_key ON rhyme_tails (key, span);
