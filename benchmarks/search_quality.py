"""How well `rap search` answers questions to the demo corpus: by meaning alone, by words alone, and by both.

Each question of questions.json names the songs that answer it. The authors of the songs wrote the questions, so they
tell how the parts of the search compare with one another, not how well it serves a stranger on another corpus.

usage: search_quality.py     on the store that the settings name, which `rap demo --no-serve` has filled
"""

from __future__ import annotations

import asyncio
import json
import random
import string
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.adapters.postgres.passages import SearchStore
from rap_analyzer.pipeline.search import Searcher
from rap_analyzer.wiring import load_settings, open_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.query import SearchQuery
    from rap_analyzer.domain.search import Filters
    from rap_analyzer.wiring import Services

    Floats = npt.NDArray[np.float64]

QUESTIONS = Path(__file__).with_name("questions.json")
DEPTH = 60
RESAMPLES = 10_000
GIBBERISH = 200
FOREIGN_TOPICS = (
    *("tax law for limited companies", "quantum chromodynamics", "mitochondria", "football results"),
    *("javascript promise rejection", "enzyme kinetics", "municipal bond yields", "tectonic plates"),
)
SEED = 7


class MeaningAlone(SearchStore):
    """Finds nothing by words."""

    async def search_words(self, query: SearchQuery, filters: Filters, limit: int) -> list[int]:
        """Nothing."""
        del query, filters, limit
        return []


class WordsAlone(SearchStore):
    """Finds nothing by meaning."""

    async def search_meaning(self, embedding: Sequence[float], model: str, filters: Filters, limit: int) -> list[int]:
        """Nothing."""
        del embedding, model, filters, limit
        return []


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody may ask, and the source ids of the songs that answer it."""

    text: str
    answers: frozenset[str]


def main() -> None:
    """Print mean reciprocal rank and share of right first hits, with 95 % intervals."""
    asyncio.run(_measure())


def load_questions() -> list[Question]:
    """The questions of questions.json, in its order."""
    listed = json.loads(QUESTIONS.read_text("utf8"))
    return [Question(text, frozenset(map(str, answers))) for text, answers in listed.items()]


async def _measure() -> None:
    questions = load_questions()
    async with open_services(load_settings()) as services:
        songs = await _demo_songs(services)
        missing = {answer for question in questions for answer in question.answers} - set(songs.values())
        assert not missing, f"the store lacks the songs {sorted(missing)}: fill it with rap demo --no-serve"
        print(f"{len(questions)} questions, {len(songs)} songs; mean and 95 % interval over questions")
        baseline = None
        for name, kind in (("both", SearchStore), ("meaning alone", MeaningAlone), ("words alone", WordsAlone)):
            ranks = await _reciprocal_ranks(Searcher(kind(services.database), services.embedder), questions, songs)
            print(
                f"  {name:<14} reciprocal rank {_with_interval(ranks)}   first hit right {_with_interval(ranks == 1)}"
            )
            if baseline is not None:
                print(f"  {'':<14} both less this {_with_interval(baseline - ranks, signed=True)}")
            baseline = ranks if baseline is None else baseline
        await _measure_refusals(Searcher(SearchStore(services.database), services.embedder), questions)


async def _measure_refusals(searcher: Searcher, questions: list[Question]) -> None:
    """How many queries of each kind are told that nothing is close."""
    kinds = {
        "questions": [question.text for question in questions],
        "topics that no song has": list(FOREIGN_TOPICS),
        "gibberish": gibberish(GIBBERISH),
    }
    for kind, queries in kinds.items():
        empty = [not (await searcher.search(query)).hits for query in queries]
        print(f"  nothing is close: {sum(empty)} of {len(empty)} {kind}")


def gibberish(count: int) -> list[str]:
    """Letters at random, one to four runs of three to twelve."""
    rng = random.Random(SEED)

    def run() -> str:
        return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(3, 12)))

    return [" ".join(run() for _ in range(rng.randint(1, 4))) for _ in range(count)]


async def _demo_songs(services: Services) -> dict[int, str]:
    """Source ids by track id."""

    async def work(connection: Connection) -> dict[int, str]:
        cursor = await connection.execute("SELECT id, source_id FROM tracks WHERE source = 'demo'")
        return {row["id"]: row["source_id"] for row in await cursor.fetchall()}

    return await services.database.run(work)


async def _reciprocal_ranks(searcher: Searcher, questions: list[Question], songs: dict[int, str]) -> Floats:
    """1 / the rank of the first right song for each question; 0 where none is found."""
    ranks = []
    for question in questions:
        answer = await searcher.search(question.text, limit=DEPTH)
        right = [n for n, hit in enumerate(answer.hits, start=1) if songs.get(hit.track_id) in question.answers]
        ranks.append(1 / right[0] if right else 0.0)
    return np.array(ranks)


def _with_interval(values: npt.NDArray[np.generic], *, signed: bool = False) -> str:
    """Mean and percentile bootstrap interval."""
    figures = values.astype(np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(figures), (RESAMPLES, len(figures)))
    low, high = np.percentile(figures[drawn].mean(axis=1), [2.5, 97.5])
    form = "+.3f" if signed else ".3f"
    return f"{figures.mean():{form}} [{low:{form}}, {high:{form}}]"


if __name__ == "__main__":
    main()
