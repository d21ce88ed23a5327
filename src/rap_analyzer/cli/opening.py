"""Opens settings and services for a command."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rap_analyzer.telemetry import set_up_logging
from rap_analyzer.wiring import load_settings, open_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.wiring import Services


@asynccontextmanager
async def opened_services(processes: int | None = None, **overrides: Any) -> AsyncIterator[Services]:
    """The services that the environment asks for, with these settings instead of its own.

    Args:
        processes: how many do the work of the processor; one per core unless told otherwise.
        overrides: settings, by the names of their fields.
    """
    settings = load_settings(**overrides)
    set_up_logging(settings.log_level)
    async with open_services(settings, processes) as services:
        yield services
