"""Enriching: which services are asked about which tracks, what is kept of their answers, and what is said of it."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from memory_state import FREE, MemoryState
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.postgres.enrichments import EnrichmentStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.reccobeats import ReccoBeatsSource
from rap_analyzer.adapters.spotify import SpotifySource
from rap_analyzer.domain.enrichment import AUDIO_FEATURES, Freshness, MatchMethod, Recording, RecordingQuery
from rap_analyzer.domain.errors import ConfigError, PageChanged, RateLimited
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.pipeline.enrich import MOST_FAILURES, enrich
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.reccobeats import is_missing, reccobeats_app
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.simulators.spotify import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, spotify_app
from silence import Silence
from statements import records

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.pipeline.enrich import SourceReport
    from rap_analyzer.simulators.corpus import Corpus
    from rap_analyzer.simulators.spotify import Mode

ORDER = ("spotify", "reccobeats")


class Services:
    """Both simulated services, and the step that asks them."""

    def __init__(self, corpus: Corpus, mode: Mode, stack: AsyncExitStack) -> None:
        self.spotify: FaultInjector = spotify_app(corpus, mode=mode)
        self.reccobeats: FaultInjector = reccobeats_app(corpus)
        self._servers = {
            name: stack.enter_context(SimulatorServer(app))
            for name, app in (("spotify", self.spotify), ("reccobeats", self.reccobeats))
        }

    async def enrich(
        self, database: Database, order: Sequence[str] = ORDER, *, refresh: bool = False
    ) -> dict[str, SourceReport]:
        """A run that asks these, with doors that know nothing of earlier runs."""
        async with AsyncExitStack() as stack:
            sources = [await stack.enter_async_context(self._open(name)) for name in order]
            reports = await enrich(EnrichmentStore(database, order), sources, Silence(), refresh=refresh)
        return {report.name: report for report in reports}

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[SpotifySource | ReccoBeatsSource]:
        url = self._servers[name].url
        async with HttpDoor(name, FREE, MemoryState(), base_delay=0.01, timeouts=Timeouts(1.0, 1.0)) as door:
            if name == "spotify":
                yield SpotifySource(door, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, api_url=url, accounts_url=url)
            else:
                yield ReccoBeatsSource(door, api_url=url)


@pytest.fixture
async def services(corpus: Corpus) -> AsyncIterator[Services]:
    """Spotify in development mode, and ReccoBeats."""
    async with AsyncExitStack() as stack:
        yield Services(corpus, "development", stack)


@pytest.fixture
async def extended(corpus: Corpus) -> AsyncIterator[Services]:
    """The same, with a Spotify that gives everything."""
    async with AsyncExitStack() as stack:
        yield Services(corpus, "extended", stack)


@pytest.fixture
async def stored(database: Database, corpus: Corpus) -> list[int]:
    """Songs of the corpus in the store, two of three with their link; the number of each."""
    drafts = [
        TrackDraft(
            Song(
                str(song.id),
                song.title,
                "",
                (Credit(ArtistRef(corpus.by_slug[song.artist].name), Role.PRIMARY),),
                album=song.album,
                spotify_uri=f"spotify:track:{song.recording.id}" if song.recording and song.id % 3 else None,
            ),
            Outcome.STORED,
            Provenance("demo", str(song.id), "", datetime.now(UTC), "1", ""),
            "A bar that nobody rapped",
        )
        for song in corpus.written.values()
        if song.kind == "song"
    ]
    await TrackStore(database).save_tracks(drafts)
    return [row["id"] for row in await records(database, "SELECT id FROM tracks ORDER BY id")]


async def age(database: Database, days: int, source: str = "%") -> None:
    """Make every answer of a service older."""
    sql = f"UPDATE enrichments SET fetched_at = fetched_at - interval '{days} days' WHERE source LIKE '{source}'"
    await records(database, sql)


# Who is asked what


async def test_features_that_spotify_withholds_come_from_reccobeats(
    services: Services, database: Database, stored: list[int], corpus: Corpus
) -> None:
    """Tracks are tied by Spotify, sound comes from the next in the order; nobody is asked twice."""
    reports = await services.enrich(database)
    recorded = [s for s in corpus.written.values() if s.kind == "song" and s.recording]
    spotify, reccobeats = reports["spotify"], reports["reccobeats"]
    assert spotify.methods.total() == len(stored)
    assert spotify.methods[MatchMethod.URI] == sum(s.id % 3 != 0 for s in recorded)
    assert spotify.methods[MatchMethod.SEARCH] == sum(s.id % 3 == 0 for s in recorded)
    assert spotify.with_audio == 0
    assert reccobeats.methods.total() == len(recorded)
    assert reccobeats.with_audio == sum(not is_missing(s) for s in recorded)
    embedded = await records(database, "SELECT audio_source, count(*) FROM tracks GROUP BY 1 ORDER BY 1")
    assert embedded[0] == {"audio_source": "reccobeats", "count": reccobeats.with_audio}
    again = await services.enrich(database)
    assert not any(report.methods for report in again.values())


async def test_reccobeats_is_not_asked_for_what_spotify_gives(
    extended: Services, database: Database, stored: list[int]
) -> None:
    """In extended mode there is nothing left for it."""
    reports = await extended.enrich(database)
    assert reports["spotify"].with_audio > 60
    assert not reports["reccobeats"].methods
    assert extended.reccobeats.stats()["requests"] == {}


async def test_reccobeats_alone_takes_the_links_of_genius(
    services: Services, database: Database, stored: list[int], corpus: Corpus
) -> None:
    """Without Spotify those tracks get their sound whose recording the lyrics' source names."""
    reports = await services.enrich(database, ["reccobeats"])
    linked = [s for s in corpus.written.values() if s.kind == "song" and s.recording and s.id % 3]
    assert reports["reccobeats"].methods.total() == len(linked)
    assert reports["reccobeats"].with_audio == sum(not is_missing(s) for s in linked)
    assert services.spotify.stats()["requests"] == {}


