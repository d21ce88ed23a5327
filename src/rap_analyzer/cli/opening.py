"""Opens settings and services for a command."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from rap_analyzer.telemetry import set_up_logging
from rap_analyzer.wiring import load_settings, misspelt_variables, open_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.wiring import Services, Settings


def settings_in_force(**overrides: Any) -> Settings:
    """The settings that the environment asks for, with these instead of its own; logging follows them.

    A variable that looks like a misspelt setting is told, once.
    """
    settings = load_settings(**overrides)
    set_up_logging(settings.log_level)
    _tell_misspelt()
    return settings


@cache
def _tell_misspelt() -> None:
    from rap_analyzer.cli.console import err

    for told in misspelt_variables():
        err.print(f"Note: {told}", style="yellow", markup=False)


@asynccontextmanager
async def opened_services(processes: int | None = None, **overrides: Any) -> AsyncIterator[Services]:
    """The services that the environment asks for, with these settings instead of its own.

    Args:
        processes: how many do the work of the processor; one per core unless told otherwise.
        overrides: settings, by the names of their fields.
    """
    settings = settings_in_force(**overrides)
    async with open_services(settings, processes) as services:
        yield services
