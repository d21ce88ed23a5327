"""Many texts or tracks at once: asked for, looked after, fetched, given up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from rap_analyzer.domain.batch_request import KEPT_DAYS, MOST_TEXTS, BatchRequest, BatchState
from rap_analyzer.domain.errors import InputError, NotFound
from rap_analyzer.domain.text_record import TextRecord, read_record
from rap_analyzer.domain.track_filter import parse_filter
from rap_analyzer.domain.transcription import CONTROL, clean_transcription
from rap_analyzer.web.analysis_routes import MAX_CHARACTERS, NAMES
from rap_analyzer.wiring import batches

if TYPE_CHECKING:
    from rap_analyzer.domain.batch_request import BatchProgress
    from rap_analyzer.domain.track_filter import Condition
    from rap_analyzer.wiring import Services

router = APIRouter(tags=["analysis"])

MAX_WHERE = 1000
MAX_ID = 200
MAX_LANGUAGE = 35
MAX_KEY = 255


ONE_OF_TWO: list[Any] = [
    {"required": ["texts"], "properties": {"texts": {"type": "array", "minItems": 1}, "where": {"type": "null"}}},
    {"required": ["where"], "properties": {"where": {"type": "string", "minLength": 1}, "texts": {"type": "null"}}},
]


class BatchBody(BaseModel):
    """What `POST /batch` takes: texts, or a filter of the store's tracks."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"oneOf": ONE_OF_TWO})

    texts: list[Any] | None = Field(
        None, description='Up to 1,000 texts, each a string or an object with "text", and maybe "id" and "language".'
    )
    where: str | None = Field(
        None,
        description="In place of texts: conditions on tracks of the store, such as artist=Juno Halogen, year>=1990.",
    )
    analyzers: list[str] | None = Field(
        None,
        description="Names of analyzers; algorithmic_basic and emotion if left out. hybrid brings what it combines.",
        json_schema_extra={"minItems": 1, "items": {"type": "string", "enum": NAMES}},
    )


@router.post("/batch", status_code=202)
async def ask_batch(
    request: Request,
    body: BatchBody,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body again are answered by the same batch.")
    ] = None,
) -> Response:
    """Have many texts, or tracks of the store, analysed: answers at once with where to look for the result."""
    services: Services = request.app.state.services
    key = _checked_key(idempotency_key)
    sent = body.model_dump()
    if body.analyzers == []:
        raise InputError("analyzers is empty; name some, or leave it out.")
    if body.texts is not None and body.where is None:
        texts = await asyncio.to_thread(_read_texts, body.texts)
        asked = await batches.take_texts(services, texts, body.analyzers, sent, key)
    elif body.where is not None and body.texts is None:
        asked = await batches.take_tracks(services, _read_filter(body.where), body.analyzers, sent, key)
    else:
        raise InputError("texts, where: send one of the two.")
    request.app.state.batch_worker.nudge()
    answer = batch_json(asked, await batches.progress(services, asked))
    return JSONResponse(answer, status_code=202, headers={"Location": f"/batch/{asked.id}"})


@router.get("/batch/{batch_id}")
async def look_at_batch(request: Request, batch_id: str) -> Response:
    """How a batch stands: state, progress, analyses by status, and what went wrong."""
    asked = await _load(request, batch_id)
    request.app.state.batch_worker.nudge()
    return JSONResponse(batch_json(asked, await batches.progress(request.app.state.services, asked)))


@router.get("/batch/{batch_id}/result")
async def fetch_result(request: Request, batch_id: str) -> Response:
    """A JSON line for each text or track, in order, with all analyses; 409 while the batch is not done."""
    services, asked = request.app.state.services, await _load(request, batch_id)
    progress = await batches.progress(services, asked)
    if progress.state in {BatchState.QUEUED, BatchState.RUNNING}:
        raise HTTPException(
            409,
            f"The batch is {progress.state}: {progress.finished:,} of {asked.wanted:,} analyses are there; "
            f"/batch/{asked.id} says when it is done.",
        )
    return StreamingResponse(batches.results(services, asked), media_type="application/x-ndjson")


