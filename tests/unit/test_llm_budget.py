"""A budget of money: what may still happen counts until it is known."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from memory_ledger import MemoryLedger
from rap_analyzer.analyzers import llm_limit
from rap_analyzer.analyzers.llm_budget import Budget, Prices, most_tokens
from rap_analyzer.analyzers.llm_limit import BudgetSpent
from rap_analyzer.domain.budget import BudgetStanding, money
from rap_analyzer.domain.chat import ChatMessage, ChatReply
from rap_analyzer.domain.errors import StoreError

if TYPE_CHECKING:
    from uuid import UUID

PRICES = Prices(prompt=1.0, completion=2.0)
WORST = 2_000 / 1e6
"""US dollars that an attempt of 1,000 tokens costs if it is answered with 500."""


@pytest.fixture(autouse=True)
def _looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_limit, "LOOK_S", 0.001)


async def fail(budget: Budget, unanswered: int) -> None:
    """A request that comes to nothing, so many attempts of which were without an answer."""
    with suppress(OSError):
        async with budget.reserving(1_000, 500) as bill:
            bill.attempts.sent = unanswered
            raise OSError


async def test_the_services_count_takes_the_place_of_the_worst_case() -> None:
    """In tokens and in dollars for a million."""
    ledger = MemoryLedger(1.0)
    budget = Budget(PRICES, ledger)
    async with budget.reserving(1_000, 500) as bill:
        assert ledger.standing.set_aside == pytest.approx(4 * WORST)
        bill.settle(ChatReply("", "m", 300, 100))
    assert (budget.prompt_tokens, budget.completion_tokens, budget.requests) == (300, 100, 1)
    assert budget.spent == ledger.spent == pytest.approx((300 + 200) / 1e6)
    assert budget.uncertain == ledger.uncertain == 0
    assert not ledger.open


async def test_a_service_that_does_not_count_is_charged_the_worst() -> None:
    """So the limit holds all the same."""
    budget = Budget(PRICES)
    async with budget.reserving(1_000, 500) as bill:
        bill.settle(ChatReply("", "m"))
    assert budget.spent == pytest.approx(WORST)


async def test_what_was_refused_costs_nothing_and_what_was_lost_may_have_cost_all() -> None:
    """A time-out is billed by some: each attempt without an answer counts as its worst case, answered later or not."""
    ledger = MemoryLedger(1.0)
    budget = Budget(PRICES, ledger)
    await fail(budget, unanswered=0)
    assert budget.spent + budget.uncertain == 0
    await fail(budget, unanswered=4)
    async with budget.reserving(1_000, 500) as bill:
        bill.attempts.sent, bill.attempts.answered = 3, 1
        bill.settle(ChatReply("", "m", 0, 0))
    assert budget.spent == ledger.spent == 0
    assert budget.uncertain == ledger.uncertain == pytest.approx(6 * WORST)


async def test_what_may_have_been_billed_counts_towards_the_limit() -> None:
    """Else time-outs would be free."""
    budget = Budget(PRICES, MemoryLedger(4 * WORST), attempts=4)
    await fail(budget, unanswered=1)
    with pytest.raises(BudgetSpent, match=r"budget 1: \$0\.00 of \$0\.0080 spent, up to \$0\.0020 more"):
        async with budget.reserving(1_000, 500):
            pytest.fail("it was let through")


async def test_no_request_begins_that_could_pass_the_limit() -> None:
    """Not even by a token."""
    budget = Budget(PRICES, MemoryLedger(WORST), attempts=1)
    with pytest.raises(BudgetSpent):
        async with budget.reserving(1_001, 500):
            pytest.fail("it was let through")
    async with budget.reserving(1_000, 500) as bill:
        bill.settle(ChatReply("", "m", 1_000, 500))
    with pytest.raises(BudgetSpent):
        async with budget.reserving(1, 0):
            pytest.fail("it was let through")


async def test_many_at_once_stay_below_and_use_what_the_others_leave() -> None:
    """Who does not fit beside those on the way, of three processes, waits for what they really cost."""
    ledger, numbers, billed = MemoryLedger(0.1), Random(5), [0]
    budgets = [Budget(PRICES, ledger, attempts=4) for _ in range(3)]

    async def ask(budget: Budget) -> bool:
        try:
            async with budget.reserving(1_000, 500) as bill:
                await asyncio.sleep(numbers.random() / 1_000)
                cost = numbers.randrange(100, 1_000)
                billed[0] += cost
                bill.settle(ChatReply("", "m", cost, 0))
        except BudgetSpent:
            return False
        return True

    made = await asyncio.gather(*(ask(budgets[n % 3]) for n in range(400)))
    assert billed[0] / 1e6 <= 0.1
    assert billed[0] / 1e6 > 0.1 - 4 * WORST
    assert not all(made)
    assert ledger.spent == pytest.approx(sum(budget.spent for budget in budgets))


async def test_nobody_waits_for_the_dead() -> None:
    """What a killed worker had set aside may have been billed: it stays so, and is no reason to wait."""
    ledger, lost = MemoryLedger(8 * WORST), uuid4()
    ledger.open[lost] = 5 * WORST
    ledger.dead.add(lost)
    with pytest.raises(BudgetSpent) as spent:
        async with asyncio.timeout(5), Budget(PRICES, ledger).reserving(1_000, 500):
            pytest.fail("it was let through")
    assert spent.value.standing.set_aside == pytest.approx(5 * WORST)
    assert spent.value.worst == pytest.approx(4 * WORST)


async def test_a_request_that_takes_long_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again until it is settled, and no more then."""
    monkeypatch.setattr(llm_limit, "HOLD_S", 0.001)
    ledger = MemoryLedger(1.0)
    async with asyncio.timeout(5), Budget(PRICES, ledger).reserving(1_000, 500):
        await ledger.until_held(3)
        assert set(ledger.held) == set(ledger.open)
    told = len(ledger.held)
    await asyncio.sleep(0.01)
    assert len(ledger.held) == told


