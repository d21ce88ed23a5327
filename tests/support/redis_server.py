"""A real Redis to which a test may do what it likes."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    import signal
    from pathlib import Path


class RedisServer:
    """A Redis of a test's own, which can be killed, frozen and started again."""

    def __init__(self, program: str, port: int, folder: Path) -> None:
        self.port = port
        self._command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen([*self._command, *options], stdout=subprocess.DEVNULL)
        for _ in range(100):
            with suppress(redis.ConnectionError):
                self.run("PING")
                return
            time.sleep(0.05)
        pytest.fail("redis-server does not start")

    def run(self, *command: str | bytes) -> Any:
        """Have it do a command; an error that it answers is returned."""
        with redis.Redis(port=self.port, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return client.execute_command(*command)
            except (redis.ResponseError, redis.AuthenticationError, redis.BusyLoadingError) as error:
                return error

    def send_signal(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory is short."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def held(self) -> list[str]:
        """Every key that it holds."""
        return sorted(key.decode() for key in self.run("KEYS", "*"))
