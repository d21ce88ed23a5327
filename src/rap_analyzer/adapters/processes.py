"""CPU work in processes of its own, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

from rap_analyzer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

CHUNKS_PER_PROCESS = 4


class ProcessPool:
    """Worker processes, started with the first piece of work.

    Args:
        processes: how many; one per core by default.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or available_cores()
        self._executor: ProcessPoolExecutor | None = None

    async def map(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """`[function(x) for x in items]`, spread over the processes, in order.

        Raises:
            ModelError: a worker process was killed.
        """
        if not items:
            return []
        size = max(1, -(-len(items) // (self._processes * CHUNKS_PER_PROCESS)))
        chunks = [items[i : i + size] for i in range(0, len(items), size)]
        loop = asyncio.get_running_loop()
        try:
            done = await asyncio.gather(*(loop.run_in_executor(self._started(), _map, function, c) for c in chunks))
        except BrokenProcessPool as error:
            self.close()
            raise ModelError("A worker process was killed (by hand, or for memory); run the command again.") from error
        return [result for chunk in done for result in chunk]

    def close(self) -> None:
        """End the processes."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # Spawned, not forked: a fork would inherit the database's sockets and the server's lease.
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._processes, mp_context=context, initializer=_begin_worker)
        return self._executor


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _map(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]


def _begin_worker() -> None:
    """Ctrl-C goes to the whole group: the parent decides, the workers finish their piece. They never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
