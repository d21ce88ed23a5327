"""How politely a source is asked: rates, turns, and what is known of how the source stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rap_analyzer.domain.errors import ConfigError

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400, "year": 365 * 86_400}
WRITTEN = re.compile(rf"\s*(\d{{1,12}})\s*(?:/|per)\s*(\d{{1,6}})?\s*({'|'.join(UNITS)})s?\s*", re.IGNORECASE)
LARGEST_BURST = 5
"""A song that is asked for alone takes five requests: search, list, robots.txt, metadata, page."""
GUARD_SHARE, GUARD_S = 0.01, 0.02
LONGEST_LEASE_S = 0.25

FAILURES_TO_OPEN = 5
OPEN_S = 60.0
PROBE_S = 150.0
"""A probe that has not said within this time how it ended is taken for dead; an attempt takes 120 s at most."""
SLOWEST_PACE = 1 / 64
RECOVERY_S = 120.0
"""Seconds in which a source that was slowed to a standstill would be back at its full rate."""
TARGET_IN_FLIGHT = 32
"""Requests that a source should have to work on at once, whoever sent them."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any window of `window_s` seconds, as the source counts them."""

    requests: int
    window_s: float

    @property
    def spacing_s(self) -> float:
        """Seconds from one turn to the next.

        A little more than the window holds: a turn may be used late by a lease and the way to the source takes now
        more and now less, and for the source none of this may put one request too many into a window.
        """
        return (self.window_s * (1 + GUARD_SHARE) + GUARD_S) / self.requests

    @property
    def lease_s(self) -> float:
        """Seconds after which a turn that was reserved and not used is lost, in (0, 0.25]."""
        return min(LONGEST_LEASE_S, (self.window_s * GUARD_SHARE + GUARD_S) / 2)

    @property
    def burst(self) -> int:
        """Turns of a rested source that may be used at once. They are drawn forward, not added to the rate."""
        return max(1, min(LARGEST_BURST, self.requests // 2))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands, by the clock of the store that all processes share.

    Attributes:
        keeper: who counts the turns; a turn that another keeper gave is void.
        parked_s: seconds for which the source wants to be left alone; 0 for none.
        parked_why: what it said.
        open_s: seconds for which the breaker stays open, or a probe may be under way; 0 when someone may ask.
        failures: failed attempts in a row, of all processes.
        is_probe: whether this attempt, alone of all, is to find out if the source works again.
    """

    keeper: str
    parked_s: float = 0.0
    parked_why: str = ""
    open_s: float = 0.0
    failures: int = 0
    is_probe: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether the breaker lets everybody pass."""
        return self.failures < FAILURES_TO_OPEN


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns that one process has reserved.

    Attributes:
        standing: how the source stood at that moment; there are no turns while it is parked or its breaker is open.
        count: how many.
        wait_s: seconds until the first.
        spacing_s: seconds from one to the next.
        free_s: turns that come within this many seconds may be used now: the source has rested.
    """

    standing: Standing
    count: int = 0
    wait_s: float = 0.0
    spacing_s: float = 0.0
    free_s: float = 0.0


def parse_rate(source: str, text: str) -> Rate:
    """The rate that a setting such as `60/minute`, `10 per second` or `100/5 minutes` means.

    Raises:
        ConfigError: it is none; the message names the source.
    """
    found = WRITTEN.fullmatch(text)
    if not found or not int(found[1]) or found[2] == "0":
        raise ConfigError(f"{text!r} is no rate of requests to {source}: write one such as 60/minute.")
    return Rate(int(found[1]), float(int(found[2] or 1) * UNITS[found[3].lower()]))


def next_delay(delay_s: float, latency_s: float, *, answered: bool) -> float:
    """Seconds between requests that suit a source's latency: the rule of Scrapy's AutoThrottle.

    A source that becomes slow is asked less often at once, and more often again in halves; an error, which often
    comes quickly, never shortens the delay. The rate bounds it from below; the longest attempt bounds it from above.
    The rule is for web sites, where a slow answer is a sign of strain; doors to chat models do not follow it.

    Args:
        delay_s: the delay until now.
        latency_s: how long the answer took.
        answered: whether it was an answer; False for an error.
    """
    aim = latency_s / TARGET_IN_FLIGHT
    following = max(aim, (delay_s + aim) / 2)
    return following if answered else max(delay_s, following)
