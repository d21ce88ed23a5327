-- count_unembedded --
-- Tracks whose present words have no embedding by this model
SELECT count(*) FROM tracks t
WHERE (embedding_digest IS DISTINCT FROM lyrics_digest OR embedding_model IS DISTINCT FROM %(model)s)
AND NOT EXISTS (SELECT 1 FROM step_failures f WHERE f.track_id = t.id AND f.step = 'embedding'
                AND f.lyrics_digest = t.lyrics_digest AND f.version = %(model)s);

-- load_unembedded --
-- A batch of them, by id
SELECT id, lyrics_digest, title, lyrics FROM tracks t
WHERE id > %(after)s AND (embedding_digest IS DISTINCT FROM lyrics_digest OR embedding_model IS DISTINCT FROM %(model)s)
AND NOT EXISTS (SELECT 1 FROM step_failures f WHERE f.track_id = t.id AND f.step = 'embedding'
                AND f.lyrics_digest = t.lyrics_digest AND f.version = %(model)s)
ORDER BY id LIMIT %(limit)s;

-- delete_passages --
-- Clear away the former passages of these tracks
DELETE FROM passages WHERE track_id = ANY(%(track_ids)s);

-- copy_passages --
-- Stream passages in
COPY passages (track_id, lyrics_digest, ordinal, kind, label, first_bar, last_bar, text, embedding, model)
FROM STDIN (FORMAT BINARY);

-- save_track_embedding --
-- Keep a track's embedding, unless its words have changed since they were read
UPDATE tracks SET lyrics_embedding = %(mean)s, embedding_model = %(model)s, embedding_digest = %(lyrics_digest)s
WHERE id = %(track_id)s AND lyrics_digest = %(lyrics_digest)s;

-- load_embeddings --
-- A track's language and the model of its embedding, with the passages of its present words, in order
SELECT t.language, CASE WHEN t.embedding_digest = t.lyrics_digest THEN t.embedding_model ELSE '' END AS model,
       p.kind, p.label, p.first_bar, p.last_bar, p.text, p.embedding::real[] AS vector
FROM tracks t LEFT JOIN passages p
    ON p.track_id = t.id AND p.lyrics_digest = t.lyrics_digest AND p.model = t.embedding_model
       AND t.embedding_digest = t.lyrics_digest
WHERE t.id = %(track_id)s ORDER BY p.ordinal;

-- lock_tracks --
-- Hold these tracks while their passages are replaced; those that are gone or reworded are left out
SELECT id, lyrics_digest FROM tracks WHERE id = ANY(%(track_ids)s) ORDER BY id FOR UPDATE;

-- search_meaning --
-- Tracks by their best passage's cosine distance to the query, plus half the distance of the whole track
WITH nearest AS (
    SELECT p.track_id, p.embedding <=> %(embedding)s AS distance, t.lyrics_embedding <=> %(embedding)s AS whole
    FROM passages p JOIN tracks t ON t.id = p.track_id
    WHERE p.model = %(model)s
      AND (%(artist)s::text IS NULL OR t.id IN (
          SELECT c.track_id FROM credits c JOIN artists a ON a.id = c.artist_id
          WHERE lower(a.name) = lower(%(artist)s) AND c.role IN ('primary', 'featured')))
      AND (%(year_from)s::int IS NULL OR t.year >= %(year_from)s)
      AND (%(year_to)s::int IS NULL OR t.year <= %(year_to)s)
      AND (%(language)s::text IS NULL OR t.language = %(language)s)
      AND (cardinality(%(excluded)s::text[]) = 0
           OR NOT t.lyrics_words @@ excluding_query(search_config(t.language), %(excluded)s))
    ORDER BY p.embedding <=> %(embedding)s LIMIT %(passages)s
)
SELECT track_id FROM nearest GROUP BY track_id ORDER BY min(distance) + 0.5 * min(whole), track_id LIMIT %(limit)s;

-- search_words --
-- Tracks by how closely together they have the query's words; words that stand far apart are no match
WITH q AS (SELECT matching_query(%(words)s, %(phrases)s::text[]) AS query), found AS (
    SELECT t.id AS track_id, ts_rank_cd('{0.1, 0.1, 0.1, 1}', t.lyrics_words, q.query) AS closeness
    FROM tracks t, q
    WHERE t.lyrics_words @@ q.query
      AND (%(artist)s::text IS NULL OR t.id IN (
          SELECT c.track_id FROM credits c JOIN artists a ON a.id = c.artist_id
          WHERE lower(a.name) = lower(%(artist)s) AND c.role IN ('primary', 'featured')))
      AND (%(year_from)s::int IS NULL OR t.year >= %(year_from)s)
      AND (%(year_to)s::int IS NULL OR t.year <= %(year_to)s)
      AND (%(language)s::text IS NULL OR t.language = %(language)s)
      AND (cardinality(%(excluded)s::text[]) = 0
           OR NOT t.lyrics_words @@ excluding_query(search_config(t.language), %(excluded)s))
)
SELECT track_id FROM found WHERE closeness >= 0.02 ORDER BY closeness DESC, track_id LIMIT %(limit)s;

