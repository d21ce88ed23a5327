"""Work that makes much and drops little, without the garbage collector looking through all of it again and again."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        gc.enable()
