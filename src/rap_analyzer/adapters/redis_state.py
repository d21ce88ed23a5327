"""How each source stands, in Redis: quick turns, and a copy of what PostgreSQL keeps for good."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from rap_analyzer import telemetry
from rap_analyzer.adapters.postgres.source_states import HANDOVER_S, KEEPER
from rap_analyzer.domain.pacing import FAILURES_TO_OPEN, LONGEST_LEASE_S, RECOVERY_S, Standing, Turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

    from rap_analyzer.adapters.postgres.source_states import SourceStates
    from rap_analyzer.domain.pacing import Rate

log = structlog.get_logger(__name__)

NAMESPACE = "rap:v1:source:"
REDIS = "redis"
ANSWER_S = 1.0
"""Seconds; a Redis that takes longer is of no use."""
LOOK_S = 1.0
"""Seconds for which a process relies on what PostgreSQL said of the keeper."""
RETRY_S = 10.0
"""Seconds that a Redis that was of no use is left alone."""
LIVES_MS = 86_400_000
ATTEMPTS = 3

# A turn that was given before the key was lost says another epoch than the key has now, and is void.
ASKING = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local names = {'epoch', 'next', 'free', 'changes', 'pace', 'paced_at', 'failures', 'open_until', 'parked_until', 'why'}
local values = redis.call('HMGET', KEYS[1], unpack(names))
local known = {}
for i, name in ipairs(names) do known[name] = tonumber(values[i]) or values[i] end
local function text(number) return string.format('%.6f', number) end
"""

READ = """
if not known.epoch then return false end
local parked_s = math.max(0, known.parked_until - now)
local open_s = math.max(0, known.open_until - now)
"""

STANDING = (
    ASKING
    + READ
    + """
return {values[1], values[7], text(parked_s), values[10], text(open_s)}
"""
)

RESERVE = (
    ASKING
    + READ
    + """
local rate_s, burst, delay_s, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local threshold, recovery_s = tonumber(ARGV[5]), tonumber(ARGV[6])
local pace = math.min(1, known.pace + (now - known.paced_at) / recovery_s)
local spacing = math.max(rate_s / pace, delay_s)
if parked_s > 0 or open_s > 0 then count = 0 elseif known.failures >= threshold then count = 1 end
local first = math.max(known.next, now)
local free = known.free
if count > 0 then
    if pace == 1 and known.next + (burst - 1) * spacing <= now then free = now + burst * spacing end
    redis.call('HSET', KEYS[1], 'next', text(first + count * spacing), 'free', text(free))
    redis.call('PEXPIRE', KEYS[1], ARGV[7])
end
return {values[1], values[7], text(parked_s), values[10], text(open_s),
    count, text(first - now), text(spacing), text(math.max(0, free - now))}
"""
)

COPY = (
    ASKING
    + """
local begins, wait_s, changes = ARGV[1] == 'begin', tonumber(ARGV[2]), tonumber(ARGV[3])
if begins or not known.epoch then
    redis.call('HSET', KEYS[1], 'epoch', clock[1] .. '.' .. clock[2], 'free', '0',
        'next', text(math.max(known.next or 0, now + wait_s)))
end
if begins or not known.epoch or changes >= known.changes then
    redis.call('HSET', KEYS[1], 'changes', ARGV[3], 'pace', ARGV[4], 'paced_at', text(now), 'failures', ARGV[5],
        'open_until', text(now + tonumber(ARGV[6])), 'parked_until', text(now + tonumber(ARGV[7])), 'why', ARGV[8])
end
redis.call('PEXPIRE', KEYS[1], ARGV[9])
return 1
"""
)


class _Away(Exception):
    """Redis was of no use just now, and PostgreSQL counts the turns again."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What PostgreSQL said, and when it was asked by this process's clock."""

    row: Mapping[str, Any]
    at: float

    @property
    def is_redis(self) -> bool:
        return bool(self.row["keeper"] == REDIS)


