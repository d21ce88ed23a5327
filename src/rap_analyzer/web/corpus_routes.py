"""Home, search, tracks and artists: a page for people, the same as JSON for programs."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from rap_analyzer.domain.analysis import Analysis, Status
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.search import Filters, answer_json, similar_json
from rap_analyzer.domain.track import Role
from rap_analyzer.pipeline.themes import themes_of
from rap_analyzer.web.analysis_routes import average_rows, measure_rows
from rap_analyzer.web.analyzer_view import agreement_of, analyzer_rows, missing_of, told_themes
from rap_analyzer.web.arc_view import view_arc
from rap_analyzer.web.comparing import performers_of, vocabulary_of, with_standings
from rap_analyzer.web.lyric_view import view_lyrics
from rap_analyzer.web.pages import render_page, wants_page
from rap_analyzer.web.rhyming import rhymes_of
from rap_analyzer.wiring import ANALYZERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.track import Track
    from rap_analyzer.web.analyzer_view import Missing
    from rap_analyzer.wiring import Services

router = APIRouter(tags=["corpus"])

MAX_ID = 2**62


Number = Annotated[
    int, Path(description="Its number here.", json_schema_extra={"minimum": 1, "exclusiveMaximum": MAX_ID})
]


class Versions(StrEnum):
    """How statistics count the versions of a song."""

    ONCE = "once"
    ALL = "all"


VersionsParameter = Annotated[
    Versions, Query(description="Whether each song counts once, or all its versions (remix, live, re-release …).")
]


@router.get("/")
async def home(request: Request, versions: VersionsParameter = Versions.ONCE) -> Response:
    """What is in the corpus, at a glance."""
    pages, every = _services(request).pages, versions is Versions.ALL
    overview, decades, artists, densest = await asyncio.gather(
        pages.load_overview(),
        pages.load_decades(every_version=every),
        pages.load_artists(24, every_version=every),
        pages.load_densest(6, every_version=every),
    )
    values = {"overview": overview, "decades": decades, "artists": artists, "densest": densest}
    if wants_page(request):
        return render_page(request, "home.html", values | {"every": every})
    return JSONResponse(values, headers={"Vary": "Accept"})


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[
        str,
        Query(
            description="What the song is about, or words in it; programs have to give one.",
            json_schema_extra={"minLength": 1, "maxLength": 1000, "pattern": r"\S"},
        ),
    ] = "",
    artist: Annotated[str, Query(description="Only this artist.")] = "",
    year_from: Annotated[str, Query(description="First year.")] = "",
    year_to: Annotated[str, Query(description="Last year.")] = "",
    language: Annotated[str, Query(description="Code or name, such as en or english.")] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="Most hits.")] = 10,
) -> Response:
    """Search by meaning and by words, joined by reciprocal rank fusion."""
    filters = Filters(artist or None, _year("year_from", year_from), _year("year_to", year_to), language or None)
    page = wants_page(request)
    if page and not q.strip():
        return render_page(request, "search.html", {"q": "", "filters": filters, "answer": None})
    answer = await _services(request).searcher.search(q, filters, limit)
    if page:
        return render_page(request, "search.html", {"q": q, "filters": filters, "answer": answer})
    return JSONResponse(answer_json(answer), headers={"Vary": "Accept"})


@router.get("/tracks/{track_id}")
async def track(
    request: Request,
    track_id: Number,
    with_lyrics: Annotated[bool, Query(description="Give the words and their rhyme chains too.")] = False,
) -> Response:
    """A track: who, when, its analyses and where it stands, what metadata services say; the page shows its rhymes."""
    services = _services(request)
    number = _checked(track_id)
    request.app.state.freshener.nudge()
    found, analyses, enrichments, versions, version, standing = await asyncio.gather(
        services.tracks.load_track(number),
        services.analyses.load_analyses(number),
        services.enrichments.load_enrichments(number),
        services.pages.load_versions(number),
        services.pages.load_version(number),
        services.pages.load_standing(number),
    )
    basic = next((analysis for analysis in analyses if analysis.analyzer == "algorithmic_basic"), None)
    themes, missing = await asyncio.gather(
        themes_of(services.passages, number), missing_of(services.analyzers, analyses, list(ANALYZERS))
    )
    performers = performers_of(found, basic)
    if not wants_page(request):
        body = _track_json(found, analyses, enrichments) | version | {"versions": versions}
        body |= {"themes": themes.as_json(), "missing": missing.to_json()}
        body |= {"performers": performers, "percentiles": standing.percentiles_json(), "scores": standing.scores_json()}
        if with_lyrics:
            body |= {"lyrics": found.lyrics, "rhymes": await _rhymes(services, found, analyses)}
        return JSONResponse(body, headers={"Vary": "Accept"})
    rhymes, similar = await asyncio.gather(_rhymes(services, found, analyses), services.searcher.similar(number, 6))
    values = {
        "track": found,
        "basic": basic,
        "measures": with_standings(measure_rows(basic), standing, found.year),
        "standing": standing,
        "performers": performers,
        "view": view_lyrics(found.lyrics, rhymes),
        "enrichments": enrichments,
        "version": version,
        "versions": versions,
        "similar": similar,
        "credits": _credits(found),
        "themes": themes,
    }
    return render_page(request, "track.html", values | _verdicts(found, analyses, missing))


def _verdicts(found: Track, analyses: Sequence[Analysis], missing: Missing) -> dict[str, Any]:
    """What the analyzers say of a track, as its page shows it."""
    by_name = {analysis.analyzer: analysis for analysis in analyses}
    return {
        "emotion": by_name.get("emotion"),
        "arc": view_arc(by_name.get("emotion"), parse(found.lyrics)),
        "told_themes": told_themes(analyses),
        "missing": missing,
        "analyzer_rows": analyzer_rows(analyses, missing, list(ANALYZERS)),
        "agreement": agreement_of(by_name.get("hybrid")),
    }


@router.get("/tracks/{track_id}/similar")
async def similar(
    request: Request, track_id: Number, limit: Annotated[int, Query(ge=1, le=100, description="Most tracks.")] = 10
) -> Response:
    """Nearest tracks by meaning."""
    services = _services(request)
    found = await services.tracks.load_track(_checked(track_id))
    neighbours = await services.searcher.similar(found.id, limit)
    if wants_page(request):
        return render_page(request, "similar.html", {"track": found, "similar": neighbours})
    return JSONResponse(similar_json(found.id, neighbours), headers={"Vary": "Accept"})


@router.get("/artists/{artist_id}")
async def artist(request: Request, artist_id: Number, versions: VersionsParameter = Versions.ONCE) -> Response:
    """An artist: their tracks, newest first, the means of their measures, and the vocabulary of their first words."""
    services, number, every = _services(request), _checked(artist_id), versions is Versions.ALL
    request.app.state.freshener.nudge()
    found = await services.pages.load_artist(number)
    vocabulary, averages = await asyncio.gather(
        vocabulary_of(services, number), services.pages.load_artist_standing(number, every_version=every)
    )
    if wants_page(request):
        values = {
            "artist": found,
            "vocabulary": vocabulary,
            "averages": average_rows(averages),
            "averages_of": max((row["tracks"] for row in averages), default=0),
            "every": every,
        }
        return render_page(request, "artist.html", values)
    return JSONResponse(found | {"vocabulary": vocabulary, "averages": averages}, headers={"Vary": "Accept"})


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The API, from its own OpenAPI document; no script from elsewhere."""
    return render_page(request, "docs.html", {"api": request.app.openapi()})


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _checked(number: int) -> int:
    if not 0 < number < MAX_ID:
        raise InputError(f"{number} is no track or artist number.")
    return number


