-- Turns what a person types into full-text queries, in every stemming that we keep.

-- The words of a text as one configuration stems them, stop words left out, in order.
CREATE FUNCTION query_lexemes(config regconfig, typed text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(lexeme ORDER BY positions[1]), '{}') FROM unnest(to_tsvector(config, typed))
$$;

-- Any two of the words: one shared word says too little, and all of them too seldom agree. Eight words are looked at.
CREATE FUNCTION any_two(config regconfig, typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH words AS (
        SELECT word, place FROM unnest(query_lexemes(config, typed)) WITH ORDINALITY AS w(word, place) WHERE place <= 8
    ), pairs AS (
        SELECT format('(%L & %L)', a.word, b.word) AS pair FROM words a JOIN words b ON a.place < b.place
    )
    SELECT coalesce(
        (SELECT string_agg(pair, ' | ') FROM pairs),
        (SELECT format('%L', word) FROM words), '')::tsquery
$$;

-- What finds tracks. Quotes and a leading minus mean what they mean in a web search; then all words must agree.
CREATE FUNCTION matching_query(typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN typed ~ '"|(^|\s)-\w' THEN
        websearch_to_tsquery('pg_catalog.english', typed) || websearch_to_tsquery('pg_catalog.simple', typed)
        || websearch_to_tsquery('pg_catalog.spanish', typed) || websearch_to_tsquery('pg_catalog.french', typed)
        || websearch_to_tsquery('pg_catalog.russian', typed)
    ELSE
        any_two('pg_catalog.english', typed) || any_two('pg_catalog.spanish', typed)
        || any_two('pg_catalog.french', typed) || any_two('pg_catalog.russian', typed)
    END $$;

-- What marks words in a passage: any of them.
CREATE FUNCTION marking_query(config regconfig, typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(format('%L', word), ' | '), '')::tsquery FROM unnest(query_lexemes(config, typed)) AS word
$$;
