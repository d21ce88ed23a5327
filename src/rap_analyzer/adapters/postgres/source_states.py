"""How each source stands, in PostgreSQL: what Redis only has a copy of, and all that there is without Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer import telemetry
from rap_analyzer.domain.pacing import (
    FAILURES_TO_OPEN,
    OPEN_S,
    PROBE_S,
    RECOVERY_S,
    SLOWEST_PACE,
    Standing,
    Turns,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.domain.pacing import Rate

KEEPER = "postgresql"
HANDOVER_S = 2.5
"""Seconds that a new keeper of the turns waits: the others learn of it within one, and have no turn left after that."""


class SourceStates:
    """`ports.SharedState` in PostgreSQL.

    Args:
        database: the writer's.
        open_s: seconds that a breaker stays open.
        probe_s: seconds after which a probe that says nothing is taken for dead.
    """

    def __init__(self, database: Database, open_s: float = OPEN_S, probe_s: float = PROBE_S) -> None:
        self._database = database
        self._open_s = open_s
        self._probe_s = probe_s
        self._made: set[str] = set()

    async def reserve(self, source: str, rate: Rate, delay_s: float, count: int) -> Turns:
        """Up to `count` of the next turns; the keeping of turns is taken over from Redis when it has it."""
        turns = await self.reserve_kept(source, rate, delay_s, count)
        if turns.standing.keeper == KEEPER:
            return turns
        await self.choose_keeper(source, KEEPER, HANDOVER_S + rate.spacing_s)
        return await self.reserve_kept(source, rate, delay_s, count)

    async def reserve_kept(self, source: str, rate: Rate, delay_s: float, count: int) -> Turns:
        """The same, but no turns when they are not PostgreSQL's to give."""
        row = await self._row(
            "reserve_turns",
            source,
            spacing_s=rate.spacing_s,
            burst=rate.burst,
            delay_s=delay_s,
            count=count,
            threshold=FAILURES_TO_OPEN,
            recovery_s=RECOVERY_S,
        )
        return Turns(standing_of(row), row["count"], row["wait_s"], row["spacing_s"], row["free_s"])

    async def admit(self, source: str) -> Standing:
        """How the source stands now; where its breaker's pause is over, the first who asks becomes the probe."""
        standing = standing_of(await self.load(source))
        if standing.is_closed or standing.open_s or standing.parked_s:
            return standing
        claimed = await self._change("claim_probe", source, threshold=FAILURES_TO_OPEN, probe_s=self._probe_s)
        return standing_of(await self.load(source), is_probe=claimed)

    async def record(self, source: str, *, failed: bool | None) -> Standing:
        """How an attempt ended; None when it was a probe that was given up before it told anything."""
        if failed is None:
            await self._change("drop_probe", source)
        elif failed:
            await self._change("record_source_failure", source, threshold=FAILURES_TO_OPEN, open_s=self._open_s)
        else:
            await self._change("record_source_success", source)
        return standing_of(await self.load(source))

    async def park(self, source: str, seconds: float, why: str) -> None:
        """Leave the source alone for so long, in every process; what it asked for before and is longer stays."""
        await self._change("park_source", source, seconds=seconds, why=why)

    async def slow_down(self, source: str, rate: Rate, sent_s: float) -> None:
        """Double the spacing because an attempt that was sent `sent_s` seconds ago came too soon; it recovers."""
        await self._change(
            "slow_source",
            source,
            spacing_s=rate.spacing_s,
            sent_s=sent_s,
            recovery_s=RECOVERY_S,
            slowest=SLOWEST_PACE,
        )

    async def load(self, source: str) -> Mapping[str, Any]:
        """The row of a source, its times as seconds from now."""
        return await self._row("load_source_standing", source, recovery_s=RECOVERY_S)

    async def choose_keeper(self, source: str, keeper: str, handover_s: float) -> None:
        """Let `postgresql` or `redis` count the turns; a new keeper gives none before `handover_s` seconds are over."""
        await self._change("choose_keeper", source, keeper=keeper, handover_s=handover_s)

    async def _row(self, name: str, source: str, **parameters: Any) -> dict[str, Any]:
        while not (rows := await self._timed(name, source, parameters)):
            self._made.discard(source)
        return rows[0]

    async def _change(self, name: str, source: str, **parameters: Any) -> bool:
        """Whether a row was changed."""
        return bool(await self._timed(name, source, parameters))

    async def _timed(self, name: str, source: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        with telemetry.shared_state_seconds.labels(KEEPER).time():
            if source not in self._made:
                await self._database.fetch("make_source_state", {"source": source})
                self._made.add(source)
            return await self._database.fetch(name, {"source": source, **parameters})


def standing_of(row: Mapping[str, Any], *, is_probe: bool = False) -> Standing:
    """The part of a row that a door must know."""
    return Standing(
        keeper=row["keeper"],
        parked_s=row["parked_s"],
        parked_why=row["parked_why"],
        open_s=row["open_s"],
        failures=row["failures"],
        is_probe=is_probe,
    )
