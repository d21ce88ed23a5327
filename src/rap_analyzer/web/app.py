"""The HTTP service: one address for people and programs, pages for those whose Accept names text/html."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from rap_analyzer import __version__, telemetry
from rap_analyzer.domain.errors import RapError
from rap_analyzer.web import analysis_routes, batch_routes, corpus_routes, health_routes
from rap_analyzer.web.body_limit import BodyLimit
from rap_analyzer.web.freshness import Freshener
from rap_analyzer.web.problems import (
    PROBLEMS,
    answer_http_error,
    answer_invalid,
    answer_rap_error,
    answer_unexpected,
)
from rap_analyzer.wiring import load_settings, open_services
from rap_analyzer.wiring.batches import BatchWorker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.responses import Response

DESCRIPTION = "Rap lyrics: search by meaning, hear the rhymes. Every page's address answers JSON to programs."


def create_app() -> FastAPI:
    """The application; it opens its services as it starts: `uvicorn --factory rap_analyzer.web.app:create_app`."""
    app = FastAPI(
        title="Rap Analyzer",
        version=__version__,
        description=DESCRIPTION,
        redoc_url=None,
        docs_url=None,
        lifespan=_with_services,
        responses=PROBLEMS,
    )
    app.state.began = time.monotonic()
    app.include_router(health_routes.router)
    app.include_router(corpus_routes.router)
    app.include_router(analysis_routes.router)
    app.include_router(batch_routes.router)
    app.mount("/static", StaticFiles(directory=str(resources.files(__package__).joinpath("static"))), name="static")
    app.add_exception_handler(RapError, answer_rap_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(Exception, answer_unexpected)
    app.add_middleware(BodyLimit)
    app.middleware("http")(_measure)
    return app


@asynccontextmanager
async def _with_services(app: FastAPI) -> AsyncIterator[None]:
    settings = load_settings()
    telemetry.set_up_logging(settings.log_level)
    async with open_services(settings) as services:
        app.state.services = services
        app.state.freshener = Freshener(services.analyses)
        app.state.batch_worker = BatchWorker(services)
        app.state.batch_worker.nudge()  # a former process may have left some
        yield
        await app.state.batch_worker.close()
        await app.state.freshener.close()


async def _measure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Count and time requests by route template, never by what stands in its place."""
    began = time.monotonic()
    response = await call_next(request)
    route = getattr(request.scope.get("route"), "path", "(no route)")
    telemetry.http_requests.labels(request.method, route, str(response.status_code)).inc()
    telemetry.http_seconds.labels(route).observe(time.monotonic() - began)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
    )
    return response
