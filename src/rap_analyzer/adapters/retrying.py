"""Trying again what may pass, for programs that talk to a service themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import stamina

from rap_analyzer.adapters.http import LONGEST_WAIT_S
from rap_analyzer.domain.errors import Blocked, NotFound, PageChanged, RateLimited, SourceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

P = ParamSpec("P")
T = TypeVar("T")
FINAL = (Blocked, NotFound, PageChanged)
JITTER = 0.2


def retry(
    max_retries: int = 3, base_delay: float = 2.0
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """A decorator for coroutine functions: a SourceError that may pass is tried again.

    After `base_delay`, twice and four times that and so on, up to 20 % more; after as long as the source asks for, if
    that is no more than a minute. A block, a changed page and what is not there are not tried again. The adapters of
    this package do all that by themselves.

    Args:
        max_retries: attempts after the first.
        base_delay: seconds before the second attempt.
    """

    def passing(error: Exception) -> bool | float:
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_WAIT_S else False
        return isinstance(error, SourceError) and not isinstance(error, FINAL)

    return stamina.retry(
        on=passing,
        attempts=max_retries + 1,
        timeout=None,
        wait_initial=base_delay,
        wait_max=base_delay * 2**max_retries,
        wait_jitter=base_delay * JITTER,
    )