-- load_hits --
-- The best passage of each track: nearest to the query, lifted by each share of its words that it holds
SELECT DISTINCT ON (t.id) t.id AS track_id, t.title, t.artist, t.year, t.source, t.lyrics_digest, p.label, p.first_bar, p.text,
       coalesce((SELECT version_of FROM versions v WHERE v.track_id = t.id), t.id) AS song,
       1 - (p.embedding <=> %(embedding)s) AS similarity,
       ts_headline(search_config(t.language), plain_words(p.text), marking_query(search_config(t.language), %(query)s),
                   'HighlightAll=true, StartSel=' || chr(57344) || ', StopSel=' || chr(57345)) AS marked
FROM tracks t JOIN passages p ON p.track_id = t.id
WHERE t.id = ANY(%(track_ids)s)
ORDER BY t.id,
    coalesce(1 - (p.embedding <=> %(embedding)s), 0)
    + 0.5 * ts_rank_cd(to_tsvector(search_config(t.language), plain_words(p.text)), marking_query(search_config(t.language), %(query)s), 32) DESC, p.ordinal;

-- load_hits_without_passages --
-- Tracks that have no passages yet, with their words marked
SELECT t.id AS track_id, t.title, t.artist, t.year, t.source, t.lyrics_digest, '' AS label, 0 AS first_bar, left(t.lyrics, 20000) AS text,
       coalesce((SELECT version_of FROM versions v WHERE v.track_id = t.id), t.id) AS song,
       NULL::float8 AS similarity,
       ts_headline(search_config(t.language), plain_words(left(t.lyrics, 20000)), marking_query(search_config(t.language), %(query)s),
                   'HighlightAll=true, StartSel=' || chr(57344) || ', StopSel=' || chr(57345)) AS marked
FROM tracks t WHERE t.id = ANY(%(track_ids)s) AND NOT EXISTS (SELECT 1 FROM passages p WHERE p.track_id = t.id);

-- load_has_word --
-- Whether any track has any of the words, as some language stems them or as they are written
SELECT EXISTS (
    SELECT 1 FROM tracks t, (
        SELECT marking_query('pg_catalog.english', %(query)s) || marking_query('pg_catalog.simple', %(query)s)
            || marking_query('pg_catalog.spanish', %(query)s) || marking_query('pg_catalog.french', %(query)s)
            || marking_query('pg_catalog.german', %(query)s) || marking_query('pg_catalog.russian', %(query)s) AS query
    ) q WHERE t.lyrics_words @@ q.query
) AS has_word;

-- load_is_artist --
-- Whether an artist of some track is called so, whatever the case
SELECT EXISTS (
    SELECT 1 FROM artists a JOIN credits c ON c.artist_id = a.id
    WHERE lower(a.name) = lower(%(name)s) AND c.role IN ('primary', 'featured')
) AS is_artist;

-- load_artist_names --
-- Names of all artists of tracks
SELECT DISTINCT a.name FROM artists a
WHERE EXISTS (SELECT 1 FROM credits c WHERE c.artist_id = a.id AND c.role IN ('primary', 'featured')) ORDER BY a.name;

-- load_languages --
-- Languages of the tracks, the commonest first
SELECT language FROM tracks WHERE language IS NOT NULL GROUP BY language ORDER BY count(*) DESC, language;

-- load_similar --
-- Nearest tracks by lyrics embedding; other versions of its song, and the same words, are no neighbours, and each song
-- stands once: by its original, if that is near
WITH near AS (
    SELECT DISTINCT ON (t.lyrics_digest) t.id AS track_id, t.title, t.artist, t.year, t.source,
           1 - (t.lyrics_embedding <=> o.lyrics_embedding) AS similarity, coalesce(v.version_of, t.id) AS song
    FROM tracks o LEFT JOIN versions mine ON mine.track_id = o.id, LATERAL (
        SELECT * FROM tracks n
        WHERE n.lyrics_embedding IS NOT NULL AND n.id <> o.id AND n.lyrics_digest <> o.lyrics_digest
          AND n.embedding_model = o.embedding_model
        ORDER BY n.lyrics_embedding <=> o.lyrics_embedding LIMIT 2 * %(limit)s
    ) t LEFT JOIN versions v ON v.track_id = t.id
    WHERE o.id = %(track_id)s AND o.lyrics_embedding IS NOT NULL
      AND coalesce(v.version_of, t.id) <> coalesce(mine.version_of, o.id)
    ORDER BY t.lyrics_digest, v.track_id IS NOT NULL, t.id
), neighbours AS (
    SELECT DISTINCT ON (song) * FROM near ORDER BY song, track_id <> song, similarity DESC
)
SELECT track_id, title, artist, year, source, similarity FROM neighbours
ORDER BY similarity DESC, track_id LIMIT %(limit)s;
