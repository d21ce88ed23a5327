-- How bars end: what search by sound looks in. The table was reserved before; nothing has written to it.

DROP TABLE rhyme_tails;
CREATE TABLE rhyme_tails (
    track_id  bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    bar       integer NOT NULL,
    span      smallint NOT NULL GENERATED ALWAYS AS (length(key)) STORED,
    key       text COLLATE "C" NOT NULL CHECK (key <> ''),
    coda      text COLLATE "C" NOT NULL,
    sound     text NOT NULL,
    PRIMARY KEY (track_id, bar)
);
COMMENT ON TABLE rhyme_tails IS 'One row for each bar whose end can be heard.';
COMMENT ON COLUMN rhyme_tails.bar IS 'Index of the bar in the song, from 0.';
COMMENT ON COLUMN rhyme_tails.key IS 'A letter for the class of each vowel, from the last one backwards, six at most: bars that rhyme over n syllables share n letters.';
COMMENT ON COLUMN rhyme_tails.span IS 'Syllables that the key stands for.';
COMMENT ON COLUMN rhyme_tails.coda IS 'Consonants after the last vowel.';
COMMENT ON COLUMN rhyme_tails.sound IS 'Phones of the bar''s last words, as many as hold these syllables.';
-- Among millions of bars few are looked at: first such as end in the same consonants too, then any with these vowels.
CREATE INDEX rhyme_tails_coda ON rhyme_tails (coda, key);
CREATE INDEX rhyme_tails_key ON rhyme_tails (key);

CREATE TABLE tail_readings (
    track_id       bigint PRIMARY KEY REFERENCES tracks ON DELETE CASCADE,
    lyrics_digest  text NOT NULL,
    version        text NOT NULL
);
COMMENT ON TABLE tail_readings IS 'Which words of a track its rhyme_tails were read from, and by which version; a track that is not in English has no tails, and is read all the same.';