async def test_the_order_decides_whose_sound_counts(extended: Services, database: Database, stored: list[int]) -> None:
    """The first with all nine makes the embedding; another order makes it anew, without asking anybody."""
    await extended.enrich(database, ["reccobeats", "spotify"])
    sources = await records(database, "SELECT DISTINCT audio_source FROM tracks WHERE audio_source IS NOT NULL")
    assert {row["audio_source"] for row in sources} == {"reccobeats", "spotify"}
    tempo = "SELECT id, (audio_embedding::real[])[8] AS tempo FROM tracks WHERE audio_source = 'reccobeats' ORDER BY 1"
    before = await records(database, tempo)
    extended.spotify.change(Faults())
    await age(database, 8, "spotify")
    await extended.enrich(database, ["spotify", "reccobeats"], refresh=True)
    assert await records(database, tempo) == []
    extended.reccobeats.change(Faults(server_error=1.0))
    await extended.enrich(database, ["reccobeats", "spotify"])
    assert await records(database, tempo) == before


async def test_a_lack_is_looked_into_again_after_a_month(
    services: Services, database: Database, stored: list[int], corpus: Corpus
) -> None:
    """Not after 29 days, whether the track was unknown to Spotify or its sound to ReccoBeats."""
    first = await services.enrich(database)
    await age(database, 29)
    assert not any(report.methods for report in (await services.enrich(database)).values())
    await age(database, 2)
    again = await services.enrich(database)
    assert again["spotify"].methods == {MatchMethod.NONE: first["spotify"].methods[MatchMethod.NONE]}
    assert again["reccobeats"].methods == {MatchMethod.NONE: first["reccobeats"].methods[MatchMethod.NONE]}


async def test_refreshing_asks_again_for_what_is_older_than_a_week(
    services: Services, database: Database, stored: list[int]
) -> None:
    """Matches stay what they were, how they were made too; six days are no reason to ask."""
    matched = "SELECT track_id, source, method, distance, recording_id FROM enrichments ORDER BY 1, 2"
    await services.enrich(database)
    first = await records(database, matched)
    await age(database, 6)
    assert not any(report.methods for report in (await services.enrich(database, refresh=True)).values())
    await age(database, 2)
    services.spotify.change(Faults())
    refreshed = await services.enrich(database, refresh=True)
    assert refreshed["spotify"].methods.total() == len(stored)
    assert await records(database, matched) == first


