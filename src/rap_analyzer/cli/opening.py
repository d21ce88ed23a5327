"""Opens settings and services for a command."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.telemetry import set_up_logging
from rap_analyzer.wiring import load_settings, open_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.wiring import Services


@asynccontextmanager
async def opened_services(**overrides: Any) -> AsyncIterator[Services]:
    """The services that the environment asks for, with these settings instead of its own."""
    settings = load_settings(**overrides)
    set_up_logging(settings.log_level)
    async with open_services(settings) as services:
        yield services


async def check_modes_apart(services: Services, *, is_demo: bool) -> None:
    """Demo songs and real ones never share a store.

    Args:
        services: with the store in question.
        is_demo: whether what is about to come in are demo songs.

    Raises:
        ConfigError: they would.
    """
    sources = await services.tracks.count_sources()
    if is_demo and any(source != "demo" for source in sources):
        raise ConfigError(
            "This store holds real tracks, and the demo would mix invented ones in: "
            "choose another folder, such as RAP_DATA_DIR=./demo-data."
        )
    if not is_demo and "demo" in sources:
        raise ConfigError(
            "This store holds the demo's invented songs: take them out with `rap demo --clear`, "
            "or set RAP_DATA_DIR to another folder."
        )
