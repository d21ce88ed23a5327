"""How the cache lies in Redis, and how processes share it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from caches import LONG_TEXT, Maker, connected, failures, until
from rap_analyzer.adapters import cache as cache_module
from rap_analyzer.adapters.cache_values import LIFETIMES, PLAIN
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.settings import load_settings
from rap_analyzer.wiring import connect_cache

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Rap

    from redis_server import RedisServer

PASSWORD = "open-sesame"  # noqa: S105


async def test_every_key_has_the_namespace_and_an_expiry(own_redis: RedisServer) -> None:
    """Values, songs, marks, locks and the probe; values of a kind live as long as the table says."""
    async with connected(own_redis) as cache:
        for kind in LIFETIMES:
            await cache.set(f"{kind}:1", kind)
        await cache.set("no-such-kind", 1)
        await cache.cache_artist_songs("Ann Example", ["x"])
        await cache.mark_song_processed("genius", "1")
        await cache.status()
        making = asyncio.create_task(cache.once("page:slow", Maker(seconds=600)))
        await until(lambda: asyncio.to_thread(lambda: "rap:v1:lock:page:slow" in own_redis.held()))
        lives = {key: own_redis.run("PTTL", key) for key in own_redis.held()}
        making.cancel()
    assert len(lives) == len(LIFETIMES) + 5
    assert all(key.startswith("rap:v1:") for key in lives)
    assert all(milliseconds > 0 for milliseconds in lives.values())
    for kind, seconds in LIFETIMES.items():
        assert (seconds - 60) * 1_000 < lives[f"rap:v1:{kind}:1"] <= seconds * 1_000


async def test_long_values_are_deflated_in_redis(own_redis: RedisServer) -> None:
    """And short ones are not."""
    async with connected(own_redis) as cache:
        await cache.set("page:1", LONG_TEXT)
        await cache.set("page:2", "short")
    assert own_redis.run("STRLEN", "rap:v1:page:1") < 500
    assert own_redis.run("GET", "rap:v1:page:2") == PLAIN + b'"short"'


async def test_what_others_wrote_under_our_keys_is_a_miss(own_redis: RedisServer) -> None:
    """Garbage of any shape and type; Redis goes on being used, and a value written anew is read."""
    own_redis.run("SET", "rap:v1:song:1", b"\x93garbage")
    own_redis.run("SADD", "rap:v1:song:2", "1")
    own_redis.run("SET", next(iter(cache_module._marks_keys("genius"))), "no set")
    async with connected(own_redis) as cache:
        with capture_logs() as logs:
            assert [await cache.get(f"song:{number}") for number in (1, 2)] == [None, None]
            assert await cache.once("song:2", Maker("new")) == "new"
            await cache.mark_song_processed("genius", "1")
            assert await cache.are_songs_processed("genius", ["1", "2"]) == [True, False]
        assert logs == []
    assert own_redis.run("GET", "rap:v1:song:2") == PLAIN + b'"new"'


async def test_marks_are_kept_past_midnight_and_go_after_another_day(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each lies in the set of its day, and two days are looked at."""
    now = 1_000 * 86_400.0 - 1
    monkeypatch.setattr(cache_module, "time", SimpleNamespace(time=lambda: now, monotonic=time.monotonic))
    async with connected(own_redis) as cache:
        await cache.mark_song_processed("genius", "1")
        seen = []
        for later in (0, 2, 86_400, 86_402):
            now = 1_000 * 86_400.0 - 1 + later
            seen.append(await cache.is_song_processed("genius", "1"))
    assert seen == [True, True, True, False]


async def test_one_of_many_processes_makes_a_missing_value(own_redis: RedisServer) -> None:
    """Each cache has connections of its own, as processes do."""
    make = Maker([1, 2])
    async with connected(own_redis) as a, connected(own_redis) as b, connected(own_redis) as c:
        made = await asyncio.gather(*(one.once("list:1", make) for one in (a, b, c, a, b, c)))
    assert made == [[1, 2]] * 6
    assert make.calls == 1
    assert own_redis.held() == ["rap:v1:list:1"]


KILLED = """
import asyncio, sys
from rap_analyzer.adapters.cache import connect_redis

async def make():
    print("making", flush=True)
    await asyncio.sleep(600)

asyncio.run(connect_redis("127.0.0.1", int(sys.argv[1]), 0).once("list:1", make, patience=1.0))
"""


