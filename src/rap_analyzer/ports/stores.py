"""What a step needs of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from rap_analyzer.domain.analysis import Analysis, AnalysisInput
    from rap_analyzer.domain.budget import BudgetStanding
    from rap_analyzer.domain.enrichment import Enrichment, UnenrichedTrack
    from rap_analyzer.domain.failure import FailedTrack, StepFailure
    from rap_analyzer.domain.fingerprint import Fingerprint
    from rap_analyzer.domain.frontier import KnownSong, Listing, Scope, SongPage
    from rap_analyzer.domain.job import AnalyzerKey
    from rap_analyzer.domain.listing import ArtistRow, ListQuery, TrackRow
    from rap_analyzer.domain.near_bars import Candidate, TailReading
    from rap_analyzer.domain.passage import TrackEmbedding, UnembeddedTrack
    from rap_analyzer.domain.query import SearchQuery
    from rap_analyzer.domain.search import Filters, Hit, SimilarTrack
    from rap_analyzer.domain.themes import EmbeddedTrack
    from rap_analyzer.domain.track import ArtistRef, KeptPage, Outcome, Song, SongStub, Track, TrackDraft
    from rap_analyzer.domain.track_filter import Condition
    from rap_analyzer.domain.versions import VersionKind


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


class SongImporter(TrackWriter, Protocol):
    """The store as the importer needs it."""

    async def find_copies(self, drafts: Sequence[TrackDraft]) -> Sequence[tuple[str, str]]:
        """Of each song the source and id under which it is stored, if not under its own: same words, title and artist.

        A release of it on another album or in another year is another song. Empty where there is none.
        """


class KeptPageStore(Protocol):
    """Pages of unknown shapes, kept for a parser that knows them."""

    async def count(self) -> int:
        """Pages that are kept."""

    async def load(self, limit: int, after: str) -> Sequence[KeptPage]:
        """Up to `limit` pages whose songs' ids sort after this one, in that order."""


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
        """The songs of a list so far, in its order, with what is known of each."""

    async def claim_songs(self, source_ids: Sequence[str], scope: Scope, limit: int) -> Sequence[SongStub]:
        """Take up to `limit` of these songs that are due and that no process visits; new ones first, then in order."""

    async def describe(self, song: Song) -> None:
        """Remember what a song itself says that its list may leave out."""


class TrackReader(Protocol):
    """The store as pages and searches need it."""

    async def load_track(self, track_id: int) -> Track:
        """One track with its words.

        Raises:
            NotFound: no track has that number.
        """


class VerdictStore(Protocol):
    """Where a batch of tracks is read and its analyses are saved; or of texts that somebody has sent."""

    async def load_unanalyzed(
        self,
        key: AnalyzerKey,
        limit: int,
        after: int,
        last: int,
        where: Sequence[Condition] = (),
        parts: Sequence[AnalyzerKey] = (),
    ) -> Sequence[tuple[int, str, AnalysisInput]]:
        """Up to `limit` that lack it with an id above `after`, as far as `last`: (track id, lyrics digest, input)."""

    async def save_analyses(self, analyses: Sequence[tuple[int, str, Analysis]]) -> None:
        """Save a batch of (track id, lyrics digest, analysis) in one transaction."""


class Ledger(Protocol):
    """One budget, kept for all processes that draw on it. Amounts are US dollars.

    What is set aside and settled by one is so for all from that moment on; to say the same again changes nothing.
    """

    async def reserve(self, request: UUID, worst: float) -> BudgetStanding | None:
        """Set the worst case of a request aside, unless it might pass the limit beside all that is set aside.

        Returns:
            None when that is done; else how the budget stands, and nothing was done.

        Raises:
            StoreError: the store stays away.
        """

    async def hold(self, request: UUID) -> None:
        """Say that a request is still under way; whoever is silent for long is taken for dead."""

    async def settle(self, request: UUID, spent: float, uncertain: float) -> None:
        """Put what a request cost, and what it may have cost besides, in the place of its worst case."""


class AnalysisStore(VerdictStore, Protocol):
    """The store as the analysis step needs it; of an analysis that is there already, the former stays."""

    async def count_unanalyzed(self, key: AnalyzerKey) -> int:
        """Tracks with lyrics that lack this analysis."""

    async def refresh_percentiles(self) -> bool:
        """Compare the tracks anew if that is due; returns whether it was."""


class FailureStore(Protocol):
    """Tracks that a step failed on: set apart, so that they are no longer pending for this version of it."""

    async def save_failures(self, step: str, version: str, failures: Sequence[StepFailure]) -> None:
        """Set tracks apart from what this version of a step still has to do; those that are reworded are left out."""

    async def load_failed(
        self, steps: Mapping[str, str], analyzers: Sequence[AnalyzerKey], limit: int
    ) -> Sequence[FailedTrack]:
        """Up to `limit` tracks that these versions of steps or these analyzers failed on, by id."""


