-- Turns what a person types into a full-text query.
-- Plain words are joined by OR, so that a track with most of them is found and ranks first; quotes and a leading minus
-- mean what they mean in a web search, and then all words must agree. Each word is looked for in every stemming we keep.
CREATE FUNCTION search_query(typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN typed ~ '"|(^|\s)-\w' THEN
        websearch_to_tsquery('pg_catalog.english', typed) || websearch_to_tsquery('pg_catalog.simple', typed)
        || websearch_to_tsquery('pg_catalog.spanish', typed) || websearch_to_tsquery('pg_catalog.french', typed)
        || websearch_to_tsquery('pg_catalog.russian', typed)
    ELSE
        replace((plainto_tsquery('pg_catalog.english', typed) || plainto_tsquery('pg_catalog.spanish', typed)
        || plainto_tsquery('pg_catalog.french', typed) || plainto_tsquery('pg_catalog.russian', typed))::text,
        ' & ', ' | ')::tsquery
    END $$;
