-- How each source stands: what all processes that ask it must know of it, whatever machine they run on.

CREATE TABLE source_states (
    source        text PRIMARY KEY,
    next_turn     timestamptz NOT NULL DEFAULT 'epoch',
    free_until    timestamptz NOT NULL DEFAULT 'epoch',
    keeper        text NOT NULL DEFAULT 'postgresql' CHECK (keeper IN ('postgresql', 'redis')),
    keeper_since  timestamptz NOT NULL DEFAULT 'epoch',
    changes       bigint NOT NULL DEFAULT 0,
    pace          double precision NOT NULL DEFAULT 1 CHECK (pace > 0 AND pace <= 1),
    paced_at      timestamptz NOT NULL DEFAULT 'epoch',
    failures      integer NOT NULL DEFAULT 0,
    open_until    timestamptz NOT NULL DEFAULT 'epoch',
    probe_until   timestamptz NOT NULL DEFAULT 'epoch',
    parked_until  timestamptz NOT NULL DEFAULT 'epoch',
    parked_why    text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
COMMENT ON TABLE source_states IS 'One row for each source that was asked; all times are this server''s.';
COMMENT ON COLUMN source_states.next_turn IS 'The first turn that nobody has reserved.';
COMMENT ON COLUMN source_states.free_until IS 'Turns before this time may be used at once, for the source had rested.';
COMMENT ON COLUMN source_states.keeper IS 'Who counts the turns; of the rest Redis only has a copy.';
COMMENT ON COLUMN source_states.keeper_since IS 'When the keeper was chosen, or Redis last found of no use.';
COMMENT ON COLUMN source_states.changes IS 'Grows with each change of the columns below, so that an older copy of them is told from a newer.';
COMMENT ON COLUMN source_states.pace IS 'Share of the rate that the source was found to bear at paced_at; it recovers with time.';
COMMENT ON COLUMN source_states.failures IS 'Failed attempts in a row, of all processes.';
COMMENT ON COLUMN source_states.open_until IS 'The breaker lets nobody pass before, and one probe after.';
COMMENT ON COLUMN source_states.probe_until IS 'A probe is under way, or has died when this time is over.';
COMMENT ON COLUMN source_states.parked_until IS 'The source wants to be left alone until then.';
