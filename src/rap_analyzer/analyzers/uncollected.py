"""Work that makes much and drops little, without the garbage collector looking through all of it again and again."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKED_THROUGH = 32
"""Of so many pieces of work one is looked through as ever, for the cycles that others have made meanwhile."""
_pieces = count(1)


@contextmanager
def uncollected() -> Iterator[None]:
    """Holds the cyclic collector for a piece of work that makes no cycles and takes little time.

    A song's words and chains are a hundred thousand small objects: looking for cycles among them costs a fifth of the
    analysis and finds none. Threads may overlap: the one that held the collector lets it go on.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if next(_pieces) % LOOKED_THROUGH:
            # Else the collector would look through what is new at once. So all of it counts as looked through.
            gc.freeze()
            gc.unfreeze()
        gc.enable()
