"""What a step needs of the services that songs and metadata come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rap_analyzer.domain.track import NO_VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.domain.enrichment import Recording, RecordingQuery
    from rap_analyzer.domain.frontier import SongPage, Wish
    from rap_analyzer.domain.track import ArtistRef, Outcome, Song, Validators


class LyricsPage(Protocol):
    """What the parser made of a song page."""

    @property
    def outcome(self) -> Outcome:
        """`stored` when there are lyrics, `unchanged` when it is the page that was known, else why there are none."""

    @property
    def lyrics(self) -> str:
        """The words, sections separated by a blank line; empty unless `stored`."""

    @property
    def raw_digest(self) -> str:
        """SHA-256 (hex) of the page's bytes."""

    @property
    def validators(self) -> Validators:
        """By what the page can be asked whether it has changed."""


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

    async def find_list(self, wish: Wish) -> ArtistRef:
        """The list of songs that a wish other than an artist means; its `source_id` has a kind and a colon before it.

        Raises:
            NotFound: there is no such thing; the message names the nearest ones.
            InputError: it is the address of another site, or no number.
        """

    async def list_songs(self, artist: ArtistRef, page: int) -> SongPage:
        """A page of the list, from 1; an artist's also has songs where they are only featured."""

    async def fetch_song(self, source_id: str) -> Song:
        """Metadata of one song.

        Raises:
            NotFound: the song is gone.
        """

    async def fetch_lyrics(self, song: Song, known: Validators = NO_VALIDATORS) -> LyricsPage:
        """The song's page, parsed; only that it is `unchanged` where it is still the one with the known validators.

        Raises:
            NotFound: the page is gone.
            Blocked: a challenge page came instead.
            PageChanged: the page has a shape that the parser does not know.
        """


@runtime_checkable
class MetadataSource(Protocol):
    """A service that knows recordings (Spotify)."""

    name: str

    async def fetch_recordings(self, recording_ids: Sequence[str]) -> Mapping[str, Recording]:
        """Recordings by id, as many at a time as the service lets us; those that it does not have are absent."""

    async def search_recordings(self, query: RecordingQuery) -> Sequence[Recording]:
        """Candidates for a title and artist, the service's best first."""

    async def fetch_audio_features(self, recording_ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """Audio features by recording id; recordings whose features are withheld are absent."""


class FeatureSource(Protocol):
    """A service that gives audio features of recordings, and is asked by the ids of another (ReccoBeats)."""

    name: str
    ids_of: str

    async def fetch_audio_features(self, recording_ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """Audio features by recording id, as many at a time as the service lets us; what it does not have is absent."""
