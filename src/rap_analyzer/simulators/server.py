"""Runs a simulator on this machine, in a thread of its own, so that whoever asks it goes over real HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rap_analyzer.domain.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import ASGIApp

START_S = 10.0
HOST = "127.0.0.1"

# Faults are on purpose: what the server says of them is noise, and the application's own server keeps its log.
_quiet = logging.getLogger("rap_analyzer.simulators.quiet")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False
_quiet.setLevel(logging.CRITICAL)


class _QuietProtocol(HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _quiet
        self.access_log = False


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends every connection at once: a client that is kept hanging must not keep us."""
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await super().shutdown(sockets)


class SimulatorServer:
    """A simulator behind an address of this machine; a context manager, from plain and from async code.

    Args:
        app: the simulator.
        port: 0 for a free one.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._app = app
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Returns when it answers.

        Raises:
            ConfigError: the port is in use, or the server does not come up.
        """
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_QuietProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"simulator {self._port}", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise ConfigError(
                    f"The simulator at {self.url} does not start: look for what else happens on this machine."
                )
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Returns when the server is gone and its port is free; stopping twice does no harm."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    def wait(self) -> None:
        """Returns when the server is stopped from elsewhere; Ctrl-C interrupts it."""
        while self._thread and self._thread.is_alive():
            self._thread.join(0.2)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's algorithm off; without, each answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"Port {port} of this machine is not free for a simulator: stop what uses it, or give another."
        ) from error
    listener.listen(128)
    listener.setblocking(False)
    return listener