class RedisState:
    """`ports.SharedState` that counts turns in Redis and has PostgreSQL behind it.

    Breaker, parking and pace are written to PostgreSQL, which changes them seldom, and copied to Redis. PostgreSQL also
    says who counts the turns: each process asks once a second, so that all change sides together, and whoever is new
    begins only when no turn of the other's can be left. Whatever Redis loses, no limit is passed.

    Args:
        redis: the client; it must not try again by itself.
        behind: what counts when Redis does not.
        namespace: how its keys begin.
        retry_s: seconds that a Redis that was of no use is left alone.
    """

    def __init__(
        self, redis: Redis, behind: SourceStates, namespace: str = NAMESPACE, retry_s: float = RETRY_S
    ) -> None:
        self._redis = redis
        self._behind = behind
        self._namespace = namespace
        self._retry_s = retry_s
        self._reserve, self._standing, self._copy = (redis.register_script(s) for s in (RESERVE, STANDING, COPY))
        self._looks: dict[str, _Look] = {}
        self._copied: dict[str, int] = {}
        self._spacings: dict[str, float] = {}
        self._is_away = False

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def reserve(self, source: str, rate: Rate, delay_s: float, count: int) -> Turns:
        """Up to `count` of the next turns, from whom it is to count them."""
        self._spacings[source] = rate.spacing_s
        try:
            if (await self._look(source)).is_redis or await self._begin(source):
                numbers = (rate.spacing_s, rate.burst, delay_s, count, FAILURES_TO_OPEN, RECOVERY_S, LIVES_MS)
                return _turns(await self._answer(source, self._reserve, numbers))
        except _Away:
            self._looks.pop(source, None)
        turns = await self._behind.reserve_kept(source, rate, delay_s, count)
        if turns.standing.keeper != KEEPER:
            self._looks.pop(source, None)
        return turns

    async def admit(self, source: str) -> Standing:
        """How the source stands now; a probe is let pass by PostgreSQL alone."""
        try:
            if (await self._look(source)).is_redis:
                standing = _standing(await self._answer(source, self._standing, ()))
                if standing.is_closed or standing.parked_s or standing.open_s:
                    return standing
                claimed = await self._behind.admit(source)
                await self._put(source, "copy")
                return replace(claimed, keeper=standing.keeper)
        except _Away:
            self._looks.pop(source, None)
        return await self._behind.admit(source)

    async def record(self, source: str, *, failed: bool | None) -> Standing:
        """How an attempt ended; None when it was a probe that was given up before it told anything."""
        standing = await self._behind.record(source, failed=failed)
        kept = await self._mirror(source)
        return replace(standing, keeper=kept or standing.keeper)

    async def park(self, source: str, seconds: float, why: str) -> None:
        """Leave the source alone for so long, in every process; what it asked for before and is longer stays."""
        await self._behind.park(source, seconds, why)
        await self._mirror(source)

    async def slow_down(self, source: str, rate: Rate, sent_s: float) -> None:
        """Double the spacing because an attempt, sent `sent_s` seconds ago, came too soon; it recovers with time."""
        await self._behind.slow_down(source, rate, sent_s)
        await self._mirror(source)

    async def _look(self, source: str) -> _Look:
        """What PostgreSQL said of the source, a second ago at most; what Redis lacks of it is copied."""
        known = self._looks.get(source)
        if known and time.monotonic() - known.at < LOOK_S:
            return known
        at = time.monotonic()
        look = self._looks[source] = _Look(await self._behind.load(source), at)
        if look.is_redis and look.row["changes"] != self._copied.get(source):
            await self._put(source, "copy")
        elif known and known.is_redis and not look.is_redis:
            # Another process found it away: what is left of our connections would say so again when it is back.
            await self._redis.connection_pool.disconnect()
        return look

    async def _begin(self, source: str) -> bool:
        """Whether Redis could be made the one who counts the turns; not tried soon after it failed."""
        look = self._looks[source]
        if look.row["kept_s"] + time.monotonic() - look.at < self._retry_s:
            return False
        await self._put(source, "begin")
        await self._behind.choose_keeper(source, REDIS, 0.0)
        self._looks.pop(source, None)
        if self._is_away:
            log.info("Redis is used again for what all processes share", source=source)
            self._is_away = False
        return True

    async def _mirror(self, source: str) -> str:
        """Copy what was changed to a Redis that counts the turns; who counts them."""
        try:
            if (await self._look(source)).is_redis:
                await self._put(source, "copy")
                return _standing(await self._answer(source, self._standing, ())).keeper
        except _Away:
            self._looks.pop(source, None)
        return ""

    async def _put(self, source: str, how: str) -> None:
        """Bring the copy in Redis up to date; one that was lost begins when the turns it gave are used.

        Args:
            source: whose.
            how: `copy`, or `begin` where Redis is to count the turns from now on.
        """
        row = await self._behind.load(source)
        # Turns given before may still be in use: PostgreSQL's, unless it gave none for long, or those of a lost copy.
        still_s = max(0.0, HANDOVER_S - row["rested_s"]) if how == "begin" else 2 * LONGEST_LEASE_S
        wait_s = self._spacings.get(source, 0.0) + still_s
        numbers = (how, wait_s, row["changes"], row["pace"], row["failures"], row["open_s"], row["parked_s"])
        await self._run(source, self._copy, (*numbers, row["parked_why"], LIVES_MS))
        self._copied[source] = row["changes"]

    async def _answer(self, source: str, script: AsyncScript, arguments: Sequence[Any]) -> list[bytes]:
        """What the script says; the copy is made anew when Redis has lost it."""
        for _ in range(ATTEMPTS):
            if answer := await self._run(source, script, arguments):
                return list(answer)
            await self._put(source, "copy")
        reason = f"it loses {self._namespace}{source} as soon as it is written"
        await self._leave(source, reason)
        raise _Away(reason)

    async def _run(self, source: str, script: AsyncScript, arguments: Sequence[Any]) -> Any:
        from redis.exceptions import RedisError

        try:
            with telemetry.shared_state_seconds.labels(REDIS).time():
                async with asyncio.timeout(ANSWER_S):
                    return await script(keys=[self._namespace + source], args=list(arguments))
        except (RedisError, OSError, TimeoutError) as error:
            await self._leave(source, str(error) or type(error).__name__)
            raise _Away from error

    async def _leave(self, source: str, reason: str) -> None:
        """PostgreSQL counts the turns from now on, for every process."""
        if not self._is_away:
            log.warning("Redis is of no use; PostgreSQL keeps what all processes share", reason=reason)
        self._is_away = True
        await self._redis.connection_pool.disconnect()
        await self._behind.choose_keeper(source, KEEPER, HANDOVER_S + self._spacings.get(source, 0.0))


