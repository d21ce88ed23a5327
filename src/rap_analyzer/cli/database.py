"""`rap db`: the store itself."""

from __future__ import annotations

import typer

app = typer.Typer(help="The store: where it is, stop it, bring it forward.", no_args_is_help=True)


@app.command("url")
def url() -> None:
    """Print a URL for psql. Starts the embedded server and leaves it up until `rap db stop`."""
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.wiring import conninfo, embedded_server

    settings = settings_in_force()
    if not settings.is_embedded:
        typer.echo(conninfo(settings))
        return
    server = embedded_server(settings)
    server.acquire()
    server.keep()
    server.release()
    typer.echo(server.url)


@app.command("stop")
def stop() -> None:
    """Stop the embedded server."""
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.domain.errors import ConfigError
    from rap_analyzer.wiring import embedded_server

    settings = settings_in_force()
    if not settings.is_embedded:
        raise ConfigError(f"POSTGRES_HOST is {settings.postgres_host}; only the embedded server is stopped from here.")
    typer.echo("stopped" if embedded_server(settings).stop() else "it was not running")


@app.command("migrate")
def migrate() -> None:
    """Bring the database forward to this version."""
    from rap_analyzer.cli.console import run

    for name in run(_migrate()) or ["nothing to do: the database is up to date"]:
        typer.echo(name)


async def _migrate() -> list[str]:
    import asyncio

    from rap_analyzer.adapters.postgres.migration import migrate as apply
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.wiring import conninfo, embedded_server

    settings = settings_in_force()
    if not settings.is_embedded:
        return await apply(conninfo(settings, settings.postgres_direct_host))
    server = embedded_server(settings)
    target = await asyncio.to_thread(server.acquire)
    try:
        return await apply(target)
    finally:
        await asyncio.to_thread(server.release)