async def test_length_and_code_of_a_sure_match_help_when_its_id_is_gone(
    services: Services, database: Database, stored: list[int]
) -> None:
    """A recording that moved to another id is found by its ISRC."""
    await services.enrich(database, ["spotify"])
    await records(database, "UPDATE enrichments SET recording_id = repeat('z', 22)")
    await records(database, "UPDATE tracks SET recording_uri = NULL")
    await age(database, 8)
    sure = len(await records(database, "SELECT track_id FROM enrichments WHERE method = 'uri'"))
    again = await services.enrich(database, ["spotify"], refresh=True)
    assert again["spotify"].methods[MatchMethod.ISRC] == sure


# What is kept


async def test_every_field_knows_its_service_and_its_date(
    extended: Services, services: Services, database: Database, stored: list[int]
) -> None:
    """A field that is withheld today stays as it was given a week ago, with that date; the withholding is recorded."""
    await extended.enrich(database, ["spotify"])
    await age(database, 8)
    given = "SELECT field, source, now() - fetched_at > '7 days' AS old FROM enrichment_fields WHERE track_id = {}"
    track = (await records(database, "SELECT track_id FROM enrichments WHERE method = 'uri' LIMIT 1"))[0]["track_id"]
    assert all(row["old"] for row in await records(database, given.format(track)))
    await services.enrich(database, refresh=True)
    old = {
        row["field"]: row["old"] for row in await records(database, given.format(track)) if row["source"] == "spotify"
    }
    assert old["title"] is old["isrc"] is False
    assert all(old[name] for name in (*AUDIO_FEATURES, "popularity"))
    [answer] = await EnrichmentStore(database, ORDER).load_enrichments(track)
    assert set(answer["withheld"]) == {"popularity", "available_markets", "audio_features"}
    assert set(answer["kept"]) >= {*AUDIO_FEATURES, "popularity"}
    assert answer["is_embedded"]


async def test_another_recording_keeps_nothing_of_the_former(
    extended: Services, database: Database, stored: list[int]
) -> None:
    """A link that was put right leaves no field of the wrong recording behind."""
    await extended.enrich(database, ["spotify"])
    ids = await records(
        database, "SELECT track_id, recording_id FROM enrichments WHERE method = 'uri' ORDER BY 1 LIMIT 2"
    )
    wrong, right = ids[0]["track_id"], ids[1]["recording_id"]
    await records(database, f"UPDATE tracks SET recording_uri = 'spotify:track:{right}' WHERE id = {wrong}")
    await records(database, "UPDATE enrichments SET data = data || '{\"odd\": 1}'")
    await age(database, 8)
    await extended.enrich(database, ["spotify"], refresh=True)
    found = await EnrichmentStore(database, ORDER).load_enrichments(wrong)
    assert (found[0]["recording_id"], "odd" in found[0]["data"], found[0]["kept"]) == (right, False, {})


# What goes wrong


