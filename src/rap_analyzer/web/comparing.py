"""What a page says of a figure's standing, of scores, of performers and of an artist's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.measures import MEASURES
from rap_analyzer.domain.performers import with_roles
from rap_analyzer.domain.standing import GROUPS
from rap_analyzer.domain.track import Role
from rap_analyzer.domain.vocabulary import FIRST_WORDS, first_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rap_analyzer.domain.analysis import Analysis
    from rap_analyzer.domain.standing import Standing
    from rap_analyzer.domain.track import Track
    from rap_analyzer.wiring import Services

COUNTED_ANEW = "2"
"""Changes whenever the way of counting an artist's vocabulary does."""


def with_standings(rows: Iterable[dict[str, Any]], standing: Standing, year: int | None) -> list[dict[str, Any]]:
    """Rows of measures with the sentence that says where each stands; without one where no group is large enough."""
    return [row | {"standing": _sentence(row["name"], standing.percentiles.get(row["name"], {}), year)} for row in rows]


def _sentence(measure: str, ranks: Mapping[str, int], year: int | None) -> str:
    """For people: "denser than 93 % of all tracks, 95 % of the 1990s, 40 % of the artist's own"; 0 % is not said."""
    names = {"corpus": "all tracks", "decade": f"the {(year or 0) // 10 * 10}s", "artist": "the artist’s own"}
    parts = [f"{ranks[group]}\u00a0% of {names[group]}" for group in GROUPS if ranks.get(group)]
    return f"{MEASURES[measure].more} {', '.join(parts)}" if parts else ""


def performers_of(found: Track, analysis: Analysis | None) -> list[dict[str, Any]]:
    """Who raps what on a track, guests apart from the main artists; empty where there are no figures."""
    parts = analysis.measures.get("by_performer", []) if analysis else []
    named = {role: [credit.artist.name for credit in found.credits if credit.role is role] for role in Role}
    return with_roles(parts, named[Role.FEATURED], named[Role.PRIMARY])


async def vocabulary_of(services: Services, artist_id: int) -> dict[str, int | None]:
    """An artist's vocabulary: `words` counted, how many of them are `different` (None if too few), words `needed`."""
    key = f"first-words:{COUNTED_ANEW}:{artist_id}:{await services.pages.load_wording(artist_id)}"
    cached = await services.cache.get(key)
    if isinstance(cached, dict):
        return cached
    songs = await services.pages.load_words(artist_id)
    [(words, different)] = await services.pool.map(first_words, [songs])
    answer = {"words": words, "different": different, "needed": FIRST_WORDS}
    await services.cache.set(key, answer, services.settings.redis_ttl)
    return answer