def connect_state(
    host: str,
    port: int,
    db: int,
    password: str,
    behind: SourceStates,
    *,
    namespace: str = NAMESPACE,
    retry_s: float = RETRY_S,
) -> RedisState:
    """The shared state on that Redis; connects when first used.

    Args:
        host: where it is.
        port: its port.
        db: number of its database.
        password: empty for none.
        behind: what counts when Redis does not.
        namespace: how its keys begin.
        retry_s: seconds that a Redis that was of no use is left alone.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    redis = Redis(
        host=host,
        port=port,
        db=db,
        password=password or None,
        socket_timeout=None,  # `_run` has a timeout; the client's own one swallows cancellations before Python 3.12
        socket_connect_timeout=None,
        retry=Retry(NoBackoff(), 0),  # it would try again for longer than we wait
    )
    return RedisState(redis, behind, namespace, retry_s)


def _standing(answer: Sequence[bytes]) -> Standing:
    epoch, failures, parked_s, why, open_s = answer[:5]
    return Standing(f"{REDIS} {epoch.decode()}", float(parked_s), why.decode(), float(open_s), int(failures))


def _turns(answer: Sequence[bytes]) -> Turns:
    count, wait_s, spacing_s, free_s = answer[5:]
    return Turns(_standing(answer), int(count), float(wait_s), float(spacing_s), float(free_s))
