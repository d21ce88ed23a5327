-- What a file says of a song in columns that have no field of their own.

ALTER TABLE tracks ADD COLUMN extra jsonb;
COMMENT ON COLUMN tracks.extra IS 'What the song''s source says of it besides, by the source''s names; NULL where that is nothing.';