async def test_a_killed_maker_holds_nobody_up_for_longer_than_his_lock(own_redis: RedisServer) -> None:
    """After its expiry one of those who wait makes the value, and only one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(own_redis.port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"making\n"
    process.kill()
    await process.communicate()
    assert own_redis.held() == ["rap:v1:lock:list:1"]
    make = Maker("survivor")
    async with connected(own_redis) as a, connected(own_redis) as b, asyncio.timeout(30):
        made = await asyncio.gather(*(one.once("list:1", make, patience=5.0) for one in (a, b, a)))
    assert made == ["survivor"] * 3
    assert make.calls == 1


async def test_a_late_maker_leaves_the_lock_of_his_successor(own_redis: RedisServer) -> None:
    """He deletes only what is his own."""
    async with connected(own_redis) as cache:
        making = asyncio.create_task(cache.once("list:1", Maker(seconds=1.0)))
        await until(lambda: asyncio.to_thread(lambda: own_redis.held() == ["rap:v1:lock:list:1"]))
        own_redis.run("SET", "rap:v1:lock:list:1", "another's", "PX", "60000")
        assert await making == "made"
    assert own_redis.run("GET", "rap:v1:lock:list:1") == b"another's"


@pytest.mark.parametrize("password", ["wrong-sesame", ""])
async def test_a_refused_password_is_an_error_from_the_start(
    new_redis: Callable[..., RedisServer], password: str
) -> None:
    """A wrong one, and none where one is wanted: one sentence with the setting, without the password."""
    server = new_redis("--requirepass", PASSWORD)
    settings = load_settings(redis_host="127.0.0.1", redis_port=server.port, redis_password=password)
    cache = connect_cache(settings)
    with (
        capture_logs() as logs,
        pytest.raises(ConfigError, match=rf"Redis at 127.0.0.1:{server.port} refuses us .*REDIS_PASSWORD") as caught,
    ):
        await cache.check_access()
    await cache.close()
    assert logs == [], "told once"
    assert not password or password not in str(caught.value)


async def test_a_redis_that_is_away_is_no_error(free_port: Callable[[], int]) -> None:
    """It may come back; until then memory stands in."""
    cache = connect_cache(load_settings(redis_host="127.0.0.1", redis_port=free_port()))
    await cache.check_access()
    assert await cache.status() == "unavailable"
    await cache.close()


def test_commands_tell_a_refused_password_and_the_doctor_still_looks_on(
    new_redis: Callable[..., RedisServer], rap: Rap, data_dir: Callable[[], Path]
) -> None:
    """A problem with its code; what does not need Redis is looked at all the same."""
    server, folder = new_redis("--requirepass", PASSWORD), data_dir()

    def run(*command: str, password: str) -> subprocess.CompletedProcess[str]:
        where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(server.port), "REDIS_PASSWORD": password}
        return rap(*command, data_dir=folder, given=b"", **where)

    doctor = run("doctor", "--quick", password="wrong-sesame")
    assert doctor.returncode == 1
    assert re.search(r"^problem Redis .*refuses us", doctor.stdout, re.MULTILINE)
    assert re.search(r"^ok +PostgreSQL", doctor.stdout, re.MULTILINE)
    assert doctor.stdout.endswith("\n1 problem\n")
    told = json.loads(run("doctor", "--quick", "--json", password="wrong-sesame").stdout)
    assert told["problems"] == 1
    assert [one["subject"] for one in told["findings"] if one["level"] == "problem"] == ["Redis"]
    search = run("search", "anything", password="wrong-sesame")
    assert search.returncode == EXIT_CODES[ConfigError]
    assert search.stderr.startswith("Error: Redis at ")
    assert run("doctor", "--quick", password=PASSWORD).returncode == 0


async def test_redis_may_want_a_password(new_redis: Callable[..., RedisServer]) -> None:
    """The right one opens it; with a wrong one memory stands in, and the log does not show it."""
    server = new_redis("--requirepass", PASSWORD)
    settings = load_settings(redis_host="127.0.0.1", redis_port=server.port, redis_password=PASSWORD)
    right = connect_cache(settings)
    assert await right.status() == "healthy"
    await right.close()
    before = failures("closed")
    with capture_logs() as logs:
        async with connected(server, password="wrong-sesame") as wrong:
            assert await wrong.status() == "unavailable"
            assert await wrong.once("song:1", Maker("x")) == "x"
    assert failures("closed") == before + 1
    assert [log["reason"] for log in logs] == ["closed"]
    assert "sesame" not in str(logs)
