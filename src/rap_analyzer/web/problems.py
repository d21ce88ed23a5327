"""Errors as answers: RFC 9457 problem+json for programs, a page with the same sentence for people."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from rap_analyzer.domain.errors import (
    ConfigError,
    InputError,
    ModelError,
    NotFound,
    RapError,
    RateLimited,
    SourceError,
    StoreError,
)
from rap_analyzer.web.pages import render_page, wants_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

log = structlog.get_logger(__name__)

STATUSES: dict[type[RapError], HTTPStatus] = {
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    SourceError: HTTPStatus.BAD_GATEWAY,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelError: HTTPStatus.SERVICE_UNAVAILABLE,
    ConfigError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "kind"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, where, and how to mend it, in a sentence."},
        "kind": {"type": "string", "description": "The class of the error."},
    },
}
ANSWERED = (
    *(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ),
    *(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR),
    *(HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE),
)
PROBLEMS: dict[int | str, dict[str, Any]] = {
    int(status): {
        "description": status.phrase,
        "content": {"application/problem+json": {"schema": PROBLEM}, "text/html": {"schema": {"type": "string"}}},
    }
    for status in ANSWERED
}
"""What any operation may answer instead of a result, for the OpenAPI document; a page where Accept names text/html."""


def status_of(error: RapError) -> HTTPStatus:
    """The HTTP status of an error: that of its nearest class in the table."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), HTTPStatus.INTERNAL_SERVER_ERROR)


async def answer_rap_error(request: Request, error: Exception) -> Response:
    """An expected error."""
    status = status_of(error) if isinstance(error, RapError) else HTTPStatus.INTERNAL_SERVER_ERROR
    answer = _problem(request, status, str(error), type(error).__name__)
    if wait := getattr(error, "retry_after", None):
        answer.headers["Retry-After"] = str(math.ceil(wait))
    return answer


async def answer_invalid(request: Request, error: Exception) -> Response:
    """A request whose parameters do not fit: the field is named."""
    first = (
        error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error), "type": ""}
    )
    if first.get("type") == "json_invalid":
        return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "The body is no JSON.", "InputError")
    field = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {first['msg']}.", "InputError")


async def answer_http_error(request: Request, error: Exception) -> Response:
    """No such route, or not that method."""
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    told = error.detail if isinstance(error, HTTPException) and error.detail != status.phrase else status.description
    detail = "Nothing is here; / shows what there is." if status is HTTPStatus.NOT_FOUND else told
    answer = _problem(request, status, detail, status.phrase)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_methods_of(request))
    return answer


def _methods_of(request: Request) -> list[str]:
    """The methods of all routes at an address: each by itself knows but its own."""
    there = [route for route in _routes(request) if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in there for method in getattr(route, "methods", None) or {"GET", "HEAD"}})


def _routes(request: Request) -> Iterator[BaseRoute]:
    for route in request.app.routes:
        router = getattr(route, "original_router", None)  # FastAPI keeps an included router as one
        yield from router.routes if router else [route]


async def answer_unexpected(request: Request, error: Exception) -> Response:
    """A bug: logged whole, told in a sentence."""
    log.error("unexpected error", path=request.url.path, error=repr(error), exc_info=error)
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here; the log says what.", "Bug")


def _problem(request: Request, status: HTTPStatus, detail: str, kind: str) -> Response:
    if wants_page(request):
        return render_page(request, "error.html", {"status": status, "detail": detail}, status_code=status)
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, "kind": kind}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
