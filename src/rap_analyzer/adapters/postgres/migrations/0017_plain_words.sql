-- Words beside “ ” ‘ ’ « » – — … / and other signs are found, whatever the database takes for a letter.
--
-- The parser of full-text search asks the database's LC_CTYPE what a letter is. Under C it takes every sign beyond ASCII
-- for one, so that “smoke is another word than smoke; and under any it reads harbour/dri as a path and me.you as a host.
-- So signs become spaces before it reads, one for one: what it marks in the result stands where it stood in the text.

-- Lower case. Where the database folds no letters beyond ASCII, Latin, Greek and Cyrillic ones are folded by a table.
CREATE FUNCTION folded_case(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT CASE WHEN lower('Ł') = 'ł' THEN lower(written) ELSE translate(lower(written),
        'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ',
        'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ') END
$$;

-- A text as full-text search reads it: of signs only apostrophes and hyphens, both in ASCII. As long as the text.
CREATE FUNCTION plain_words(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT regexp_replace(translate(folded_case(written), U&'\2018\2019\02bc\2010\2011', '''''''--'), E'[\u0001-\u0009\u000b-\u001f!-&(-,./:-@\\[-`{-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02c2-\u02df\u055a-\u055f\u0589\u05be\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u1680\u2000-\u206f\u20a0-\u20bf\u2100-\u214f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb\ufe0e-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff]', ' ', 'g')
$$;
COMMENT ON FUNCTION plain_words IS 'In lower case; each sign but apostrophe and hyphen is a space.';

ALTER TABLE tracks DROP COLUMN lyrics_words;
ALTER TABLE tracks ADD COLUMN lyrics_words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('pg_catalog.simple', plain_words(title || ' ' || artist)), 'A')
    || to_tsvector(search_config(language), plain_words(left(lyrics, 200000)))) STORED;
CREATE INDEX tracks_words ON tracks USING gin (lyrics_words);

-- The words of a text as one configuration stems them, stop words left out, in order; where nothing is stemmed, those of
-- English are left out.
CREATE OR REPLACE FUNCTION query_lexemes(config regconfig, typed text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(lexeme ORDER BY positions[1]), '{}') FROM unnest(to_tsvector(config, plain_words(typed)))
    WHERE config <> 'pg_catalog.simple'::regconfig OR to_tsvector('pg_catalog.english', lexeme) <> ''
$$;

-- What finds tracks: any two of the words, or, where phrases were quoted, all words and phrases. In every stemming.
DROP FUNCTION matching_query(text);
CREATE FUNCTION all_of(config regconfig, terms text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(format('(%s)', q), ' & '), '')::tsquery
    FROM unnest(terms) AS term, LATERAL (SELECT phraseto_tsquery(config, plain_words(term)) AS q) parsed WHERE numnode(q) > 0
$$;
CREATE FUNCTION matching_query(words text, phrases text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN cardinality(phrases) > 0 THEN
        all_of('pg_catalog.english', terms) || all_of('pg_catalog.simple', terms) || all_of('pg_catalog.spanish', terms)
        || all_of('pg_catalog.french', terms) || all_of('pg_catalog.russian', terms)
    ELSE
        any_two('pg_catalog.english', words) || any_two('pg_catalog.simple', words)  -- of unknown language: unstemmed
        || any_two('pg_catalog.spanish', words) || any_two('pg_catalog.french', words) || any_two('pg_catalog.russian', words)
    END FROM (SELECT phrases || regexp_split_to_array(words, '\s+') AS terms) t
$$;

-- What a track must not have: any of these words or phrases, as the track's language stems them or as they are written.
CREATE FUNCTION excluding_query(config regconfig, excluded text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(format('(%s)', q), ' | '), '')::tsquery
    FROM unnest(excluded) AS term, LATERAL (
        VALUES (phraseto_tsquery(config, plain_words(term))), (phraseto_tsquery('pg_catalog.simple', plain_words(term)))
    ) v(q) WHERE numnode(q) > 0
$$;
