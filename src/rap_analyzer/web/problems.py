"""Errors as answers: RFC 9457 problem+json for programs, a page with the same sentence for people."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

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
    from starlette.requests import Request
    from starlette.responses import Response

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
    return _problem(request, status, detail, status.phrase)


async def answer_unexpected(request: Request, error: Exception) -> Response:
    """A bug: logged whole, told in a sentence."""
    log.error("unexpected error", path=request.url.path, error=repr(error), exc_info=error)
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here; the log says what.", "Bug")


def _problem(request: Request, status: HTTPStatus, detail: str, kind: str) -> Response:
    if wants_page(request):
        return render_page(request, "error.html", {"status": status, "detail": detail}, status_code=status)
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, "kind": kind}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