async def test_a_service_that_is_away_is_stood_in_for(
    services: Services, database: Database, stored: list[int]
) -> None:
    """Its answers within a week stay and are called stale, older ones out of date; the others are asked anyway."""
    store = EnrichmentStore(database, ORDER)
    track = stored[0]
    await services.enrich(database)
    assert (await store.load_enrichments(track))[0]["freshness"] == Freshness.FRESH
    await records(database, f"UPDATE enrichments SET fetched_at = now() - interval '9 days' WHERE track_id = {track}")
    await records(database, f"DELETE FROM enrichments WHERE source = 'reccobeats' AND track_id <> {track}")
    services.spotify.change(Faults(rate_limited=1.0, retry_after=79_892))
    away = await services.enrich(database, refresh=True)
    assert isinstance(away["spotify"].stopped, RateLimited)
    assert "79892 s" in str(away["spotify"].stopped)
    assert away["spotify"].out_of_date == 1
    assert away["spotify"].stale > 60
    assert away["reccobeats"].with_audio > 50
    shown = {t: (await store.load_enrichments(t))[0] for t in stored[:2]}
    assert shown[stored[0]]["freshness"] == Freshness.OUT_OF_DATE
    assert shown[stored[1]]["freshness"] == Freshness.STALE
    assert "79892 s" in shown[stored[1]]["failure"]
    await records(database, "UPDATE enrichment_sources SET asked_at = asked_at - interval '25 hours'")
    assert (await store.load_enrichments(stored[1]))[0]["freshness"] == Freshness.FRESH
    services.spotify.change(Faults())
    await services.enrich(database, refresh=True)
    assert {(await store.load_enrichments(t))[0]["freshness"] for t in stored[:2]} == {Freshness.FRESH}


async def test_a_service_that_dies_half_way_is_gone_on_with(
    services: Services, database: Database, stored: list[int]
) -> None:
    """What was saved stays; the next run asks about the rest alone."""
    services.spotify.change(Faults())
    seen = 0

    class Saboteur(Silence):
        def advance(self, count: int = 1, now: str = "") -> None:
            del now
            nonlocal seen
            seen += count
            if seen == 50:
                services.spotify.change(Faults(server_error=1.0))

    services_progress = Saboteur()
    async with services._open("spotify") as source:
        [report] = await enrich(EnrichmentStore(database, ORDER), [source], services_progress)
    assert report.stopped is not None
    kept = report.methods.total()
    assert 50 <= kept < len(stored), "those of the batch that it died in too"
    services.spotify.change(Faults())
    again = await services.enrich(database, ["spotify"])
    assert kept + again["spotify"].methods.total() == len(stored)


async def test_wrong_credentials_stop_their_service_alone(
    database: Database, corpus: Corpus, stored: list[int]
) -> None:
    """The error says which settings; ReccoBeats works."""
    async with AsyncExitStack() as stack:
        services = Services(corpus, "development", stack)
        services._servers["spotify"] = stack.enter_context(SimulatorServer(spotify_app(corpus, client_secret="other")))
        reports = await services.enrich(database)
    assert isinstance(reports["spotify"].stopped, ConfigError)
    assert reports["reccobeats"].with_audio > 20