def _year(name: str, text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > len("2026"):
        raise InputError(f"{name} is {text!r}; it must be a year, such as 1994.")
    return int(text)


async def _rhymes(services: Services, found: Track, analyses: list[Analysis]) -> dict[str, Any] | None:
    """None for a language that the engine does not hear: no colours rather than wrong ones."""
    heard = all(a.status is not Status.UNSUPPORTED_LANGUAGE for a in analyses if a.analyzer == "algorithmic_basic")
    return await rhymes_of(services, found.lyrics) if heard else None


def _credits(found: Track) -> dict[str, list[dict[str, str | None]]]:
    groups: dict[str, list[dict[str, str | None]]] = {str(role): [] for role in Role}
    for credit in found.credits:
        groups[str(credit.role)].append({"name": credit.artist.name, "id": credit.artist.source_id})
    return groups


def _track_json(found: Track, analyses: list[Analysis], enrichments: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "track_id": found.id,
        "title": found.title,
        "artist": found.artist,
        "album": found.album,
        "year": found.year,
        "language": found.language,
        "page_views": found.page_views,
        "source": found.source,
        "url": found.url,
        "lyrics_digest": found.lyrics_digest,
        "credits": _credits(found),
        "analyses": [a.to_json() for a in analyses],
        "enrichments": [{**e, "fetched_at": e["fetched_at"].isoformat()} for e in enrichments],
    }
