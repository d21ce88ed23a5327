"""Every error the program raises on purpose.

    RapError
    ├── SourceError            a service we read from
    │   ├── RateLimited        it asks us to wait (429)
    │   ├── Blocked            it shows a challenge instead of an answer (403)
    │   ├── PageChanged        it answers in a shape we do not know
    │   └── NotFound           it has no such thing (404)
    ├── StoreError             PostgreSQL
    │   └── QueueFull          more waits already than may
    ├── ModelError             model files, inference
    │   ├── BadModelOutput     a model answered something that is no answer
    │   ├── AnalysisStopped    an analyzer stopped before the end of its batch
    │   └── NotReady           what an analyzer combines is not there yet
    ├── ConfigError            a setting is missing or wrong
    └── InputError             what the user gave us is wrong

Each message is one sentence that says what happened, where, and how to fix it. Anything else that escapes is a bug.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.analysis import Analysis
    from rap_analyzer.domain.track import RawPage


class RapError(Exception):
    """Base of all expected errors: shown to people as one sentence, never as a traceback."""


class SourceError(RapError):
    """A service that we read from failed, also after the retries."""


class RateLimited(SourceError):
    """A service asks us to wait.

    Attributes:
        retry_after: seconds to wait, as the service said it; None when it did not.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Blocked(SourceError):
    """A service answers with a challenge page. We stop: bypassing it is not ours to do."""


class PageChanged(SourceError):
    """A service answers in a shape that the parser does not know.

    Attributes:
        raw: the page, where it came whole and a later parser may know its shape; else None.
    """

    def __init__(self, message: str, raw: RawPage | None = None) -> None:
        super().__init__(message)
        self.raw = raw


class NotFound(SourceError):
    """A service has nothing under that name or number."""


class StoreError(RapError):
    """PostgreSQL cannot be reached, is full, or refuses."""


class QueueFull(StoreError):
    """More waits to be analysed than may; what is queued stays so.

    Attributes:
        retry_after: seconds after which there may be room.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelError(RapError):
    """Model files are missing or damaged, or inference failed."""


class BadModelOutput(ModelError):
    """A model answered something that is not the answer asked for."""


class AnalysisStopped(ModelError):
    """An analyzer stopped before the end of its batch: nothing is wrong with the tracks left, they are due later.

    Attributes:
        finished: one for each input, in order; None for those that are left undone.
        retry_after: seconds after which going on makes sense; None when waiting does not help (a spent budget).
    """

    def __init__(self, message: str, finished: Sequence[Analysis | None], retry_after: float | None = None) -> None:
        super().__init__(message)
        self.finished = tuple(finished)
        self.retry_after = retry_after


class NotReady(ModelError):
    """What an analyzer combines is not there for all tracks of its batch: it is to be done again later."""


class ConfigError(RapError):
    """A setting is missing or wrong; the message names it and where to get it."""


class InputError(RapError):
    """A file, text or argument from the user is wrong; the message names the place in it."""
