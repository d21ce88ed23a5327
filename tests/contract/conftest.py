"""Redis servers of the tests' own."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def new_redis(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[Callable[..., RedisServer]]:
    """Starts Redis servers of the tests' own."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is missing, and CI must have it")
        pytest.skip("redis-server is not installed")
    servers: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        servers.append(RedisServer(program, free_port(), tmp_path_factory.mktemp("redis")))
        servers[-1].start(*options)
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def shared_redis(new_redis: Callable[..., RedisServer]) -> RedisServer:
    """A Redis to which nothing happens."""
    return new_redis()


@pytest.fixture
def own_redis(new_redis: Callable[..., RedisServer]) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    server = new_redis()
    yield server
    server.kill()
