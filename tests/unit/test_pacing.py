"""Rates are kept, a service that is down is left alone, and the store is asked no more than it must be."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_state import FREE, MemoryState
from rap_analyzer.adapters.pacing import Pacer
from rap_analyzer.domain.errors import ConfigError, RateLimited, SourceError
from rap_analyzer.domain.pacing import TARGET_IN_FLIGHT, Rate, next_delay, parse_rate


def pacer(state: MemoryState | None = None, rate: Rate = FREE) -> Pacer:
    """A door's pacer, in front of a state of its own unless one is given."""
    return Pacer("genius", rate, state or MemoryState(), longest_wait=60.0)


async def fail(door: Pacer, times: int) -> None:
    """So many failed attempts in a row."""
    for _ in range(times):
        is_probe = await door.take_turn()
        await door.record(failed=True, is_probe=is_probe)


@pytest.mark.parametrize(
    "rate", ["", "often", "5", "-1/minute", "5/lightyear", "0/minute", "5/0 minutes", "5.5/minute"]
)
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    """The error names the source and shows how a rate is written."""
    with pytest.raises(ConfigError, match=r"genius.*60/minute"):
        parse_rate("genius", rate)


@pytest.mark.parametrize(
    ("text", "requests", "window"),
    [("60/minute", 60, 60), ("10 per second", 10, 1), ("100/5 minutes", 100, 300), (" 7 / Hour ", 7, 3600)],
)
def test_a_rate_is_read(text: str, requests: int, window: float) -> None:
    """A number, a unit, and perhaps how many of them."""
    assert parse_rate("genius", text) == Rate(requests, window)


