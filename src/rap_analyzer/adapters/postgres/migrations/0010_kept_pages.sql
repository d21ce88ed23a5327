-- Pages whose shape the parser did not know, kept for a parser that does.

CREATE TABLE kept_pages (
    source        text NOT NULL,
    source_id     text NOT NULL,
    song          jsonb NOT NULL,
    url           text NOT NULL,
    content_type  text NOT NULL,
    body          bytea NOT NULL,
    fetched_at    timestamptz NOT NULL,
    PRIMARY KEY (source, source_id)
);
ALTER TABLE kept_pages ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE kept_pages IS 'Read again by `rap scrape --reparse`; gone once read, after 90 days, or when newer ones need the room.';
COMMENT ON COLUMN kept_pages.song IS 'What was known of the song besides its words.';
COMMENT ON COLUMN kept_pages.body IS 'The page as it came, compressed (zlib).';
