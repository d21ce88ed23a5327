"""What every ledger of a budget promises: the one in PostgreSQL, and the one that stands in for it in tests."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from memory_ledger import MemoryLedger
from rap_analyzer.adapters.postgres import budgets as budgets_module
from rap_analyzer.adapters.postgres.budgets import BudgetStore
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.domain.budget import BudgetStanding

if TYPE_CHECKING:
    from rap_analyzer.ports import Ledger

LIMIT = 1.0


@pytest.fixture(params=["memory", "postgresql"])
async def ledger(request: pytest.FixtureRequest, database: Database) -> Ledger:
    """Each ledger in turn, of a dollar."""
    if request.param == "memory":
        return MemoryLedger(LIMIT)
    store = BudgetStore(database)
    return store.ledger(await store.open(LIMIT))


async def standing(ledger: Ledger) -> BudgetStanding:
    """How it stands: it says so to whoever asks for too much."""
    refused = await ledger.reserve(uuid4(), 100 * LIMIT)
    assert refused is not None
    return refused


async def test_what_is_set_aside_is_no_longer_there_for_others(ledger: Ledger) -> None:
    """To the last cent, and no further; who is refused sets nothing aside."""
    assert await ledger.reserve(uuid4(), 0.7) is None
    refused = await ledger.reserve(uuid4(), 0.30001)
    assert refused == BudgetStanding(refused.number if refused else 0, LIMIT, 0.0, 0.0, 0.7, 0.7)
    assert await ledger.reserve(uuid4(), 0.3) is None
    assert (await standing(ledger)).set_aside == pytest.approx(1.0)


async def test_a_bill_takes_the_place_of_the_worst_case(ledger: Ledger) -> None:
    """What it cost is spent, what it may have cost besides stays, the rest is free again."""
    request = uuid4()
    await ledger.reserve(request, 0.9)
    await ledger.settle(request, 0.25, 0.15)
    now = await standing(ledger)
    assert (now.spent, now.uncertain, now.set_aside, now.under_way) == (0.25, 0.15, 0.0, 0.0)
    assert await ledger.reserve(uuid4(), 0.6) is None


async def test_to_say_it_twice_changes_nothing(ledger: Ledger) -> None:
    """A connection that breaks leaves open whether a statement worked, and it is sent again."""
    request = uuid4()
    for _ in range(2):
        assert await ledger.reserve(request, 0.8) is None
    assert (await standing(ledger)).set_aside == pytest.approx(0.8)
    for _ in range(2):
        await ledger.settle(request, 0.5, 0.0)
    assert await ledger.reserve(uuid4(), 0.5) is None
    now = await standing(ledger)
    assert (now.spent, now.set_aside) == (0.5, 0.5)


async def test_a_budget_of_nothing_lets_only_what_is_free_pass(ledger: Ledger) -> None:
    """So a model on one's own machine, without a price, is no matter of money."""
    whole = uuid4()
    await ledger.reserve(whole, LIMIT)
    await ledger.settle(whole, LIMIT, 0.0)
    assert await ledger.reserve(uuid4(), 0.0) is None
    assert await ledger.reserve(uuid4(), 1e-9) is not None


async def test_many_small_amounts_do_not_drift(ledger: Ledger) -> None:
    """A thousand tenths of a cent are a dollar, less what floating point may lose."""
    for _ in range(100):
        request = uuid4()
        assert await ledger.reserve(request, 0.01) is None
        await ledger.settle(request, 0.001, 0.0)
    assert (await standing(ledger)).spent == pytest.approx(0.1)


# In PostgreSQL


async def test_processes_that_draw_at_once_never_pass_the_limit(database: Database) -> None:
    """Four of them with connections of their own, each in a hurry: at no moment is more set aside than there is."""
    number = await BudgetStore(database).open(LIMIT)
    async with AsyncExitStack() as stack:
        own = [
            await stack.enter_async_context(opened(Database(database.conninfo, max_connections=3))) for _ in range(4)
        ]
        granted = await asyncio.gather(*(_draw(BudgetStore(one).ledger(number), seed) for seed, one in enumerate(own)))
    now = await BudgetStore(database).load(number)
    assert now.spent == pytest.approx(sum(granted))
    assert now.spent + now.set_aside <= LIMIT
    assert now.spent > LIMIT - 0.05


async def _draw(ledger: Ledger, seed: int) -> float:
    """Requests one after the other until there is no room; returns what they cost."""
    numbers, cost = Random(seed), 0.0
    while True:
        request, worst = uuid4(), 0.05
        if refused := await ledger.reserve(request, worst):
            assert refused.spent + refused.uncertain + refused.set_aside <= LIMIT + 1e-9
            if not refused.may_have_room(worst):
                return cost
            continue
        spent = round(worst * numbers.random(), 6)
        await ledger.settle(request, spent, 0.0)
        cost += spent


async def test_what_a_killed_worker_had_set_aside_stays_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is not waited for, once nobody has held it for a while; who holds his is."""
    store = BudgetStore(database)
    ledger = store.ledger(await store.open(LIMIT))
    killed, alive = uuid4(), uuid4()
    await ledger.reserve(killed, 0.4)
    await ledger.reserve(alive, 0.5)
    monkeypatch.setattr(budgets_module, "SILENCE_S", 0.3)
    await asyncio.sleep(0.4)
    await ledger.hold(alive)
    now = await standing(ledger)
    assert [now.set_aside, now.under_way] == pytest.approx([0.9, 0.5])
    assert now.may_have_room(0.6)
    assert not now.may_have_room(0.7)


async def test_a_budget_that_is_gone_has_nothing_left(database: Database) -> None:
    """Nothing is sent on its account."""
    store = BudgetStore(database)
    refused = await store.ledger(77).reserve(uuid4(), 0.01)
    assert refused == await store.load(77) == BudgetStanding(77, 0.0)


async def test_old_budgets_without_batches_are_forgotten(database: Database) -> None:
    """With what was set aside for them; new ones stay."""
    store = BudgetStore(database)
    number = await store.open(LIMIT)
    await store.ledger(number).reserve(uuid4(), 0.1)
    await store.delete_old(1)
    assert (await store.load(number)).limit == LIMIT
    await store.delete_old(0)
    assert (await store.load(number)).limit == 0
