"""Every seam of the house, as Protocols: what a step needs, and what an adapter promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from rap_analyzer.domain.analysis import Analysis, AnalysisInput
    from rap_analyzer.domain.enrichment import Enrichment, Recording, RecordingQuery, UnenrichedTrack
    from rap_analyzer.domain.frontier import KnownSong, Listing, Scope, SongPage
    from rap_analyzer.domain.near_bars import Candidate, TailReading
    from rap_analyzer.domain.pacing import Rate, Standing, Turns
    from rap_analyzer.domain.passage import Passage, TrackEmbedding, UnembeddedTrack
    from rap_analyzer.domain.search import Filters, Hit, SimilarTrack
    from rap_analyzer.domain.track import ArtistRef, Outcome, Song, SongStub, Track, TrackDraft

    Vectors = npt.NDArray[np.float32]

T = TypeVar("T")
R = TypeVar("R")


class LyricsPage(Protocol):
    """What the parser made of a song page."""

    @property
    def outcome(self) -> Outcome:
        """`stored` when there are lyrics, else why not."""

    @property
    def lyrics(self) -> str:
        """The words, sections separated by a blank line; empty unless `stored`."""

    @property
    def raw_digest(self) -> str:
        """SHA-256 (hex) of the page's bytes."""


class LyricsSource(Protocol):
    """A service that lists an artist's songs and shows their lyrics (Genius)."""

    name: str
    parser_version: str

    @property
    def requests(self) -> int:
        """Requests sent so far, those that had to be repeated among them."""

    async def find_artist(self, name: str) -> ArtistRef:
        """The artist of that name.

        Raises:
            NotFound: nobody of that name; the message names the nearest ones.
        """

    async def list_songs(self, artist: ArtistRef, page: int) -> SongPage:
        """A page of the artist's list, from 1; also songs where they are only featured."""

    async def fetch_song(self, source_id: str) -> Song:
        """Metadata of one song.

        Raises:
            NotFound: the song is gone.
        """

    async def fetch_lyrics(self, song: Song) -> LyricsPage:
        """The song's page, parsed.

        Raises:
            NotFound: the page is gone.
            Blocked: a challenge page came instead.
            PageChanged: the page has a shape that the parser does not know.
        """


