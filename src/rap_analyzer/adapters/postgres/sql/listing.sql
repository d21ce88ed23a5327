-- list_tracks --
-- A page of the tracks that meet the filters, with the number of all
WITH chosen AS (
    SELECT t.id AS track_id, t.title, t.artist, t.album, t.year, t.language, t.source, t.page_views
    FROM tracks t
    WHERE (%(artist)s::text IS NULL OR lower(t.artist) = lower(%(artist)s) OR t.id IN (
            SELECT c.track_id FROM credits c JOIN artists a ON a.id = c.artist_id
            WHERE lower(a.name) = lower(%(artist)s) AND c.role IN ('primary', 'featured')))
      AND (%(year_from)s::int IS NULL OR t.year >= %(year_from)s)
      AND (%(year_to)s::int IS NULL OR t.year <= %(year_to)s)
      AND (%(language)s::text IS NULL OR lower(t.language) = lower(%(language)s))
      AND (%(source)s::text IS NULL OR lower(t.source) = lower(%(source)s))
), page AS (
    SELECT c.*, row_number() OVER (
        ORDER BY CASE %(order)s WHEN 'artist' THEN lower(artist) WHEN 'title' THEN lower(title) END,
                 CASE %(order)s WHEN 'year' THEN -year::bigint WHEN 'views' THEN -page_views END NULLS LAST,
                 lower(artist), year NULLS LAST, lower(title), track_id) AS place
    FROM chosen c ORDER BY place LIMIT %(limit)s OFFSET %(offset)s
)
SELECT total.total, page.* FROM (SELECT count(*) AS total FROM chosen) total LEFT JOIN page ON true ORDER BY place;

-- list_artists --
-- A page of the artists whose tracks meet the filters, with the number of all
WITH chosen AS (
    SELECT a.id AS artist_id, a.name,
           count(DISTINCT t.id) FILTER (WHERE c.role = 'primary') AS tracks,
           count(DISTINCT t.id) FILTER (WHERE c.role = 'featured') AS features,
           min(t.year) AS first_year, max(t.year) AS last_year
    FROM artists a JOIN credits c ON c.artist_id = a.id JOIN tracks t ON t.id = c.track_id
    WHERE c.role IN ('primary', 'featured')
      AND (%(artist)s::text IS NULL OR strpos(lower(a.name), lower(%(artist)s)) > 0)
      AND (%(year_from)s::int IS NULL OR t.year >= %(year_from)s)
      AND (%(year_to)s::int IS NULL OR t.year <= %(year_to)s)
      AND (%(language)s::text IS NULL OR lower(t.language) = lower(%(language)s))
      AND (%(source)s::text IS NULL OR lower(t.source) = lower(%(source)s))
    GROUP BY a.id
), page AS (
    SELECT c.*, row_number() OVER (
        ORDER BY CASE %(order)s WHEN 'tracks' THEN -tracks END, lower(name), artist_id) AS place
    FROM chosen c ORDER BY place LIMIT %(limit)s OFFSET %(offset)s
)
SELECT total.total, page.* FROM (SELECT count(*) AS total FROM chosen) total LEFT JOIN page ON true ORDER BY place;
