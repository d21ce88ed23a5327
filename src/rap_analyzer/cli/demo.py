"""`rap demo`: the whole path on invented songs, with simulated services over real HTTP."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rap_analyzer.pipeline.tally import ScrapeReport
    from rap_analyzer.wiring import Services

UNLIMITED = "60000000/minute"


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the pages afterwards.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on.")] = 8000,
    clear: Annotated[bool, typer.Option("--clear", help="Take the demo's songs out of the store, and end.")] = False,
) -> None:
    """Collect, enrich, analyse and embed 76 invented songs, then serve the pages."""
    from rap_analyzer.cli.console import out, run
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.cli.serving import check_port_free, serve_pages

    settings = settings_in_force()
    if not settings.is_embedded:
        raise ConfigError(
            f"POSTGRES_HOST is {settings.postgres_host}: the demo's invented songs stay out of a real server. "
            "Unset it to use the embedded one."
        )
    if settings.environment == "production":
        raise ConfigError("RAP_ENVIRONMENT is production: the demo's simulators are forbidden there.")
    if serve and not clear:
        check_port_free("127.0.0.1", port)
    with _only_demo(settings.data_dir):
        if clear:
            run(_clear())
        else:
            run(_demo())
            if serve:
                serve_pages("127.0.0.1", port)
            else:
                out.print('Next: rap search "growing up poor but proud"')


@contextmanager
def _only_demo(data_dir: Path) -> Iterator[None]:
    """One demo at a time in a data folder."""
    import fcntl
    import os

    data_dir = data_dir.resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle: IO[str] = (data_dir / "demo.lock").open("a+")
    except OSError as error:
        raise ConfigError(
            f"The data folder {data_dir} cannot be written ({error.strerror}); set RAP_DATA_DIR."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise ConfigError(
                f"Another `rap demo` (process {handle.read().strip() or 'unknown'}) uses {data_dir}: "
                "stop it, or set RAP_DATA_DIR to another folder."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


async def _demo() -> None:
    from rap_analyzer.cli.analyzing import analyze_with, link_with
    from rap_analyzer.cli.collect import finish_scrape
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.corpus import embed_with
    from rap_analyzer.cli.enriching import enrich_with, print_enrichment
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.domain.errors import ModelError

    with ExitStack() as stack:
        overrides = _start_simulators(stack)
        async with opened_services(**overrides) as services:
            notice = ""
            with Bars() as bars:
                report = await _scrape(services, bars)
                enrichment = await enrich_with(services, bars)
                versions = await link_with(services, bars)
                statuses = await analyze_with(services, None, bars)
                try:
                    embedded = await embed_with(services, bars)
                except ModelError as error:
                    embedded, notice = "0 tracks embedded", f"Meaning search is off: {error}"
            print_enrichment(enrichment)
            out.print(f"{versions}\n{statuses.text}\n{embedded}", markup=False)
            if notice:
                out.print(notice, style="yellow", markup=False)
            report.next_at = None  # when an invented song is asked for again is nobody's business
            finish_scrape(report)


def _start_simulators(stack: ExitStack) -> dict[str, Any]:
    """Starts them; returns the settings that point to them."""
    from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
    from rap_analyzer.simulators.reccobeats import reccobeats_app
    from rap_analyzer.simulators.server import SimulatorServer
    from rap_analyzer.simulators.spotify import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, spotify_app

    genius = stack.enter_context(SimulatorServer(genius_app()))
    spotify = stack.enter_context(SimulatorServer(spotify_app()))
    reccobeats = stack.enter_context(SimulatorServer(reccobeats_app()))
    return {
        "genius_access_token": DEMO_TOKEN,
        "genius_api_url": f"{genius.url}/api",
        "genius_web_url": f"{genius.url}/web",
        "genius_rate": UNLIMITED,
        "spotify_client_id": DEMO_CLIENT_ID,
        "spotify_client_secret": DEMO_CLIENT_SECRET,
        "spotify_api_url": spotify.url,
        "spotify_accounts_url": spotify.url,
        "spotify_rate": UNLIMITED,
        "reccobeats_api_url": reccobeats.url,
        "reccobeats_rate": UNLIMITED,
        "enrichment_sources": "spotify, reccobeats",
    }


async def _scrape(services: Services, bars: Any) -> ScrapeReport:
    from rap_analyzer.cli.collect import scrape_with
    from rap_analyzer.domain.frontier import Scope
    from rap_analyzer.simulators.corpus import load_corpus

    names = [artist.name for artist in load_corpus().artists]
    return await scrape_with(services, names, Scope(), bars)


async def _clear() -> None:
    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        out.print(f"{counted(await services.tracks.delete_source('demo'), 'demo track')} taken out")
