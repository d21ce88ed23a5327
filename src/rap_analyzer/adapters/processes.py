"""CPU work in processes of its own, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

from rap_analyzer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

CHUNKS_PER_PROCESS = 4
AHEAD = 3
"""Items that each process of a stream has under way or waiting."""
KILLED = "A worker process was killed (by hand, or for memory); run the command again."


class ProcessPool:
    """Worker processes, started with the first piece of work.

    Args:
        processes: how many; one per core by default.
        fork: copy this process, with all it has loaded, instead of starting afresh: in milliseconds and with shared
            memory. Only for a caller that holds no socket, lease or lock; where the system cannot, it is passed over.
    """

    def __init__(self, processes: int | None = None, *, fork: bool = False) -> None:
        self._processes = processes or available_cores()
        # Spawned by default: a fork would inherit the database's sockets and the server's lease.
        self._method = "fork" if fork and sys.platform == "linux" else "spawn"
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
            raise ModelError(KILLED) from error
        return [result for chunk in done for result in chunk]

    def start(self) -> None:
        """Start the processes now: before threads, if they are forked."""
        self._started().submit(int)

    async def stream(self, function: Callable[[T], R], items: AsyncIterable[T]) -> AsyncIterator[R]:
        """`function(x)` of each item, in order, with a few items under way at a time, however many there are.

        Raises:
            ModelError: a worker process was killed.
        """
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[asyncio.Future[R] | None] = asyncio.Queue(self._processes * AHEAD)

        async def feed() -> None:
            try:
                async for item in items:
                    await under_way.put(loop.run_in_executor(self._started(), function, item))
            finally:
                await under_way.put(None)

        feeding = asyncio.create_task(feed())
        try:
            while (answer := await under_way.get()) is not None:
                yield await answer
            await feeding
        except BrokenProcessPool as error:
            self.close()
            raise ModelError(KILLED) from error
        finally:
            feeding.cancel()

    def close(self, *, wait: bool = False) -> None:
        """End the processes.

        Args:
            wait: until they have ended, and what is under way before. For a caller that ends next: Python waits for it
                then too, but may stumble over a pool that is just closing, and says so on standard error.
        """
        if self._executor is not None:
            self._executor.shutdown(wait=wait, cancel_futures=True)
            self._executor = None

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context(self._method)
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
