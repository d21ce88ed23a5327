"""Is it alive, is it ready, and how is it doing."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from rap_analyzer import telemetry
from rap_analyzer.domain.errors import NotFound

router = APIRouter(tags=["health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers. Touches neither PostgreSQL nor Redis."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Requests can be served: PostgreSQL answers. 503 otherwise."""
    answers = await request.app.state.services.database.ping()
    return JSONResponse({"status": "ready" if answers else "not ready"}, status_code=200 if answers else 503)


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """State of the parts: database_status, redis_status, memory_usage (MB), uptime (s)."""
    services = request.app.state.services
    database = "healthy" if await services.database.ping() else "unavailable"
    return {
        "status": "healthy" if database == "healthy" else "degraded",
        "database_status": database,
        "redis_status": await services.cache.status(),
        "memory_usage": round(telemetry.resident_mb(), 1),
        "uptime": round(time.monotonic() - request.app.state.began, 1),
    }


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Metrics in Prometheus's text form; 404 when PROMETHEUS_ENABLED is false."""
    if not request.app.state.services.settings.prometheus_enabled:
        raise NotFound("Metrics are switched off here: PROMETHEUS_ENABLED is false.")
    return Response(telemetry.render_metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
