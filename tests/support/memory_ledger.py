"""A ledger that nobody shares: for tests of what keeps to a budget."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rap_analyzer.domain.budget import BudgetStanding

if TYPE_CHECKING:
    from uuid import UUID


class MemoryLedger:
    """`ports.Ledger` of one process.

    Args:
        limit: US dollars.

    Attributes:
        open: worst cases of requests whose bill is not settled.
        dead: those among them whose process died.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.spent = self.uncertain = 0.0
        self.open: dict[UUID, float] = {}
        self.dead: set[UUID] = set()
        self.held: list[UUID] = []
        self._news = asyncio.Event()

    @property
    def standing(self) -> BudgetStanding:
        under_way = sum(worst for request, worst in self.open.items() if request not in self.dead)
        return BudgetStanding(1, self.limit, self.spent, self.uncertain, sum(self.open.values()), under_way)

    async def reserve(self, request: UUID, worst: float) -> BudgetStanding | None:
        others = sum(dollars for other, dollars in self.open.items() if other != request)
        if self.spent + self.uncertain + others + worst > self.limit:
            return self.standing
        self.open.setdefault(request, worst)
        return None

    async def hold(self, request: UUID) -> None:
        self.held.append(request)
        self._news.set()

    async def until_held(self, times: int) -> None:
        """Returns when requests have been said so often to be under way."""
        while len(self.held) < times:
            await self._news.wait()
            self._news.clear()

    async def settle(self, request: UUID, spent: float, uncertain: float) -> None:
        if self.open.pop(request, None) is not None:
            self.spent += spent
            self.uncertain += uncertain
