"""Names of the metrics, how logging is set up, and what memory the process has."""

from __future__ import annotations

import logging
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stamina
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

if TYPE_CHECKING:
    from collections.abc import MutableMapping

SECRET_NAMES = ("token", "secret", "password", "api_key", "authorization")

registry = CollectorRegistry()

http_requests = Counter(
    "rap_http_requests", "Requests answered, by route template.", ["method", "route", "status"], registry=registry
)
http_seconds = Histogram(
    "rap_http_request_seconds", "Time to answer a request, by route template.", ["route"], registry=registry
)
source_requests = Counter(
    "rap_source_requests", "Requests sent to a source, by what came back.", ["source", "result"], registry=registry
)
source_seconds = Histogram(
    "rap_source_request_seconds", "Time a source took to answer one request.", ["source"], registry=registry
)
source_turn_seconds = Histogram(
    "rap_source_turn_seconds", "Time a request waited for its turn at a source.", ["source"], registry=registry
)
source_breaker_open = Gauge(
    "rap_source_breaker_open", "1 while a source's breaker is open, else 0.", ["source"], registry=registry
)
source_parked_seconds = Gauge(
    "rap_source_parked_seconds", "Seconds for which a source wants to be left alone.", ["source"], registry=registry
)
shared_state_seconds = Histogram(
    "rap_shared_state_seconds", "Time to ask the shared state, by the store asked.", ["store"], registry=registry
)
song_outcomes = Counter("rap_songs", "Songs visited, by outcome.", ["source", "outcome"], registry=registry)
tracks_analyzed = Counter(
    "rap_tracks_analyzed", "Analyses made, by analyzer and status.", ["analyzer", "status"], registry=registry
)
tracks_embedded = Counter("rap_tracks_embedded", "Tracks embedded.", registry=registry)
chat_replies = Counter(
    "rap_chat_replies",
    "Opinions wanted of a chat model, by what became of them.",
    ["analyzer", "result"],
    registry=registry,
)
chat_tokens = Counter(
    "rap_chat_tokens", "Tokens read and written by chat models.", ["model", "kind"], registry=registry
)
chat_dollars = Counter("rap_chat_dollars", "US dollars spent on chat models.", ["model"], registry=registry)
chat_quotes = Counter(
    "rap_chat_quotes",
    "Quotations given by chat models, by whether they occur in the lyrics.",
    ["analyzer", "result"],
    registry=registry,
)
redis_hit_ratio = Gauge("redis_hit_ratio", "Cache hits ÷ look-ups since the start.", registry=registry)
redis_available = Gauge("rap_redis_available", "1 while Redis is read and written, else 0.", registry=registry)
cache_requests = Counter(
    "rap_cache_requests", "Look-ups in the cache, by kind of value.", ["kind", "result"], registry=registry
)
cache_failures = Counter(
    "rap_cache_failures", "Commands that Redis did not do, by reason.", ["reason"], registry=registry
)


def render_metrics() -> bytes:
    """All metrics in Prometheus's text form."""
    return generate_latest(registry)


def set_up_logging(level: str) -> None:
    """Log lines as key=value to standard error, with secrets blanked."""
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(message)s", force=True)
    for noisy in ("psycopg.pool", "aiohttp", "stamina", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(logging.ERROR, logging.getLevelName(level.upper())))
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # why a batch failed is kept with it, in a sentence
    stamina.instrumentation.set_on_retry_hooks([])  # retries are counted in rap_source_requests
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _blank_secrets,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def _to_standard_error(*_: Any) -> structlog.PrintLogger:
    """A logger to what is standard error now: a test or a shell may have put another stream in its place since."""
    return structlog.PrintLogger(sys.stderr)


def _blank_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if any(secret in name.lower() for secret in SECRET_NAMES):
            event[name] = "***"
    return event


def resident_mb() -> float:
    """Memory of this process: what it has now where the system tells, else the most it has had."""
    with suppress(FileNotFoundError), Path("/proc/self/statm").open("rb", buffering=0) as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
