-- make_source_state --
-- The row of a source that was never asked
INSERT INTO source_states (source) VALUES (%(source)s) ON CONFLICT DO NOTHING
RETURNING source;

-- load_source_standing --
-- How a source stands
SELECT keeper, changes, failures, parked_why,
    least(1, pace + extract(epoch FROM now() - paced_at)::float8 / %(recovery_s)s) AS pace,
    greatest(0, extract(epoch FROM parked_until - now())::float8) AS parked_s,
    greatest(0, extract(epoch FROM greatest(open_until, probe_until) - now())::float8) AS open_s,
    extract(epoch FROM now() - keeper_since)::float8 AS kept_s,
    extract(epoch FROM now() - next_turn)::float8 AS rested_s
FROM source_states WHERE source = %(source)s;

-- reserve_turns --
-- The next turns, evenly spaced; those of a source that has rested may be used at once, but still count as what they
-- are. None while the source is parked or its breaker is open, and one at most when a probe is due
WITH known AS (
    SELECT source, keeper, failures, parked_why, next_turn, free_until,
        greatest(0, extract(epoch FROM parked_until - now())::float8) AS parked_s,
        greatest(0, extract(epoch FROM greatest(open_until, probe_until) - now())::float8) AS open_s,
        least(1, pace + extract(epoch FROM now() - paced_at)::float8 / %(recovery_s)s) AS pace
    FROM source_states WHERE source = %(source)s FOR UPDATE
), granted AS (
    SELECT *, greatest(%(spacing_s)s / pace, %(delay_s)s) AS spacing_s,
        CASE WHEN parked_s > 0 OR open_s > 0 OR keeper <> 'postgresql' THEN 0
            WHEN failures >= %(threshold)s THEN 1 ELSE %(count)s END AS count
    FROM known
), rested AS (
    SELECT *, greatest(next_turn, now()) AS first,
        pace = 1 AND next_turn + make_interval(secs => (%(burst)s - 1) * spacing_s) <= now() AS is_rested
    FROM granted
)
UPDATE source_states s SET
    next_turn = CASE WHEN r.count > 0 THEN r.first + make_interval(secs => r.count * r.spacing_s) ELSE s.next_turn END,
    free_until = CASE WHEN r.count > 0 AND r.is_rested THEN now() + make_interval(secs => %(burst)s * r.spacing_s)
        ELSE s.free_until END
FROM rested r WHERE s.source = r.source
RETURNING r.keeper, r.failures, r.parked_why, r.parked_s, r.open_s, r.count, r.spacing_s,
    extract(epoch FROM r.first - now())::float8 AS wait_s,
    greatest(0, extract(epoch FROM s.free_until - now())::float8) AS free_s;

-- claim_probe --
-- Let one attempt pass the breaker of a source whose pause is over; nothing when another was quicker
UPDATE source_states SET probe_until = now() + make_interval(secs => %(probe_s)s), changes = changes + 1
WHERE source = %(source)s AND failures >= %(threshold)s AND greatest(open_until, probe_until, parked_until) <= now()
RETURNING source;

-- drop_probe --
-- A probe was given up before it told anything: another may try
UPDATE source_states SET probe_until = 'epoch', changes = changes + 1 WHERE source = %(source)s
RETURNING source;

-- record_source_failure --
-- One more failed attempt; so many in a row open the breaker
UPDATE source_states SET failures = failures + 1, changes = changes + 1, probe_until = 'epoch',
    open_until = CASE WHEN failures + 1 >= %(threshold)s THEN now() + make_interval(secs => %(open_s)s)
        ELSE open_until END
WHERE source = %(source)s
RETURNING source;

-- record_source_success --
-- The source works: the breaker closes
UPDATE source_states SET failures = 0, changes = changes + 1, open_until = 'epoch', probe_until = 'epoch'
WHERE source = %(source)s AND failures > 0
RETURNING source;

-- park_source --
-- Leave the source alone; a longer wait that it asked for before stays
UPDATE source_states SET changes = changes + 1,
    parked_why = CASE WHEN parked_until < now() + make_interval(secs => %(seconds)s) THEN %(why)s ELSE parked_why END,
    parked_until = greatest(parked_until, now() + make_interval(secs => %(seconds)s))
WHERE source = %(source)s
RETURNING source;

-- slow_source --
-- Half the pace, once for all attempts that were sent at the former pace, and once in the time of a turn
WITH known AS (
    SELECT source, least(1, pace + extract(epoch FROM now() - paced_at)::float8 / %(recovery_s)s) AS pace
    FROM source_states WHERE source = %(source)s FOR UPDATE
)
UPDATE source_states s SET pace = greatest(known.pace / 2, %(slowest)s), paced_at = now(), changes = s.changes + 1
FROM known
WHERE s.source = known.source
    AND s.paced_at + make_interval(secs => greatest(%(sent_s)s, %(spacing_s)s / known.pace)) <= now()
RETURNING s.source;

-- choose_keeper --
-- Who counts the turns from now on. A new keeper begins when the turns that the former one gave are used or void
UPDATE source_states SET keeper = %(keeper)s, keeper_since = now(), free_until = 'epoch',
    next_turn = CASE WHEN keeper = %(keeper)s THEN next_turn
        ELSE greatest(next_turn, now() + make_interval(secs => %(handover_s)s)) END
WHERE source = %(source)s
RETURNING source;
