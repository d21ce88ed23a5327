"""`rap serve` and `rap simulate`: servers that run until they are stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from starlette.types import ASGIApp

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


def serve(port: Port = 8000, host: Host = "127.0.0.1") -> None:
    """Serve the pages and the API until Ctrl-C."""
    from rap_analyzer.cli.console import run

    check_port_free(host, port)
    run(_check_store())
    serve_pages(host, port)


async def _check_store() -> None:
    """Raises what keeps the store from opening; inside the server it would end as a traceback of the framework's."""
    from rap_analyzer.cli.opening import opened_services

    async with opened_services():
        pass


def simulate(
    service: Annotated[str, typer.Argument(help="genius, spotify, reccobeats or chat.")], port: Port = 0
) -> None:
    """Run a simulated Genius, Spotify, ReccoBeats or chat model until Ctrl-C, for tests and development."""
    from rap_analyzer.cli.console import out
    from rap_analyzer.simulators.chat import chat_app
    from rap_analyzer.simulators.genius import genius_app
    from rap_analyzer.simulators.reccobeats import reccobeats_app
    from rap_analyzer.simulators.server import SimulatorServer
    from rap_analyzer.simulators.spotify import spotify_app

    apps: dict[str, Callable[[], ASGIApp]] = {
        "genius": genius_app,
        "spotify": spotify_app,
        "reccobeats": reccobeats_app,
        "chat": chat_app,
    }
    if service not in apps:
        raise InputError(f"No simulator is called {service!r}; these exist: {', '.join(apps)}.")
    check_port_free("127.0.0.1", port)
    with SimulatorServer(apps[service](), port=port) as server:
        out.print(f"simulated {service} at {server.url} (Ctrl-C stops it)")
        server.wait()


def serve_pages(host: str, port: int) -> None:
    """Serve until the process is told to stop. The application is named, not imported: it is our sibling, not ours."""
    import uvicorn

    from rap_analyzer.cli.console import out

    class Announced(uvicorn.Server):
        """Says where it serves once somebody who goes there is answered."""

        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                port = self.servers[0].sockets[0].getsockname()[1]
                out.print(f"Serving at http://{host}:{port} (API at /docs; Ctrl-C stops it)")

    # h11 bounds what it takes for headers; httptools, which the simulators use, does not.
    config = uvicorn.Config(
        "rap_analyzer.web.app:create_app", factory=True, host=host, port=port, log_level="error", http="h11"
    )
    server = Announced(config)
    server.run()
    if not server.started:
        raise ConfigError("The service did not start; the lines above say why. `rap doctor` looks for the cause.")


def check_port_free(host: str, port: int) -> None:
    """Fail early, before any work is done.

    Raises:
        ConfigError: something listens there, or the address is not this machine's.
    """
    from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket

    with socket(AF_INET6 if ":" in host else AF_INET) as probe:
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} on {host} cannot be used ({error.strerror}); choose another with --port."
            ) from error
