"""The services that songs and metadata come from, as the settings want them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.settings import is_on_this_machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from rap_analyzer.adapters.genius import GeniusSource
    from rap_analyzer.adapters.reccobeats import ReccoBeatsSource
    from rap_analyzer.adapters.spotify import SpotifySource
    from rap_analyzer.ports import FeatureSource, MetadataSource
    from rap_analyzer.settings import Settings
    from rap_analyzer.wiring import Services

NO_SPOTIFY_APP = (
    "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set: make an app at developer.spotify.com/dashboard "
    "and copy both into .env"
)


@asynccontextmanager
async def open_genius(services: Services) -> AsyncIterator[GeniusSource]:
    """The Genius adapter, at the rate that all processes share.

    Raises:
        ConfigError: no token is set.
    """
    from rap_analyzer.adapters.genius import connect_genius

    settings = services.settings
    if settings.genius_access_token is None:
        raise ConfigError(
            "GENIUS_ACCESS_TOKEN is not set: make an API client at genius.com/api-clients, copy its client access "
            "token into .env, and try again. (Without a token, `rap demo` shows everything on invented songs.)"
        )
    source: GeniusSource
    async with connect_genius(
        settings.genius_access_token.get_secret_value(),
        api_url=settings.genius_api_url,
        web_url=settings.genius_web_url,
        rate=settings.genius_rate,
        state=services.states,
    ) as source:
        yield source


@asynccontextmanager
async def open_spotify(services: Services) -> AsyncIterator[SpotifySource]:
    """The Spotify adapter, at the rate that all processes share.

    Raises:
        ConfigError: no client id and secret are set.
    """
    from rap_analyzer.adapters.spotify import connect_spotify

    settings = services.settings
    if settings.spotify_client_id is None or settings.spotify_client_secret is None:
        raise ConfigError(f"{NO_SPOTIFY_APP}.")
    source: SpotifySource
    async with connect_spotify(
        settings.spotify_client_id,
        settings.spotify_client_secret.get_secret_value(),
        api_url=settings.spotify_api_url,
        accounts_url=settings.spotify_accounts_url,
        rate=settings.spotify_rate,
        state=services.states,
        cache=services.cache,
    ) as source:
        yield source


@asynccontextmanager
async def _open_reccobeats(services: Services) -> AsyncIterator[ReccoBeatsSource]:
    """The ReccoBeats adapter, at the rate that all processes share."""
    from rap_analyzer.adapters.reccobeats import connect_reccobeats

    settings = services.settings
    source: ReccoBeatsSource
    async with connect_reccobeats(
        api_url=settings.reccobeats_api_url, rate=settings.reccobeats_rate, state=services.states
    ) as source:
        yield source


METADATA_SOURCES: dict[
    str, Callable[[Services], AbstractAsyncContextManager[MetadataSource] | AbstractAsyncContextManager[FeatureSource]]
] = {
    "spotify": open_spotify,
    "reccobeats": _open_reccobeats,
}
"""Every metadata service, by the name that configuration gives it."""


@asynccontextmanager
async def open_metadata_sources(
    services: Services,
) -> AsyncIterator[tuple[Sequence[MetadataSource | FeatureSource], Sequence[str]]]:
    """The metadata services in the configured order; and a sentence for each that is left out.

    Raises:
        ConfigError: a name is unknown (the message lists those that exist), none is named, or each is left out.
    """
    settings = services.settings
    unknown = [name for name in settings.enrichment_order if name not in METADATA_SOURCES]
    if unknown or not settings.enrichment_order:
        said = f"names {unknown[0]!r}" if unknown else "names no metadata service"
        raise ConfigError(f"ENRICHMENT_SOURCES {said}; these exist: {', '.join(METADATA_SOURCES)}.")
    lacking = {name: why for name in settings.enrichment_order if (why := _lack(settings, name))}
    if len(lacking) == len(settings.enrichment_order):
        raise ConfigError("; ".join(lacking.values()) + ".")
    async with AsyncExitStack() as stack:
        sources: list[MetadataSource | FeatureSource] = [
            await stack.enter_async_context(METADATA_SOURCES[name](services))
            for name in settings.enrichment_order
            if name not in lacking
        ]
        yield sources, [f"{name} is left out: {why}." for name, why in lacking.items()]


def _lack(settings: Settings, name: str) -> str:
    """Why a metadata service cannot be asked; empty when it can."""
    address = settings.spotify_api_url if name == "spotify" else settings.reccobeats_api_url
    if settings.simulates and not is_on_this_machine(address):
        return f"another source is a simulator, and invented songs are nothing to ask the real {name} about"
    has_app = settings.spotify_client_id is not None and settings.spotify_client_secret is not None
    return "" if name != "spotify" or has_app else NO_SPOTIFY_APP
