"""Budgets for chat models in PostgreSQL: one limit for all workers that do a run's batches."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.adapters.postgres.jobs import TASK
from rap_analyzer.domain.budget import BudgetStanding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from rap_analyzer.adapters.postgres.database import Connection

SILENCE_S = 40.0
"""Seconds after which a request that nobody holds is taken to have died with its worker; four beats of a live one."""


class BudgetStore:
    """All budgets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, dollars: float) -> int:
        """A new budget of so many US dollars. Returns its number."""
        [row] = await self._database.fetch("save_budget", {"dollars": _exact(dollars)})
        return int(row["number"])

    async def load(self, number: int) -> BudgetStanding:
        """How a budget stands; one that is gone has nothing left."""
        found = await self._load([number])
        return found[0] if found else BudgetStanding(number, 0.0)

    async def load_wanted(self) -> list[BudgetStanding]:
        """Budgets of batches that wait, are being done or have failed, by number."""
        rows = await self._database.fetch("load_wanted_budgets", {"task": TASK})
        return await self._load([row["number"] for row in rows])

    async def delete_old(self, days: int) -> None:
        """Forget budgets made so many days ago whose batches are forgotten."""
        await self._database.fetch("delete_old_budgets", {"days": days})

    def ledger(self, number: int) -> BudgetLedger:
        """A budget as requests keep to it."""
        return BudgetLedger(self._database, number)

    async def _load(self, numbers: Sequence[int]) -> list[BudgetStanding]:
        rows = await self._database.fetch("load_budgets", {"numbers": list(numbers), "silence": SILENCE_S})
        return [BudgetStanding(**row) for row in rows]


class BudgetLedger:
    """`ports.Ledger` of one budget.

    Each request has a row of its own for as long as its bill is open. So a statement that is sent again, because the
    connection broke before it was known to have worked, counts once; and what a killed worker had set aside stays so.
    """

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number

    async def reserve(self, request: UUID, worst: float) -> BudgetStanding | None:
        """Set the worst case of a request aside, unless it might pass the limit beside all that is set aside.

        Returns:
            None when that is done; else how the budget stands.
        """
        values = {"budget": self._number, "request": request, "dollars": _exact(worst)}
        values |= {"numbers": [self._number], "silence": SILENCE_S}

        async def work(connection: Connection) -> BudgetStanding | None:
            await connection.execute(query("lock_budget"), values)
            if await (await connection.execute(query("reserve_dollars"), values)).fetchone():
                return None
            row = await (await connection.execute(query("load_budgets"), values)).fetchone()
            return BudgetStanding(**row) if row else BudgetStanding(self._number, 0.0)

        return await self._database.run(work)

    async def hold(self, request: UUID) -> None:
        """Say that a request is still under way."""
        await self._do("hold_reservation", {"request": request})

    async def settle(self, request: UUID, spent: float, uncertain: float) -> None:
        """Put what a request cost, and what it may have cost besides, in the place of its worst case."""
        await self._do(
            "settle_reservation", {"request": request, "spent": _exact(spent), "uncertain": _exact(uncertain)}
        )

    async def _do(self, name: str, values: dict[str, Any]) -> None:
        await self._database.fetch(name, values)


def _exact(dollars: float) -> Decimal:
    """As it is written: sums of many small amounts do not drift."""
    return Decimal(str(dollars))