@given(st.integers(1, 10**6), st.sampled_from([1.0, 60.0, 3600.0]))
def test_spaced_turns_fit_the_window_also_when_they_are_used_late(requests: int, window: float) -> None:
    """One more turn than the rate has takes longer than the window, whatever of a lease the first was late."""
    rate = Rate(requests, window)
    assert requests * rate.spacing_s - rate.lease_s > window
    assert 1 <= rate.burst <= max(1, requests // 2)


async def test_a_rate_lets_so_many_pass_and_the_rest_wait() -> None:
    """Of five at a rate of three a second, a second has no more than three, and they pass in order."""
    door = pacer(rate=Rate(3, 1.0))
    passed: list[tuple[float, int]] = []

    async def one(number: int) -> None:
        await door.take_turn()
        passed.append((time.monotonic(), number))

    await asyncio.gather(*(one(number) for number in range(5)))
    assert [number for _, number in passed] == list(range(5))
    assert all(later[0] - earlier[0] > 0.9 for earlier, later in zip(passed, passed[3:], strict=False))


async def test_a_rested_source_is_asked_a_few_times_at_once() -> None:
    """A song alone does not wait a second for each of its requests; what comes after it waits for what was drawn."""
    door = pacer(rate=Rate(600, 60.0))
    started = time.monotonic()
    passed = []
    for _ in range(7):
        await door.take_turn()
        passed.append(time.monotonic() - started)
    assert passed[6] > 0.6
    assert passed[6] - passed[4] > passed[4] - passed[0]


async def test_a_wide_rate_is_asked_for_in_batches() -> None:
    """Hundreds of requests a second take a handful of questions to the store."""
    state = MemoryState()
    door = pacer(state)
    for _ in range(500):
        await door.take_turn()
        await door.record(failed=False, is_probe=False)
    assert len(state.asked) < 25


async def test_turns_that_lay_too_long_are_lost() -> None:
    """They were part of a window that is over."""
    state = MemoryState()
    door = pacer(state, Rate(6_000, 60.0))
    for _ in range(4):
        await door.take_turn()
    await asyncio.sleep(0.6)
    asked = len(state.asked)
    await door.take_turn()
    assert state.asked[asked][0] == "reserve"


async def test_four_failures_leave_it_closed() -> None:
    """Fewer failures in a row than five change nothing."""
    door = pacer()
    await fail(door, 4)
    assert not await door.take_turn()


async def test_a_success_between_failures_starts_the_count_anew() -> None:
    """Only failures in a row count."""
    door = pacer()
    await fail(door, 4)
    await door.record(failed=False, is_probe=False)
    await fail(door, 4)
    assert not await door.take_turn()


async def test_five_failures_open_it() -> None:
    """The message says who is left alone, and for how long."""
    door = pacer()
    await fail(door, 5)
    with pytest.raises(SourceError, match=r"genius failed 5 times in a row.*try again in 60 s"):
        await door.take_turn()


async def test_one_probe_is_admitted_and_its_success_closes_it() -> None:
    """After the pause one attempt passes. While it is under way another process is turned away, and ours waits."""
    state = MemoryState(open_s=0.2)
    door = pacer(state)
    await fail(door, 5)
    await asyncio.sleep(0.25)
    assert await door.take_turn()
    with pytest.raises(SourceError):
        await pacer(state).take_turn()
    waiting = asyncio.create_task(door.take_turn())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await door.record(failed=False, is_probe=True)
    assert not await waiting
    assert not await door.take_turn()


async def test_a_failed_probe_turns_away_those_who_waited_for_it() -> None:
    """They are told to try again later, as everybody is."""
    door = pacer(MemoryState(open_s=0.2))
    await fail(door, 5)
    await asyncio.sleep(0.25)
    assert await door.take_turn()
    waiting = [asyncio.create_task(door.take_turn()) for _ in range(2)]
    await asyncio.sleep(0.01)
    await door.record(failed=True, is_probe=True)
    for turn in waiting:
        with pytest.raises(SourceError, match="left alone"):
            await turn


async def test_a_failed_probe_opens_it_again() -> None:
    """The pause begins anew."""
    door = pacer(MemoryState(open_s=0.2))
    await fail(door, 5)
    await asyncio.sleep(0.25)
    await fail(door, 1)
    with pytest.raises(SourceError):
        await door.take_turn()


async def test_a_probe_that_was_given_up_leaves_room_for_another() -> None:
    """A cancelled attempt has learnt nothing and blocks nobody."""
    door = pacer(MemoryState(open_s=0.2))
    await fail(door, 5)
    await asyncio.sleep(0.25)
    assert await door.take_turn()
    await door.record(failed=None, is_probe=True)
    assert await door.take_turn()


async def test_another_process_that_parks_the_source_stops_this_one() -> None:
    """What was known a moment ago is not relied on for long; the error says until when."""
    state = MemoryState()
    door = pacer(state)
    await door.take_turn()
    await state.park("genius", 7_000.0, "429")
    await asyncio.sleep(0.3)
    with pytest.raises(RateLimited, match=r"genius asks for a wait of 7000 s \(429\): go on after \d{4}-") as raised:
        await door.take_turn()
    assert 6_990 < (raised.value.retry_after or 0) <= 7_000


async def test_a_short_pause_is_waited_for() -> None:
    """Nobody is sent away for a second."""
    state = MemoryState()
    door = pacer(state)
    await door.take_turn()
    await door.slow_down(0.2, sent_s=0.01)
    await door.take_turn()
    assert time.monotonic() >= state.parked_until
    assert state.slowed == [0.01]


async def test_a_cancelled_wait_leaves_its_turn_to_the_next() -> None:
    """Whoever gives up holds nobody up."""
    state = MemoryState()
    door = pacer(state, Rate(1, 0.8))
    await door.take_turn()
    waiting = asyncio.create_task(door.take_turn())
    await asyncio.sleep(0.1)
    reserved = state.asked.count(("reserve", 1))
    waiting.cancel()
    await door.take_turn()
    assert state.asked.count(("reserve", 1)) == reserved


def test_the_delay_follows_latency() -> None:
    """A slow answer lengthens it at once, quick ones shorten it in halves, and an error never does."""
    slow = next_delay(0.0, 2.0, answered=True)
    assert slow == 2.0 / TARGET_IN_FLIGHT
    assert next_delay(slow, 0.0, answered=True) == slow / 2
    assert next_delay(slow, 0.0, answered=False) == slow
    assert next_delay(0.0, 2.0, answered=False) == slow


async def test_a_slow_source_is_asked_less_often() -> None:
    """Turns are no closer than its latency allows, whatever the rate."""
    door = pacer()
    door.time_answer(2.0, answered=True)
    started = time.monotonic()
    for _ in range(8):
        await door.take_turn()
    assert time.monotonic() - started > 0.15


@pytest.mark.parametrize("heeds_latency", [True, False])
async def test_a_door_may_leave_latency_out_of_account(heeds_latency: bool) -> None:
    """Answers of a minute, good and bad: the turns are reserved with a delay, or with the rate's spacing alone."""
    state = MemoryState()
    door = Pacer("chat", FREE, state, longest_wait=60.0, heeds_latency=heeds_latency)
    for answered in (True, False):
        door.time_answer(60.0, answered=answered)
    await door.take_turn()
    assert state.delays == [60.0 / TARGET_IN_FLIGHT if heeds_latency else 0.0]
