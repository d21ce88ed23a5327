"""What programs use: a scraper as a class, and trying again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.retrying import retry
from rap_analyzer.domain.errors import Blocked, ConfigError, NotFound, RateLimited, SourceError
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.wiring.collecting import GeniusScraper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rap_analyzer.simulators.corpus import Corpus


async def test_a_program_collects_an_artists_songs(corpus: Corpus, data_dir: Callable[[], Path]) -> None:
    """With their words, credits and albums; a second call asks for nothing; an unknown name is an error."""
    folder = data_dir()
    artist = corpus.artists[0]
    expected = {s.title for s in corpus.written.values() if artist.slug in (s.artist, *s.featured) and s.kind == "song"}
    server = EmbeddedServer(folder)
    server.acquire()
    try:
        with SimulatorServer(app := genius_app(corpus)) as genius:
            urls: dict[str, Any] = {"genius_api_url": f"{genius.url}/api", "genius_web_url": f"{genius.url}/web"}
            async with GeniusScraper(
                DEMO_TOKEN, memory_limit_mb=4096, data_dir=folder, genius_rate="6000000/minute", **urls
            ) as scraper:
                songs = await scraper.get_artist_songs(artist.name)
                assert {song.title for song in songs} == expected
                assert all(song.lyrics and song.credits for song in songs)
                app.change(app.faults)
                assert await scraper.get_artist_songs(artist.name.upper()) == songs
                assert not [path for path in app.visits if path.endswith("-lyrics")]
                with pytest.raises(NotFound):
                    await scraper.get_artist_songs("Nobody At All")
    finally:
        server.release()


async def test_without_a_token_it_says_where_to_get_one(data_dir: Callable[[], Path]) -> None:
    """And leaves nothing open."""
    with pytest.raises(ConfigError, match=r"genius\.com/api-clients"):
        async with GeniusScraper(data_dir=data_dir()):
            raise AssertionError


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (SourceError("a time-out"), 3),
        (RateLimited("too often", 0.0), 3),
        (RateLimited("far too often", 79_892.0), 1),
        (NotFound("no such song"), 1),
        (Blocked("a challenge"), 1),
        (ValueError("a bug"), 1),
    ],
)
async def test_what_may_pass_is_tried_again(error: Exception, attempts: int) -> None:
    """So many times; the last error comes out."""
    tried = []

    @retry(max_retries=2, base_delay=0.001)
    async def ask() -> str:
        tried.append(1)
        raise error

    with pytest.raises(type(error)):
        await ask()
    assert len(tried) == attempts


async def test_what_comes_late_is_the_answer() -> None:
    """Nothing is tried again after it."""
    tried = []

    @retry(max_retries=3, base_delay=0.001)
    async def ask(number: int) -> int:
        tried.append(number)
        if len(tried) < 3:
            raise SourceError("not yet")
        return number

    assert await ask(7) == 7
    assert tried == [7, 7, 7]
