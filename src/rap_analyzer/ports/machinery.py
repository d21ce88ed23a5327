"""What a step needs besides: models, processes, and what processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from rap_analyzer.domain.analysis import Analysis, AnalysisInput
    from rap_analyzer.domain.chat import Attempts, ChatMessage, ChatReply
    from rap_analyzer.domain.pacing import Rate, Standing, Turns
    from rap_analyzer.domain.passage import Passage

    Vectors = npt.NDArray[np.float32]

T = TypeVar("T")
R = TypeVar("R")


class Analyzer(Protocol):
    """One way of judging lyrics. Results depend only on the input, the version and the configuration."""

    name: str
    version: str
    config_hash: str

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        """One analysis for each input, in order; a bad text gets a status, never an exception."""


class Embedder(Protocol):
    """A sentence embedding model."""

    model: str
    dimensions: int

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (texts, dimensions), float32."""

    def split(self, lyrics: str) -> Sequence[Passage]:
        """Sections, and windows of those that are longer than the model reads."""


class ChatModel(Protocol):
    """A model that one talks to."""

    model: str

    async def check(self) -> None:
        """Ask the service once whether the model is there; every later call costs nothing.

        Raises:
            ConfigError: no key, no such model, no server; the message names the setting, and models of near names.
            SourceError: the service fails, or wants to be left alone.
        """

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any] | None = None,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: Attempts | None = None,
    ) -> ChatReply:
        """The model's next turn.

        Args:
            messages: the conversation so far.
            schema: JSON schema that the answer is to follow; asked for in the way the model supports, never relied on.
            max_tokens: length at which the answer is cut.
            temperature: 0 for the likeliest words, more for other ones each time.
            seed: of the drawing, where the service heeds it.
            attempts: counts them, also when there is no next turn in the end.

        Raises:
            BadModelOutput: the service refuses this conversation, or answers nothing.
            ConfigError: as `check`.
            SourceError: the service fails, or wants to be left alone (RateLimited), also after the retries.
        """


class EmotionModel(Protocol):
    """A classifier of emotions with its own weights.

    Attributes:
        model: what its scores depend on: name, and version of the code that asks it.
    """

    model: str

    async def scores(self, texts: Sequence[str]) -> Vectors:
        """Scores in [0, 1], shape (texts, 7), in the order of `domain.emotion.EMOTIONS`; a row adds up to 1."""


class CpuPool(Protocol):
    """Processes that keep CPU work off the event loop."""

    async def map(self, function: Callable[[T], R], items: Sequence[T]) -> Sequence[R]:
        """`[function(x) for x in items]`, spread over the processes, in order."""


class SharedState(Protocol):
    """How each source stands, shared by every process that asks it; it survives restarts.

    Times are the shared store's: processes whose clocks differ still agree.
    """

    async def reserve(self, source: str, rate: Rate, delay_s: float, count: int) -> Turns:
        """Up to `count` of the next turns, `delay_s` apart or as the rate has them, whichever is longer.

        A source that asked to be slowed down has its turns further apart. There are none while it is parked or its
        breaker is open.
        """

    async def admit(self, source: str) -> Standing:
        """How the source stands now; where its breaker's pause is over, the first who asks becomes the probe."""

    async def record(self, source: str, *, failed: bool | None) -> Standing:
        """How an attempt ended; None when it was a probe that was given up before it told anything."""

    async def park(self, source: str, seconds: float, why: str) -> None:
        """Leave the source alone for so long, in every process; what it asked for before and is longer stays."""

    async def slow_down(self, source: str, rate: Rate, sent_s: float) -> None:
        """Double the spacing because an attempt, sent `sent_s` seconds ago, came too soon; it recovers with time."""


class Cache(Protocol):
    """Keeps what may be lost at any time. Every method answers, also when the server behind it is gone.

    A key begins with its kind and a colon, such as `rhymes:`; the kind decides how long a value lives by default.
    """

    async def get(self, key: str) -> Any | None:
        """The value (JSON-ready), or None."""

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep a JSON-ready value for `ttl` seconds, or as long as its kind lives."""

    async def once(
        self, key: str, make: Callable[[], Awaitable[Any]], ttl: float | None = None, patience: float = 10.0
    ) -> Any:
        """The value; of all processes that miss it one makes it, and the others wait for it.

        Args:
            key: what it is kept under.
            make: makes it, JSON-ready; may run in several processes all the same, when the maker is slow or lost.
            ttl: seconds that it lives.
            patience: seconds that the maker is given; who has waited for two makers makes it himself.
        """

    async def cache_artist_songs(self, artist: str, songs: Sequence[Any], ttl: float = 3600) -> None:
        """Keep an artist's song list (JSON-ready)."""

    async def get_artist_songs(self, artist: str) -> list[Any] | None:
        """The artist's song list, or None."""

    async def mark_song_processed(self, source: str, song_id: str) -> None:
        """Remember for a day or two that a song of a source is done with."""

    async def mark_songs_processed(self, source: str, song_ids: Sequence[str]) -> None:
        """Remember many at once."""

    async def is_song_processed(self, source: str, song_id: str) -> bool:
        """Whether it was marked of late. False says nothing: marks may be lost."""

    async def are_songs_processed(self, source: str, song_ids: Sequence[str]) -> list[bool]:
        """The same for each song, in order."""

    async def status(self) -> str:
        """`healthy`, `memory` (no server configured), or `unavailable` (it takes no writes; memory stands in)."""

    @property
    def hit_ratio(self) -> float:
        """Hits ÷ look-ups since the start, in [0, 1]; 0 before the first."""


class Progress(Protocol):
    """Where a step says how far it is. The command line shows it as a bar."""

    def start(self, what: str, total: int | None) -> None:
        """A step begins; `total` is None while unknown."""

    def expect(self, more: int) -> None:
        """The total has grown by `more`."""

    def advance(self, count: int = 1, now: str = "") -> None:
        """`count` more are done; `now` names what is being worked on."""

    def finish(self) -> None:
        """The step is over."""
