-- What is still to be visited: artists asked for, the songs in their lists, and which process is at which of them.

CREATE TABLE frontier_artists (
    source     text NOT NULL,
    asked      text NOT NULL,
    artist_id  text,
    name       text,
    next_page  integer,
    listed_at  timestamptz,
    worker     integer,
    PRIMARY KEY (source, asked)
);
COMMENT ON COLUMN frontier_artists.asked IS 'The name as somebody asked for it.';
COMMENT ON COLUMN frontier_artists.artist_id IS 'The source''s number for the artist, once found.';
COMMENT ON COLUMN frontier_artists.next_page IS 'Page of the list that is read next; NULL before the first and after the last.';
COMMENT ON COLUMN frontier_artists.listed_at IS 'When the list was last read to its end.';
COMMENT ON COLUMN frontier_artists.worker IS 'Who reads the list; nobody when that process is gone.';

CREATE TABLE frontier_songs (
    source      text NOT NULL,
    source_id   text NOT NULL,
    title       text NOT NULL,
    artist      text NOT NULL,
    url         text NOT NULL,
    changed_at  timestamptz,
    worker      integer,
    found_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
COMMENT ON TABLE frontier_songs IS 'Every song that a list has named. What became of it stands in visits.';
COMMENT ON COLUMN frontier_songs.changed_at IS 'When the source says that the words last changed.';
COMMENT ON COLUMN frontier_songs.worker IS 'Who visits it, or last did; nobody when that process is gone.';

CREATE TABLE frontier_lists (
    source     text NOT NULL,
    artist_id  text NOT NULL,
    source_id  text NOT NULL,
    position   integer NOT NULL,
    PRIMARY KEY (source, artist_id, source_id)
);
COMMENT ON COLUMN frontier_lists.position IS 'Place in the artist''s list, from 0; the most popular song first.';

-- A worker is a process at work. It holds an advisory lock on its number, which PostgreSQL drops with its connection: so
-- what a killed process had claimed is free at once, and nobody waits for a lease to run out.
CREATE SEQUENCE frontier_workers AS integer CYCLE;
