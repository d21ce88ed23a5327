-- When a song is asked for again, and whether its page need be sent again.

ALTER TABLE visits ADD COLUMN read_at timestamptz, ADD COLUMN next_at timestamptz, ADD COLUMN validators jsonb;
UPDATE visits SET read_at = visited_at WHERE outcome NOT IN ('blocked', 'failed');
COMMENT ON COLUMN visits.read_at IS
    'When the source last told what became of the song: what has changed since is news, also where later visits failed.';
COMMENT ON COLUMN visits.next_at IS 'Until when a song without words is left in peace; NULL where it need not be.';
COMMENT ON COLUMN visits.validators IS
    'ETag and Last-Modified of the page that told the outcome, its address, and the version of the parser that read it.';

CREATE FUNCTION rest_after(outcome text, attempts integer) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN outcome IN ('missing', 'unreleased')
            THEN least(interval '1 day' * power(2, least(attempts, 20) - 1), interval '30 days')
        WHEN outcome = 'failed' AND attempts > 2
            THEN least(interval '1 hour' * power(2, least(attempts, 20) - 3), interval '7 days')
    END
$$;
COMMENT ON FUNCTION rest_after IS
    'How long a song is left in peace after so many visits, twice as long each time; a failure is tried again twice before.';

CREATE FUNCTION is_due(
    visit visits, changed_at timestamptz, since timestamptz, settled text[], refresh boolean
) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT (visit).outcome IS NULL OR (visit).visited_at < since AND coalesce(CASE
        WHEN (visit).outcome = 'forgotten' THEN false
        WHEN changed_at > coalesce((visit).read_at, (visit).visited_at)
            AND (refresh OR (visit).outcome <> ALL (settled)) THEN true
        WHEN (visit).outcome <> ALL (settled) THEN refresh OR coalesce((visit).next_at <= now(), true)
        ELSE refresh AND changed_at IS NULL AND (visit).validators IS NOT NULL
    END, false)
$$;
COMMENT ON FUNCTION is_due IS
    'Whether a run that began at `since` is to visit a song: its last visit is NULL for one that is new, `changed_at` is when '
    'its source says that it changed, `settled` are outcomes that stay, and with `refresh` nobody is left in peace.';