async def test_a_request_that_is_given_up_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stops knows what it sent: that stays uncertain, the rest is free again."""
    monkeypatch.setattr(llm_limit, "HOLD_S", 0.001)
    ledger = MemoryLedger(1.0)

    async def ask() -> None:
        async with Budget(PRICES, ledger).reserving(1_000, 500) as bill:
            bill.attempts.sent = 1
            await asyncio.sleep(60)

    asking = asyncio.create_task(ask())
    await ledger.until_held(1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert not ledger.open
    assert ledger.spent == 0
    assert ledger.uncertain == pytest.approx(WORST)


class Unreachable(MemoryLedger):
    """A ledger whose store goes away after the reservation."""

    async def hold(self, request: UUID) -> None:
        raise StoreError(f"PostgreSQL is away at {request}.")

    async def settle(self, request: UUID, spent: float, uncertain: float) -> None:
        raise StoreError(f"PostgreSQL is away at {request}, {spent} and {uncertain}.")


async def test_an_answer_that_is_paid_for_is_not_lost_with_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bill stays open at the worst case, which errs on the safe side."""
    monkeypatch.setattr(llm_limit, "HOLD_S", 0.001)
    ledger = Unreachable(1.0)
    budget = Budget(PRICES, ledger)
    async with budget.reserving(1_000, 500) as bill:
        await asyncio.sleep(0.01)
        bill.settle(ChatReply("", "m", 300, 100))
    assert budget.spent == pytest.approx(500 / 1e6)
    assert ledger.standing.set_aside == pytest.approx(4 * WORST)


def test_a_budget_is_told_in_words() -> None:
    """Cents for dollars, hundredths of cents for less; what is open is said where there is any."""
    assert str(BudgetStanding(3, 5.0, 2.1)) == "budget 3: $2.10 of $5.00 spent"
    told = str(BudgetStanding(4, 1_250.0, 0.0123, 1.0, 0.5))
    assert told == "budget 4: $0.0123 of $1,250.00 spent, up to $1.50 more for requests without an answer"
    assert money(0.0) == "$0.00"


def test_no_tokenizer_makes_more_tokens_than_there_are_bytes() -> None:
    """Signs of four bytes count as four, and what is sent besides counts too."""
    assert most_tokens([ChatMessage("user", "🔥")], "ab") >= 6
