"""Simulators on loopback, started once for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rap_analyzer.simulators.corpus import Corpus, load_corpus
from rap_analyzer.simulators.genius import genius_app
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.simulators.spotify import spotify_app

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The demo corpus."""
    return load_corpus()


@pytest.fixture(scope="session")
def genius_server(corpus: Corpus) -> Iterator[SimulatorServer]:
    """A Genius in which nothing goes wrong."""
    with SimulatorServer(genius_app(corpus)) as server:
        yield server


@pytest.fixture(scope="session")
def spotify_server(corpus: Corpus) -> Iterator[SimulatorServer]:
    """A Spotify in development mode in which nothing goes wrong."""
    with SimulatorServer(spotify_app(corpus)) as server:
        yield server


@pytest.fixture(scope="session")
def extended_spotify_server(corpus: Corpus) -> Iterator[SimulatorServer]:
    """The same for an app with extended quota."""
    with SimulatorServer(spotify_app(corpus, mode="extended")) as server:
        yield server
