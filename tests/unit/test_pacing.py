"""Rates are kept, and a service that is down is left alone."""

from __future__ import annotations

import asyncio
import time

import pytest

from rap_analyzer.adapters.pacing import Breaker, MovingWindow
from rap_analyzer.domain.errors import ConfigError, SourceError


async def fail(breaker: Breaker, times: int) -> None:
    """So many failed attempts in a row."""
    for _ in range(times):
        await breaker.admit()
        await breaker.record(failed=True)


async def test_a_rate_lets_so_many_pass_and_the_rest_wait() -> None:
    """Of five at a rate of three a second, two wait until the window has moved on."""
    window = MovingWindow("genius", "3/second")
    passed: list[float] = []

    async def one() -> None:
        await window.acquire()
        passed.append(time.monotonic())

    started = time.monotonic()
    await asyncio.gather(*(one() for _ in range(5)))
    waits = [moment - started for moment in passed]
    assert max(waits[:3]) < 0.5
    assert min(waits[3:]) > 0.8


@pytest.mark.parametrize("rate", ["", "often", "5", "-1/minute", "5/lightyear"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    """The error names the source and shows how a rate is written."""
    with pytest.raises(ConfigError, match=r"genius.*60/minute"):
        MovingWindow("genius", rate)


async def test_four_failures_leave_it_closed() -> None:
    """Fewer failures in a row than five change nothing."""
    breaker = Breaker("genius")
    await fail(breaker, 4)
    await breaker.admit()


async def test_a_success_between_failures_starts_the_count_anew() -> None:
    """Only failures in a row count."""
    breaker = Breaker("genius")
    await fail(breaker, 4)
    await breaker.record(failed=False)
    await fail(breaker, 4)
    await breaker.admit()


async def test_five_failures_open_it() -> None:
    """The message says who is left alone, and for how long."""
    breaker = Breaker("genius")
    await fail(breaker, 5)
    with pytest.raises(SourceError, match=r"genius failed 5 times in a row.*try again in 60 s"):
        await breaker.admit()


async def test_one_probe_is_admitted_and_its_success_closes_it() -> None:
    """After the pause one attempt passes, others do not while it is under way."""
    breaker = Breaker("genius", open_s=0.05)
    await fail(breaker, 5)
    await asyncio.sleep(0.06)
    await breaker.admit()
    with pytest.raises(SourceError):
        await breaker.admit()
    await breaker.record(failed=False)
    await breaker.admit()
    await breaker.admit()


async def test_a_failed_probe_opens_it_again() -> None:
    """The pause begins anew."""
    breaker = Breaker("genius", open_s=0.05)
    await fail(breaker, 5)
    await asyncio.sleep(0.06)
    await fail(breaker, 1)
    with pytest.raises(SourceError):
        await breaker.admit()


async def test_a_probe_that_was_given_up_leaves_room_for_another() -> None:
    """A cancelled attempt has learnt nothing and blocks nobody."""
    breaker = Breaker("genius", open_s=0.05)
    await fail(breaker, 5)
    await asyncio.sleep(0.06)
    await breaker.admit()
    await breaker.record(failed=None)
    await breaker.admit()