class EnrichmentStore(Protocol):
    """The store as the enrichment step needs it. With `refresh`, answers that are out of date are asked for again."""

    async def count_unenriched(self, source: str, *, refresh: bool) -> int:
        """Tracks that this source is to be asked about."""

    async def load_unenriched(self, source: str, limit: int, after: int, *, refresh: bool) -> Sequence[UnenrichedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""

    async def count_featureless(self, source: str, ids_of: str, *, refresh: bool) -> int:
        """Tracks whose audio features this source is to be asked for: none that comes before it has them."""

    async def load_featureless(
        self, source: str, ids_of: str, limit: int, after: int, *, refresh: bool
    ) -> Sequence[UnenrichedTrack]:
        """Up to `limit` of them with an id above `after`, by id, each tied to a recording of the service `ids_of`."""

    async def save_enrichments(self, enrichments: Sequence[Enrichment]) -> None:
        """Save a batch; a later answer of the same source replaces the fields that it has."""

    async def refresh_audio_embeddings(self) -> int:
        """Make the audio embeddings anew that a change of the sources' order makes another's; returns how many."""

    async def save_asking(self, source: str, failure: str) -> None:
        """How a run fared with a source: why it could not be asked, or nothing."""

    async def count_kept(self, source: str) -> tuple[int, int]:
        """Matched tracks whose answer by this source is within the week, and those whose answer is older."""


class PassageStore(Protocol):
    """The store as the embedding step needs it."""

    async def count_unembedded(self, model: str) -> int:
        """Tracks with lyrics that have no embedding by this model for their present words."""

    async def load_unembedded(self, model: str, limit: int, after: int) -> Sequence[UnembeddedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""

    async def save_embeddings(self, embeddings: Sequence[TrackEmbedding], model: str) -> None:
        """Replace the passages and the embedding of each track, in one transaction."""

    async def load_embeddings(self, track_id: int) -> EmbeddedTrack:
        """The passages of a track's present words, with their vectors, in order; none until they are embedded.

        Raises:
            NotFound: no track has that number.
        """


class SearchStore(Protocol):
    """The store as search needs it."""

    async def search_meaning(
        self, embedding: Sequence[float], model: str, filters: Filters, limit: int
    ) -> Sequence[int]:
        """Track ids by their best passage's cosine similarity to the query, best first."""

    async def search_words(self, query: SearchQuery, filters: Filters, limit: int) -> Sequence[int]:
        """Track ids by full-text rank, best first."""

    async def has_word(self, words: str) -> bool:
        """Whether any track has any of the words."""

    async def is_artist(self, name: str) -> bool:
        """Whether an artist of some track is called so, whatever the case."""

    async def load_artist_names(self) -> Sequence[str]:
        """Names of all artists of tracks."""

    async def load_languages(self) -> Sequence[str]:
        """ISO 639-1 codes of the tracks' languages, the commonest first."""

    async def load_hits(
        self, track_ids: Sequence[int], query: str, embedding: Sequence[float] | None
    ) -> Mapping[int, Hit]:
        """Each track's best passage for the query, with the matching words marked."""

    async def load_similar(self, track_id: int, limit: int) -> Sequence[SimilarTrack]:
        """Nearest tracks by lyrics embedding, other versions of the same words left out."""


class CorpusLists(Protocol):
    """The store as a list of what it holds."""

    async def list_tracks(self, query: ListQuery) -> tuple[int, Sequence[TrackRow]]:
        """How many tracks meet the query, and those of its page."""

    async def list_artists(self, query: ListQuery) -> tuple[int, Sequence[ArtistRow]]:
        """How many artists have tracks that meet the query, and those of its page."""


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


class VersionStore(Protocol):
    """The store as the search for versions of one song needs it."""

    async def count_unfingerprinted(self, version: str) -> int:
        """Tracks whose present words have no fingerprint of this version."""

    async def load_unfingerprinted(self, version: str, limit: int, after: int) -> Sequence[tuple[int, str, str]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest, lyrics)."""

    async def save_fingerprints(self, fingerprints: Sequence[tuple[int, str, Fingerprint]], version: str) -> None:
        """Save (track id, lyrics digest, fingerprint), as one; tracks that are gone or reworded are left out."""

    async def count_uncompared(self) -> int:
        """Tracks whose fingerprints were not compared with the others."""

    async def load_uncompared(self, limit: int, after: int) -> Sequence[tuple[int, str]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest)."""

    async def load_pairs(self, track_ids: Sequence[int]) -> Sequence[tuple[int, int]]:
        """Pairs of wordings that may be alike, the lower number first: one of these tracks' and any other."""

    async def load_wordings(self, wordings: Sequence[int]) -> Mapping[int, str]:
        """The words behind these numbers; those that no track has any more are left out."""

    async def save_compared(self, compared: Sequence[tuple[int, str]], alike: Mapping[tuple[int, int], float]) -> None:
        """Note in one transaction that tracks (id, lyrics digest) were compared, and which wordings are one song."""

    async def settle(self) -> Counter[VersionKind]:
        """Decide anew which tracks are versions of others; returns their number by kind."""
