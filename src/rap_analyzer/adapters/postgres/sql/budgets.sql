-- save_budget --
-- A new one
INSERT INTO budgets (dollars) VALUES (%(dollars)s) RETURNING number;

-- lock_budget --
-- One reservation at a time: the next one sees what this one has set aside
SELECT number FROM budgets WHERE number = %(budget)s FOR UPDATE;

-- reserve_dollars --
-- Set the worst case of a request aside where it fits; to repeat it changes nothing
INSERT INTO budget_reservations (request, budget, dollars)
SELECT %(request)s, b.number, %(dollars)s FROM budgets b
WHERE b.number = %(budget)s AND b.spent + b.uncertain + %(dollars)s + coalesce((
    SELECT sum(r.dollars) FROM budget_reservations r WHERE r.budget = b.number AND r.request <> %(request)s
), 0) <= b.dollars
ON CONFLICT (request) DO UPDATE SET held_at = now()
RETURNING request;

-- hold_reservation --
-- A request is still under way
UPDATE budget_reservations SET held_at = now() WHERE request = %(request)s;

-- settle_reservation --
-- What a request cost takes the place of its worst case, once
WITH settled AS (DELETE FROM budget_reservations WHERE request = %(request)s RETURNING budget)
UPDATE budgets b SET spent = b.spent + %(spent)s, uncertain = b.uncertain + %(uncertain)s
FROM settled WHERE b.number = settled.budget;

-- load_budgets --
-- How budgets stand
SELECT b.number, b.dollars::float AS "limit", b.spent::float, b.uncertain::float,
       coalesce(sum(r.dollars), 0)::float AS set_aside,
       coalesce(sum(r.dollars) FILTER (WHERE r.held_at > now() - make_interval(secs => %(silence)s)), 0)::float
           AS under_way
FROM budgets b LEFT JOIN budget_reservations r ON r.budget = b.number
WHERE b.number = ANY(%(numbers)s) GROUP BY b.number ORDER BY b.number;

-- load_wanted_budgets --
-- Budgets of batches that wait, are being done or have failed
SELECT b.number FROM budgets b WHERE b.number IN (
    SELECT (j.args->>'budget')::bigint FROM procrastinate_jobs j
    WHERE j.task_name = %(task)s AND j.status IN ('todo', 'doing', 'failed') AND j.args ? 'budget')
ORDER BY b.number;

-- delete_old_budgets --
-- Budgets made so many days ago whose batches are forgotten
DELETE FROM budgets b WHERE b.created_at < now() - make_interval(days => %(days)s) AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs j WHERE j.args ? 'budget' AND (j.args->>'budget')::bigint = b.number);
