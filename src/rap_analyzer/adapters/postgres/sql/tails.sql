-- count_unread_tails --
-- Tracks whose present words' ends this version has not read
SELECT count(*) FROM tracks t WHERE NOT EXISTS (
    SELECT 1 FROM tail_readings r
    WHERE r.track_id = t.id AND r.lyrics_digest = t.lyrics_digest AND r.version = %(version)s)
AND NOT EXISTS (
    SELECT 1 FROM step_failures s WHERE s.track_id = t.id AND s.step = 'rhyme endings'
    AND s.lyrics_digest = t.lyrics_digest AND s.version = %(version)s);

-- load_unread_tails --
-- A batch of them, by id
SELECT t.id, t.lyrics_digest, t.lyrics FROM tracks t WHERE t.id > %(after)s AND NOT EXISTS (
    SELECT 1 FROM tail_readings r
    WHERE r.track_id = t.id AND r.lyrics_digest = t.lyrics_digest AND r.version = %(version)s)
AND NOT EXISTS (
    SELECT 1 FROM step_failures s WHERE s.track_id = t.id AND s.step = 'rhyme endings'
    AND s.lyrics_digest = t.lyrics_digest AND s.version = %(version)s)
ORDER BY t.id LIMIT %(limit)s;

-- delete_tails --
-- Clear away the former tails of these tracks
DELETE FROM rhyme_tails WHERE track_id = ANY(%(track_ids)s);

-- copy_tails --
-- Stream tails in
COPY rhyme_tails (track_id, bar, key, coda, sound) FROM STDIN (FORMAT BINARY);

-- save_tail_reading --
-- Note which words of a track were read
INSERT INTO tail_readings (track_id, lyrics_digest, version) VALUES (%(track_id)s, %(lyrics_digest)s, %(version)s)
ON CONFLICT (track_id) DO UPDATE SET lyrics_digest = EXCLUDED.lyrics_digest, version = EXCLUDED.version;

-- search_tails --
-- Bars whose key begins so and that do not end in this very word: a limited number with this coda and as many with any,
-- however many there are; only such as their tracks still have. Demo tracks answer only in a store that has no others
WITH near AS MATERIALIZED (
    (SELECT track_id, bar, sound FROM rhyme_tails
     WHERE coda = %(coda)s AND key >= %(prefix)s AND key < %(prefix)s || '~'
       AND right(' ' || sound, length(%(word)s) + 1) <> ' ' || %(word)s
     ORDER BY coda, key LIMIT %(limit)s)
    UNION
    (SELECT track_id, bar, sound FROM rhyme_tails
     WHERE key >= %(prefix)s AND key < %(prefix)s || '~'
       AND right(' ' || sound, length(%(word)s) + 1) <> ' ' || %(word)s
     ORDER BY key LIMIT %(limit)s)
)
SELECT near.track_id, near.bar, near.sound, t.title, t.artist, t.source
FROM near
JOIN tracks t ON t.id = near.track_id
JOIN tail_readings r ON r.track_id = t.id AND r.lyrics_digest = t.lyrics_digest
WHERE (t.source = 'demo') = NOT EXISTS (SELECT 1 FROM tracks WHERE source <> 'demo')
ORDER BY near.track_id, near.bar;

-- load_lyrics --
-- The words of these tracks
SELECT id, lyrics FROM tracks WHERE id = ANY(%(track_ids)s);

-- count_tail_readings --
-- Tracks, and those whose present words' ends were read
SELECT count(*) AS tracks, count(r.track_id) AS read
FROM tracks t LEFT JOIN tail_readings r ON r.track_id = t.id AND r.lyrics_digest = t.lyrics_digest
WHERE (t.source = 'demo') = NOT EXISTS (SELECT 1 FROM tracks WHERE source <> 'demo');
