-- What chat models may cost: a limit belongs to the batches of a run, whichever workers do them.

CREATE TABLE budgets (
    number      bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    dollars     numeric NOT NULL CHECK (dollars >= 0),
    spent       numeric NOT NULL DEFAULT 0,
    uncertain   numeric NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE budgets IS 'US dollars that the batches with this number in their arguments may cost together.';
COMMENT ON COLUMN budgets.spent IS 'By the services'' own count of tokens.';
COMMENT ON COLUMN budgets.uncertain IS 'At most, for attempts that brought no answer: nobody tells whether they were billed.';

CREATE TABLE budget_reservations (
    request  uuid PRIMARY KEY,
    budget   bigint NOT NULL REFERENCES budgets ON DELETE CASCADE,
    dollars  numeric NOT NULL CHECK (dollars >= 0),
    held_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE budget_reservations IS 'Worst cases of requests whose bill is not settled. One whose worker was killed stays: it may have been billed.';
COMMENT ON COLUMN budget_reservations.held_at IS 'When whoever made the request last said that it is under way.';
CREATE INDEX budget_reservations_of ON budget_reservations (budget);
