"""Rhyme chains of a text, computed in a process of its own and kept in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer.analyzers.rhymes import ENGINE_VERSION, rhymes_json
from rap_analyzer.domain.track import lyrics_digest

if TYPE_CHECKING:
    from rap_analyzer.wiring import Services


async def rhymes_of(services: Services, text: str) -> dict[str, Any]:
    """The answer of `rap rhymes --jsonl` for this text."""
    key = f"rhymes:{ENGINE_VERSION}:{lyrics_digest(text)}"
    cached = await services.cache.get(key)
    if isinstance(cached, dict):
        return cached
    [answer] = await services.pool.map(rhymes_json, [text])
    await services.cache.set(key, answer, services.settings.redis_ttl)
    return answer
