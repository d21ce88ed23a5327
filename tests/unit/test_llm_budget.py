"""A budget of money: what may still happen counts until it is known."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random

import pytest

from rap_analyzer.analyzers.llm_budget import Budget, BudgetSpent, Prices, most_tokens
from rap_analyzer.domain.chat import ChatMessage, ChatReply

PRICES = Prices(prompt=1.0, completion=2.0)


async def fail(budget: Budget, unanswered: int) -> None:
    """A request that comes to nothing, after which so many attempts are without an answer."""
    with suppress(OSError):
        async with budget.reserving(1_000, 500) as bill:
            bill.unanswered = unanswered
            raise OSError


async def test_the_services_count_takes_the_place_of_the_worst_case() -> None:
    """In tokens and in dollars for a million."""
    budget = Budget(PRICES, limit=1.0)
    async with budget.reserving(1_000, 500) as bill:
        bill.settle(ChatReply("", "m", 300, 100))
    assert (budget.prompt_tokens, budget.completion_tokens, budget.requests) == (300, 100, 1)
    assert budget.spent == pytest.approx((300 + 200) / 1e6)
    assert budget.uncertain == 0


async def test_a_service_that_does_not_count_is_charged_the_worst() -> None:
    """So the limit holds all the same."""
    budget = Budget(PRICES)
    async with budget.reserving(1_000, 500) as bill:
        bill.settle(ChatReply("", "m"))
    assert budget.spent == pytest.approx(2_000 / 1e6)


async def test_what_was_refused_costs_nothing_and_what_was_lost_may_have_cost_all() -> None:
    """A time-out is billed by some; each attempt without an answer counts once, whoever hears of it first."""
    budget = Budget(PRICES, limit=1.0)
    await fail(budget, unanswered=0)
    assert budget.spent + budget.uncertain == 0
    await fail(budget, unanswered=4)
    await fail(budget, unanswered=4)
    assert budget.spent == 0
    assert budget.uncertain == pytest.approx(4 * 2_000 / 1e6)


async def test_what_may_have_been_billed_counts_towards_the_limit() -> None:
    """Else time-outs would be free."""
    budget = Budget(PRICES, limit=8_000 / 1e6, attempts=4)
    await fail(budget, unanswered=1)
    with pytest.raises(BudgetSpent):
        async with budget.reserving(1_000, 500):
            pytest.fail("it was let through")


async def test_no_request_begins_that_could_pass_the_limit() -> None:
    """Not even by a token."""
    budget = Budget(PRICES, limit=2_000 / 1e6, attempts=1)
    with pytest.raises(BudgetSpent):
        async with budget.reserving(1_001, 500):
            pytest.fail("it was let through")
    async with budget.reserving(1_000, 500) as bill:
        bill.settle(ChatReply("", "m", 1_000, 500))
    with pytest.raises(BudgetSpent):
        async with budget.reserving(1, 0):
            pytest.fail("it was let through")


async def test_many_at_once_stay_below_and_use_what_the_others_leave() -> None:
    """Who does not fit beside those on the way waits for what they really cost."""
    budget, numbers, billed = Budget(PRICES, limit=0.1, attempts=4), Random(5), [0]

    async def ask() -> bool:
        try:
            async with budget.reserving(1_000, 500) as bill:
                await asyncio.sleep(numbers.random() / 1_000)
                cost = numbers.randrange(100, 1_000)
                billed[0] += cost
                bill.settle(ChatReply("", "m", cost, 0))
        except BudgetSpent:
            return False
        return True

    made = await asyncio.gather(*(ask() for _ in range(400)))
    assert billed[0] / 1e6 <= 0.1
    assert billed[0] / 1e6 > 0.1 - 4 * 2_000 / 1e6
    assert not all(made)


def test_no_tokenizer_makes_more_tokens_than_there_are_bytes() -> None:
    """Signs of four bytes count as four, and what is sent besides counts too."""
    assert most_tokens([ChatMessage("user", "🔥")], "ab") >= 6
