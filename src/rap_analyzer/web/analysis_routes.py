"""A text of your own: analysed, and shown with its rhymes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, Response

from rap_analyzer.analyzers.algorithmic import MEASURES
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.web.lyric_view import view_lyrics
from rap_analyzer.web.pages import render_page
from rap_analyzer.web.rhyming import rhymes_of
from rap_analyzer.wiring import ANALYZERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.wiring import Services

router = APIRouter(tags=["analysis"])

MAX_CHARACTERS = 100_000
NAMES: list[Any] = sorted(ANALYZERS)
"""Of all analyzers."""


class AnalyzeRequest(BaseModel):
    """What `POST /analyze` takes."""

    text: str = Field(
        description="Lyrics: one bar a line, section headers in square brackets if any.",
        json_schema_extra={"minLength": 1, "maxLength": MAX_CHARACTERS, "pattern": r"[^\s\u0000-\u001f\u007f-\u009f]"},
    )
    analyzer: str = Field("algorithmic_basic", description="Name of an analyzer.", json_schema_extra={"enum": NAMES})


@router.get("/analyze", response_class=HTMLResponse)
async def paste_page(request: Request) -> Response:
    """The page to paste your own bars into."""
    return render_page(request, "paste.html", {"text": ""})


@router.post("/analyze")
async def analyze(request: Request, body: AnalyzeRequest) -> Response:
    """Analyse a text: its measures and, with `algorithmic_basic`, its rhyme chains. Nothing is stored."""
    analysis, rhymes = await _analyze(request.app.state.services, body.text, body.analyzer)
    return JSONResponse(analysis.to_json() | ({"rhymes": rhymes} if rhymes else {}))


@router.post("/analyze/page", include_in_schema=False)
async def analyze_page(request: Request, text: Annotated[str, Form()] = "") -> Response:
    """The same, for the form of the page."""
    try:
        analysis, rhymes = await _analyze(request.app.state.services, text, "algorithmic_basic")
    except InputError as error:
        return render_page(request, "paste.html", {"text": text[:MAX_CHARACTERS], "error": str(error)}, 422)
    values = {
        "text": text,
        "view": view_lyrics(clean_transcription(text), rhymes),
        "analysis": analysis,
        "measures": measure_rows(analysis),
    }
    return render_page(request, "paste.html", values)


async def _analyze(services: Services, raw: str, name: str) -> tuple[Analysis, dict[str, Any] | None]:
    if len(raw) > MAX_CHARACTERS:
        raise InputError(f"text has {len(raw):,} characters; at most {MAX_CHARACTERS:,} are analysed at a time.")
    text = clean_transcription(raw)
    if not text.strip():
        raise InputError("text is empty; send some bars, one a line.")
    analyzer = await services.analyzers.get_for_request(name)
    [analysis] = await analyzer.analyze([AnalysisInput(text)])
    rhymes = await rhymes_of(services, text) if analysis.status is Status.DONE else None
    return analysis, rhymes


def measure_rows(analysis: Analysis | None) -> list[dict[str, Any]]:
    """Each measure with its label, figure, unit and the sentence that says what it means."""
    if analysis is None or analysis.status is not Status.DONE:
        return []
    rows = []
    for name, measure in MEASURES.items():
        value = analysis.measures.get(name)
        if isinstance(value, int | float) or (isinstance(value, str) and value):
            row = {"name": name, "label": measure.label, "meaning": measure.meaning}
            rows.append(row | _shown(value, measure.unit))
    return rows


def average_rows(averages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An artist's means as a page shows them, with the sentence that says where each stands in the corpus."""
    rows = []
    for average in averages:
        measure = MEASURES[average["measure"]]
        standing = (
            f"{measure.more} {average['corpus']}\u00a0% of all tracks" if average["n"] and average["corpus"] else ""
        )
        rows.append({"label": measure.label, "standing": standing} | _shown(float(average["mean"]), measure.unit))
    return rows


def _shown(value: float | str, unit: str) -> dict[str, str]:
    """A figure as people read it: shares as percent, counts whole, two digits after the point for the rest."""
    if isinstance(value, str):
        return {"shown": value, "unit": ""}
    if unit == "share":
        return {"shown": f"{100 * value:.0f} %", "unit": ""}
    return {"shown": f"{value:,}" if isinstance(value, int) else f"{value:,.2f}", "unit": unit}