class OddSource:
    """A service that cannot be asked about some tracks."""

    name = "spotify"

    def __init__(self, is_odd: Callable[[str], bool]) -> None:
        self._is_odd = is_odd

    async def fetch_recordings(self, recording_ids: Sequence[str]) -> Mapping[str, Recording]:
        del recording_ids
        return {}

    async def search_recordings(self, query: RecordingQuery) -> Sequence[Recording]:
        if self._is_odd(query.title):
            raise PageChanged(f"no sense in {query.title}")
        return []

    async def fetch_audio_features(self, recording_ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        del recording_ids
        return {}


async def test_one_odd_answer_keeps_no_other_track_waiting(database: Database, stored: list[int]) -> None:
    """It is counted with its reason and asked for again in the next run; a service that gives only such is left."""
    titles = [row["title"] for row in await records(database, "SELECT title FROM tracks ORDER BY id")]
    store = EnrichmentStore(database, ["spotify"])
    [one] = await enrich(store, [OddSource(lambda title: title == titles[3])], Silence())
    assert (one.stopped, one.methods.total()) == (None, len(stored) - 1)
    assert one.failures == {f"no sense in {titles[3]}": 1}
    await records(database, "DELETE FROM enrichments")
    [all_] = await enrich(store, [OddSource(lambda _: True)], Silence())
    assert isinstance(all_.stopped, PageChanged)
    assert sum(all_.failures.values()) == MOST_FAILURES - 1


# What is said


async def test_coverage_adds_up(services: Services, database: Database, stored: list[int]) -> None:
    """Each field by service, each service by how it matched and what it withheld."""
    store = EnrichmentStore(database, ORDER)
    empty = await store.load_coverage()
    assert (empty.tracks, empty.fields, [s.methods for s in empty.sources]) == (len(stored), (), [{}, {}])
    reports = await services.enrich(database)
    coverage = await store.load_coverage()
    spotify, reccobeats = coverage.sources
    assert dict(spotify.methods) == {str(m): n for m, n in reports["spotify"].methods.items()}
    assert list(spotify.methods) == [m for m in map(str, MatchMethod) if m in spotify.methods]
    matched = len(stored) - spotify.methods["none"]
    assert spotify.withheld == dict.fromkeys(("popularity", "available_markets", "audio_features"), matched)
    assert reccobeats.freshness == {"fresh": reports["reccobeats"].with_audio} == {"fresh": coverage.embedded}
    fields = {field.name: field for field in coverage.fields}
    assert fields["tempo"].sources == {"reccobeats": coverage.embedded}
    assert fields["isrc"].sources == {"spotify": matched}
    assert all(field.oldest <= field.newest and field.tracks <= len(stored) for field in coverage.fields)


@pytest.fixture(scope="module")
def simulators(corpus: Corpus) -> Iterator[dict[str, str]]:
    """Settings that point to both simulated services."""
    with SimulatorServer(spotify_app(corpus)) as spotify, SimulatorServer(reccobeats_app(corpus)) as reccobeats:
        yield {
            "SPOTIFY_CLIENT_ID": DEMO_CLIENT_ID,
            "SPOTIFY_CLIENT_SECRET": DEMO_CLIENT_SECRET,
            "SPOTIFY_API_URL": spotify.url,
            "SPOTIFY_ACCOUNTS_URL": spotify.url,
            "RECCOBEATS_API_URL": reccobeats.url,
        }


def test_the_command_on_an_empty_store(rap: Rap, data_dir: Callable[[], Path], simulators: dict[str, str]) -> None:
    """Enriching nothing and reporting on nothing are one sentence each; settings that cannot be are named."""
    folder = data_dir()

    def enrich(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return rap("enrich", *arguments, data_dir=folder, given=b"", **settings)

    told = enrich("--report", **simulators)
    assert (told.returncode, told.stdout) == (
        0, "The store holds no tracks yet: rap scrape or rap import brings some.\n",
    )  # fmt: skip
    assert json.loads(enrich("--report", "--json", **simulators).stdout)["tracks"] == 0
    nothing = enrich(**simulators)
    assert "spotify: 0 asked = 0 matched + 0 unmatched" in nothing.stdout
    wrong = enrich(**{**simulators, "ENRICHMENT_SOURCES": "spotify, napster"})
    assert (wrong.returncode, "'napster'; these exist: spotify, reccobeats" in wrong.stderr) == (3, True)
    without = {name: value for name, value in simulators.items() if "CLIENT" not in name}
    skipped = enrich(**without)
    assert skipped.returncode == 0
    assert "spotify is left out: SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set" in skipped.stdout
    invented = enrich(**{name: value for name, value in simulators.items() if name != "RECCOBEATS_API_URL"})
    assert "reccobeats is left out: another source is a simulator" in invented.stdout
    alone = enrich(ENRICHMENT_SOURCES="spotify")
    assert (alone.returncode, "SPOTIFY_CLIENT_ID" in alone.stderr) == (3, True)
    assert enrich("--json").returncode == 2


def test_the_report_of_a_demo_names_each_service(rap: Rap, demo_data: Path) -> None:
    """The demo's audio features come from ReccoBeats, since its Spotify withholds them."""
    table = rap("enrich", "--report", data_dir=demo_data).stdout
    assert "reccobeats 60" in table
    assert "withheld: " in table
    report = json.loads(rap("enrich", "--report", "--json", data_dir=demo_data).stdout)
    assert {source["source"] for source in report["sources"]} == {"spotify", "reccobeats"}
    assert all(0 < field["share"] <= 1 for field in report["fields"])
    real = rap("enrich", data_dir=demo_data)
    assert (real.returncode, "invented songs" in real.stderr) == (3, True)
