-- What lists and songs say that decides whether a song is wanted.

ALTER TABLE frontier_songs
    ADD COLUMN primary_ids text[] NOT NULL DEFAULT '{}',
    ADD COLUMN language text,
    ADD COLUMN year smallint,
    ADD COLUMN released_on date,
    ADD COLUMN described_at timestamptz;
COMMENT ON COLUMN frontier_songs.primary_ids IS 'The source''s numbers of the primary artists; empty where the list did not say.';
COMMENT ON COLUMN frontier_songs.described_at IS 'When the song itself was asked: what is still NULL then, the source does not know.';
COMMENT ON COLUMN frontier_artists.asked IS 'What somebody asked for: an artist''s name, a page''s address, or a kind and a name such as `album:…`.';
COMMENT ON COLUMN frontier_artists.artist_id IS 'The source''s number for the artist, once found; `album:…` or `song:…` for the list of another thing.';
