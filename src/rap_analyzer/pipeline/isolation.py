"""Work on a batch in which one item that the work stumbles over harms no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from rap_analyzer.domain.errors import RapError
from rap_analyzer.domain.failure import Fault, StepFailure, fault_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")

CONTROL_LYRICS = "Kites on the wire and I never get tired\nNight shift hired while the city caught fire"
"""Words that every step can work on: a step that fails on them is broken itself, and no song is to blame."""


@dataclass(frozen=True, slots=True)
class Isolation(Generic[T, R]):
    """Work on batches, with what it takes to tell a bad item from a broken program.

    Args:
        work: gives a result for each item, in order.
        check: does the same with something that is known to be good.
    """

    work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]
    check: Callable[[], Awaitable[object]]

    async def run(self, items: Sequence[T]) -> list[R | Fault]:
        """A result for each item, in order; a fault for each that the work stumbles over.

        A batch that fails is halved until the items are found that fail by themselves. Where the check fails as
        well, its error is passed on: then the fault lies with the program or its machine, and nothing is set apart.

        Raises:
            RapError: as the work raises it; these are no faults of an item.
            Exception: as the check raises it.
        """
        try:
            return [*await self.work(items)]
        except RapError:
            raise
        except Exception as error:  # noqa: BLE001 - what a step may stumble over is not known beforehand
            if len(items) > 1:
                middle = len(items) // 2
                return [*await self.run(items[:middle]), *await self.run(items[middle:])]
            log.warning("an item is set apart", error=repr(error))
            await self.check()
            return [fault_of(error)]


def sort_out(
    tracks: Iterable[tuple[int, str]], results: Iterable[R | Fault]
) -> tuple[list[tuple[int, str, R]], list[StepFailure]]:
    """What a step came to for tracks (id, lyrics digest): results to be saved, and tracks that are set apart."""
    done: list[tuple[int, str, R]] = []
    failed: list[StepFailure] = []
    for (track, digest), result in zip(tracks, results, strict=True):
        if isinstance(result, Fault):
            failed.append(StepFailure(track, digest, result.reason))
        else:
            done.append((track, digest, result))
    return done, failed