@router.delete("/batch/{batch_id}")
async def cancel_batch(request: Request, batch_id: str) -> Response:
    """Give a batch up. What is there by then can be fetched; a batch that is done stays so."""
    services = request.app.state.services
    asked = await batches.cancel(services, await _load(request, batch_id))
    return JSONResponse(batch_json(asked, await batches.progress(services, asked)))


def batch_json(asked: BatchRequest, progress: BatchProgress) -> dict[str, Any]:
    """A batch as programs see it."""
    finished = min(progress.finished, asked.wanted)
    return {
        "id": str(asked.id),
        "state": str(progress.state),
        "analyzers": [key.analyzer for key in asked.keys],
        ("texts" if asked.of_texts else "tracks"): asked.entries,
        "errors": asked.faulty,
        "progress": {
            "finished": finished,
            "total": asked.wanted,
            "share": round(finished / asked.wanted, 4) if asked.wanted else 1.0,
        },
        "counts": progress.counts,
        "failures": [
            {"analyzer": analyzer, "reason": reason, "jobs": jobs}
            for (analyzer, reason), jobs in progress.failures.items()
        ],
        **_times(asked),
        "links": {"self": f"/batch/{asked.id}", "result": f"/batch/{asked.id}/result"},
    }


def _times(asked: BatchRequest) -> dict[str, str]:
    if asked.created_at is None:
        return {}
    ends = asked.created_at + timedelta(days=KEPT_DAYS)
    return {"created_at": asked.created_at.isoformat(), "expires_at": ends.isoformat()}


async def _load(request: Request, batch_id: str) -> BatchRequest:
    services: Services = request.app.state.services
    try:
        found = await services.batches.load(UUID(batch_id))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"There is no batch {batch_id[:64]!r}; batches are kept for {KEPT_DAYS} days.")
    return found


def _read_texts(raw: list[Any]) -> list[TextRecord]:
    """The texts as they are kept; a bad one has a fault.

    Raises:
        InputError: there are none, or too many.
    """
    if not raw:
        raise InputError("texts is empty; send some.")
    if len(raw) > MOST_TEXTS:
        raise InputError(f"texts has {len(raw):,} entries; at most {MOST_TEXTS:,} are taken at a time.")
    return [_read_text(place, given) for place, given in enumerate(raw)]


def _read_text(place: int, given: object) -> TextRecord:
    record = read_record({"text": given} if isinstance(given, str) else given, "text", MAX_CHARACTERS)
    name = place if record.id is None else record.id
    fault = record.fault or _fault_of_id(name) or _fault_of_language(record.language)
    if fault:
        return TextRecord(None if _fault_of_id(name) else name, fault=f"texts[{place}]: {fault}")
    return TextRecord(name, clean_transcription(record.lyrics), record.language)


def _fault_of_id(name: object) -> str:
    with suppress(orjson.JSONEncodeError):  # half a character, or a number beyond 64 bits
        if isinstance(name, str | int | float) and orjson.dumps(name) != b"null" and len(orjson.dumps(name)) <= MAX_ID:
            return ""
    return f'"id" must be a number or a text of at most {MAX_ID} bytes'


def _fault_of_language(language: str | None) -> str:
    fits = language is None or (len(language) <= MAX_LANGUAGE and language.isprintable())
    return "" if fits else '"language" must be a code such as "en", or left out'


def _read_filter(where: str) -> tuple[Condition, ...]:
    if len(where) > MAX_WHERE or CONTROL.search(where):
        raise InputError(f"where: at most {MAX_WHERE:,} characters, none of them invisible.")
    try:
        conditions = parse_filter(where)
    except InputError as error:
        raise InputError(f"where: {str(error).removeprefix('--where ')}") from error
    if not conditions:
        raise InputError("where is empty; write a condition, such as year>=1990, or id>=1 for every track.")
    return conditions


def _checked_key(key: str | None) -> str | None:
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
        raise InputError(f"Idempotency-Key: 1 to {MAX_KEY} printable characters.")
    return key