class MetadataSource(Protocol):
    """A service that knows recordings (Spotify)."""

    name: str

    async def fetch_recordings(self, recording_ids: Sequence[str]) -> Mapping[str, Recording]:
        """Recordings by id, as many at a time as the service lets us; those that it does not have are absent."""

    async def search_recordings(self, query: RecordingQuery) -> Sequence[Recording]:
        """Candidates for a title and artist, the service's best first."""

    async def fetch_audio_features(self, recording_ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """Audio features by recording id; recordings whose features are withheld are absent."""


class TrackWriter(Protocol):
    """The store as the scraper and the importer need it."""

    async def save_tracks(self, drafts: Sequence[TrackDraft]) -> Sequence[Outcome]:
        """Save songs with their words, credits and provenance in one transaction: all of them or none.

        Returns:
            An outcome for each draft, in order: `stored` when the words are new or changed, `unchanged` when they
            are the stored ones, `forgotten` when they are not wanted here, else the draft's own.
        """

    async def count_sources(self) -> Mapping[str, int]:
        """Tracks by source."""


class Frontier(Protocol):
    """What is still to be visited, shared by all processes that collect: a claim holds while its process lives."""

    async def ask_for(self, names: Sequence[str]) -> None:
        """Put artists on it, by name; those that are there stay as they are."""

    async def claim_artist(self, name: str, scope: Scope) -> bool:
        """Whether this process is to read the artist's list: it is due, and no other process reads it."""

    async def release_artist(self, name: str) -> None:
        """Give the artist's list back for others to read on."""

    async def listing(self, name: str, scope: Scope) -> Listing:
        """How far the artist's list is read."""

    async def save_artist(self, name: str, artist: ArtistRef) -> None:
        """Remember whom a name means."""

    async def save_page(self, name: str, artist: ArtistRef, page: SongPage) -> None:
        """Save a page of the artist's list, and which page comes next, as one."""

    async def songs_of(self, artist: ArtistRef, scope: Scope) -> Sequence[KnownSong]:
        """The artist's songs so far, the most popular first, with what is known of each."""

    async def claim_songs(self, artist: ArtistRef, scope: Scope, limit: int) -> Sequence[SongStub]:
        """Take up to `limit` of the artist's songs that are due and that no process visits; new ones first."""


class TrackReader(Protocol):
    """The store as pages and searches need it."""

    async def load_track(self, track_id: int) -> Track:
        """One track with its words.

        Raises:
            NotFound: no track has that number.
        """


class AnalysisStore(Protocol):
    """The store as the analysis step needs it."""

    async def count_unanalyzed(self, analyzer: str, version: str, config_hash: str) -> int:
        """Tracks with lyrics that lack this analysis."""

    async def load_unanalyzed(
        self, analyzer: str, version: str, config_hash: str, limit: int, after: int
    ) -> Sequence[tuple[int, str, AnalysisInput]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest, input)."""

    async def save_analyses(self, analyses: Sequence[tuple[int, str, Analysis]]) -> None:
        """Save a batch of (track id, lyrics digest, analysis) in one transaction; what is there already stays."""

    async def refresh_percentiles(self) -> bool:
        """Compare the tracks anew if that is due; returns whether it was."""


class EnrichmentStore(Protocol):
    """The store as the enrichment step needs it."""

    async def count_unenriched(self, source: str) -> int:
        """Tracks that this source has not been asked about."""

    async def load_unenriched(self, source: str, limit: int, after: int) -> Sequence[UnenrichedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""

    async def save_enrichments(self, enrichments: Sequence[Enrichment]) -> None:
        """Save a batch; a later answer of the same source replaces an earlier one."""


class PassageStore(Protocol):
    """The store as the embedding step needs it."""

    async def count_unembedded(self, model: str) -> int:
        """Tracks with lyrics that have no embedding by this model for their present words."""

    async def load_unembedded(self, model: str, limit: int, after: int) -> Sequence[UnembeddedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""

    async def save_embeddings(self, embeddings: Sequence[TrackEmbedding], model: str) -> None:
        """Replace the passages and the embedding of each track, in one transaction."""


class SearchStore(Protocol):
    """The store as search needs it."""

    async def search_meaning(
        self, embedding: Sequence[float], model: str, filters: Filters, limit: int
    ) -> Sequence[int]:
        """Track ids by their best passage's cosine similarity to the query, best first."""

    async def search_words(self, query: str, filters: Filters, limit: int) -> Sequence[int]:
        """Track ids by full-text rank, best first."""

    async def load_hits(
        self, track_ids: Sequence[int], query: str, embedding: Sequence[float] | None
    ) -> Mapping[int, Hit]:
        """Each track's best passage for the query, with the matching words marked."""

    async def load_similar(self, track_id: int, limit: int) -> Sequence[SimilarTrack]:
        """Nearest tracks by lyrics embedding, other versions of the same words left out."""


class TailStore(Protocol):
    """The store as the reading of bars' ends, and search by sound, need it."""

    async def count_unread(self, version: str) -> int:
        """Tracks whose present words' ends this version has not read."""

    async def load_unread(self, version: str, limit: int, after: int) -> Sequence[tuple[int, str, str]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest, lyrics)."""

    async def save_tails(self, readings: Sequence[TailReading], version: str) -> None:
        """Replace the tails of each track, in one transaction; tracks that are gone or reworded are left out."""

    async def search_tails(self, prefix: str, coda: str, word: str, limit: int) -> Sequence[Candidate]:
        """Up to `limit` bars whose key begins so with this coda, and as many with any; none that ends in the word.

        Which ones of more is the store's choice. The word is given by its phones.
        """

    async def load_lyrics(self, track_ids: Sequence[int]) -> Mapping[int, str]:
        """The words of these tracks, by their ids."""

    async def count_readings(self) -> tuple[int, int]:
        """Tracks, and those whose present words' ends were read."""


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
