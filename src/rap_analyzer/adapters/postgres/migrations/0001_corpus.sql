-- The corpus: artists, tracks, their credits, where each came from, and what became of every song visited.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE artists (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL,
    source_id   text NOT NULL,
    name        text NOT NULL,
    UNIQUE (source, source_id)
);
COMMENT ON TABLE artists IS 'An artist as one source knows them; source_id is the lower-case name where the source has no ids.';
CREATE INDEX artists_name ON artists (lower(name));

-- The text-search configuration that fits a language; unknown languages are searched word by word, unstemmed.
CREATE FUNCTION search_config(language text) RETURNS regconfig
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE language
        WHEN 'en' THEN 'pg_catalog.english'::regconfig
        WHEN 'es' THEN 'pg_catalog.spanish'::regconfig
        WHEN 'fr' THEN 'pg_catalog.french'::regconfig
        WHEN 'de' THEN 'pg_catalog.german'::regconfig
        WHEN 'it' THEN 'pg_catalog.italian'::regconfig
        WHEN 'pt' THEN 'pg_catalog.portuguese'::regconfig
        WHEN 'ru' THEN 'pg_catalog.russian'::regconfig
        ELSE 'pg_catalog.simple'::regconfig END $$;

CREATE TABLE tracks (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source            text NOT NULL,
    source_id         text NOT NULL,
    title             text NOT NULL,
    artist            text NOT NULL,
    album             text,
    released_on       date,
    year              smallint,
    language          text,
    page_views        bigint,
    url               text NOT NULL DEFAULT '',
    recording_uri     text,
    lyrics            text NOT NULL,
    lyrics_digest     text NOT NULL,
    lyrics_words      tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('pg_catalog.simple', title || ' ' || artist), 'A')
        || to_tsvector(search_config(language), left(lyrics, 200000))) STORED,
    lyrics_embedding  halfvec(384),
    embedding_model   text,
    embedding_digest  text,
    audio_embedding   halfvec(9),
    stored_at         timestamptz NOT NULL DEFAULT now(),
    changed_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, source_id)
);
COMMENT ON TABLE tracks IS 'One row for each song with lyrics, in its present wording.';
COMMENT ON COLUMN tracks.lyrics_digest IS 'SHA-256 (hex) of the lyrics as UTF-8.';
COMMENT ON COLUMN tracks.embedding_digest IS 'The lyrics_digest that lyrics_embedding was made from.';
COMMENT ON COLUMN tracks.audio_embedding IS 'Acousticness, danceability, energy, instrumentalness, liveness, loudness, speechiness, tempo, valence, each scaled to [0, 1].';
CREATE INDEX tracks_artist ON tracks (lower(artist));
CREATE INDEX tracks_year ON tracks (year);
CREATE INDEX tracks_language ON tracks (language);
CREATE INDEX tracks_digest ON tracks (lyrics_digest);
CREATE INDEX tracks_words ON tracks USING gin (lyrics_words);
CREATE INDEX tracks_embedding ON tracks USING hnsw (lyrics_embedding halfvec_cosine_ops);

CREATE TABLE lyrics_versions (
    track_id       bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    lyrics_digest  text NOT NULL,
    lyrics         text NOT NULL,
    replaced_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (track_id, lyrics_digest)
);
COMMENT ON TABLE lyrics_versions IS 'Former wordings: whatever replaces the words of a track, the old ones come here first.';

CREATE FUNCTION keep_former_lyrics() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lyrics_digest IS DISTINCT FROM OLD.lyrics_digest THEN
        INSERT INTO lyrics_versions (track_id, lyrics_digest, lyrics)
        VALUES (OLD.id, OLD.lyrics_digest, OLD.lyrics) ON CONFLICT DO NOTHING;
        NEW.changed_at := now();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_former_lyrics BEFORE UPDATE OF lyrics, lyrics_digest ON tracks
    FOR EACH ROW EXECUTE FUNCTION keep_former_lyrics();

CREATE TABLE credits (
    track_id   bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    artist_id  bigint NOT NULL REFERENCES artists,
    role       text NOT NULL CHECK (role IN ('primary', 'featured', 'producer', 'writer')),
    position   smallint NOT NULL,
    PRIMARY KEY (track_id, role, artist_id)
);
CREATE INDEX credits_artist ON credits (artist_id);

CREATE TABLE relationships (
    track_id   bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    kind       text NOT NULL,
    source_id  text NOT NULL,
    PRIMARY KEY (track_id, kind, source_id)
);
COMMENT ON TABLE relationships IS 'Links such as remix_of to another song of the same source, which may not be stored.';

CREATE TABLE provenance (
    track_id        bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    lyrics_digest   text NOT NULL,
    source          text NOT NULL,
    source_id       text NOT NULL,
    url             text NOT NULL,
    fetched_at      timestamptz NOT NULL,
    parser_version  text NOT NULL,
    raw_digest      text NOT NULL,
    PRIMARY KEY (track_id, lyrics_digest, parser_version)
);
COMMENT ON TABLE provenance IS 'Where each wording of a track came from: the first reading of it by each parser version.';

CREATE TABLE visits (
    source      text NOT NULL,
    source_id   text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN
        ('stored', 'instrumental', 'unreleased', 'not_a_song', 'missing', 'blocked', 'failed')),
    reason      text NOT NULL DEFAULT '',
    title       text NOT NULL,
    url         text NOT NULL DEFAULT '',
    attempts    integer NOT NULL DEFAULT 1,
    visited_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
COMMENT ON TABLE visits IS 'What became of every song that a source named: one outcome each.';
