"""How a request keeps to a budget that other processes draw on too.

Its worst case is set aside before it is sent, and its bill settled afterwards. In between it is held: a reservation
that nobody holds any longer is that of a process that died. Nobody waits for it, and it stays set aside for ever, since
the request may have been sent, and billed.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from rap_analyzer.domain.budget import money
from rap_analyzer.domain.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from rap_analyzer.domain.budget import BudgetStanding
    from rap_analyzer.ports import Ledger

log = structlog.get_logger(__name__)

LOOK_S = 1.0
"""How often one who waits for others' bills looks again."""
HOLD_S = 10.0
"""How often a request that is under way says so."""


class BudgetSpent(Exception):
    """The next request might pass the budget. The analyzer turns it into an AnalysisStopped.

    Args:
        standing: how the budget stands.
        worst: US dollars that the request can cost at most.
    """

    def __init__(self, standing: BudgetStanding, worst: float) -> None:
        super().__init__(f"{standing}; the next request may cost {money(worst)}")
        self.standing, self.worst = standing, worst


class Cost:
    """What a request cost in US dollars, as far as it is known; nothing until somebody tells.

    Attributes:
        spent: by the service's count.
        uncertain: at most besides, for attempts without an answer.
    """

    def __init__(self) -> None:
        self.spent = self.uncertain = 0.0


@asynccontextmanager
async def set_aside(ledger: Ledger, worst: float) -> AsyncIterator[Cost]:
    """Sets the worst case of a request aside, and settles the cost that the block told at its end.

    Waits where requests under way, in whichever process, may still turn out cheaper than their worst case; not for
    those whose process died.

    Args:
        ledger: of the budget.
        worst: US dollars that the request can cost at most, all attempts together.

    Raises:
        BudgetSpent: the worst case might pass the limit.
        StoreError: the ledger cannot be asked; nothing is to be sent.
    """
    request, cost = uuid4(), Cost()
    while (refused := await ledger.reserve(request, worst)) is not None:
        if not refused.may_have_room(worst):
            raise BudgetSpent(refused, worst)
        await asyncio.sleep(LOOK_S)
    holding = asyncio.create_task(_hold(ledger, request))
    try:
        yield cost
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        await _settle(ledger, request, cost)


async def _hold(ledger: Ledger, request: UUID) -> None:
    """Others stop waiting for a reservation of which they hear nothing; a store that is away says nothing to them."""
    while True:
        await asyncio.sleep(HOLD_S)
        try:
            await ledger.hold(request)
        except StoreError as error:
            log.warning("the ledger of a budget was not told that a request is under way", reason=str(error))


async def _settle(ledger: Ledger, request: UUID, cost: Cost) -> None:
    """A bill that cannot be settled stays set aside at its worst case: the answer is paid for, and worth keeping."""
    try:
        await ledger.settle(request, cost.spent, cost.uncertain)
    except StoreError as error:
        log.warning("the bill of a request was not settled; its worst case stays set aside", reason=str(error))
