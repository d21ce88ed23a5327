"""`rap forget`: artists and tracks out of the store, for good."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.errors import InputError, NotFound

if TYPE_CHECKING:
    from rap_analyzer.adapters.postgres.forgetting import ToForget

Artist = Annotated[str | None, typer.Option("--artist", help="An artist, with every track of theirs.")]
Tracks = Annotated[list[int] | None, typer.Option("--track", help="Number of a track; again for each.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Undo = Annotated[
    bool, typer.Option("--undo", help="Let the artist be collected again; what was deleted stays deleted.")
]


def forget(artist: Artist = None, track: Tracks = None, yes: Yes = False, undo: Undo = False) -> None:
    """Delete an artist's lyrics, or some tracks', with all that was made of them, and never collect them again."""
    from rap_analyzer.cli.console import run

    if (artist is None) == (not track):
        raise InputError("Say what to forget: --artist 'Name of the Artist', or --track with a track's number.")
    if undo and artist is None:
        raise InputError("--undo goes with --artist: name the artist whose songs may be collected again.")
    run(_recall(artist) if undo and artist else _forget(artist, track or [], yes=yes))


async def _forget(artist: str | None, tracks: list[int], *, yes: bool) -> None:
    from rap_analyzer.adapters.postgres.forgetting import ForgettingStore
    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        store = ForgettingStore(services.database)
        chosen = await store.find_artist(artist) if artist else await store.find_tracks(tracks)
        if not yes and not _agreed(chosen):
            out.print("Nothing was forgotten.")
            return
        await store.forget(chosen)
        out.print(f"Forgotten: {chosen.what}. They will not be collected again.", markup=False)


def _agreed(chosen: ToForget) -> bool:
    if not sys.stdin.isatty():
        raise InputError("Nobody is there to be asked: add --yes to forget without a question.")
    return typer.confirm(f"Forget {chosen.what}, with their words, analyses and embeddings?")


async def _recall(artist: str) -> None:
    from rap_analyzer.adapters.postgres.forgetting import ForgettingStore
    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        if not await ForgettingStore(services.database).recall(artist):
            raise NotFound(f"Nobody called {artist!r} was forgotten.")
        out.print(f"{artist} may be collected again: rap scrape {artist!r}", markup=False)
