"""What a track is about, by the vectors of its passages that `rap embed` has stored: computed when it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rap_analyzer.analyzers.languages import ENGLISH, english_only
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.themes import read_prototypes, themes_in

if TYPE_CHECKING:
    from rap_analyzer.domain.passage import Passage
    from rap_analyzer.domain.themes import EmbeddedTrack, Prototypes, TrackTheme
    from rap_analyzer.ports import PassageStore


@dataclass(frozen=True, slots=True)
class TrackThemes:
    """The themes of a track.

    Attributes:
        themes: the strongest first; none where no passage has any, or nothing could be judged.
        judged: whether there was something to judge: "no theme" is then an answer.
        reason: a sentence on what was not judged, and what helps; "" when all was.
    """

    themes: tuple[TrackTheme, ...]
    judged: bool
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "themes": [theme.as_json() for theme in self.themes],
            "judged": self.judged,
            "reason": self.reason,
        }


async def themes_of(store: PassageStore, track_id: int) -> TrackThemes:
    """The themes of a track, with the passages that show them.

    Raises:
        NotFound: no track has that number.
        ModelError: the prototypes' files are missing or damaged.
    """
    return judge_themes(await store.load_embeddings(track_id), read_prototypes())


def judge_themes(track: EmbeddedTrack, prototypes: Prototypes) -> TrackThemes:
    """The themes of a track, passage by passage; those in other languages than English are left out, and counted."""
    if reason := _cannot_judge(track, prototypes):
        return TrackThemes((), judged=False, reason=reason)
    english = [one for one in track.passages if _is_english(one.passage)]
    left_out = len(track.passages) - len(english)
    reason = f"Judged without {left_out} of {len(track.passages)} passages, which are not in English."
    return TrackThemes(themes_in(english, prototypes), judged=bool(english), reason=reason if left_out else "")


def _cannot_judge(track: EmbeddedTrack, prototypes: Prototypes) -> str:
    """Why nothing of it can be judged; "" when it can."""
    language = (track.language or ENGLISH).strip().lower().replace("_", "-").split("-")[0]
    if language != ENGLISH:
        return f"The lyrics are in {language!r}, and themes are told in English ('en') only."
    if not track.model:
        return "The present words have no embedding yet: run rap embed."
    if not track.passages:
        return "The track has no words, so there is nothing to judge."
    if not prototypes.reads(track.model):
        return f"The embedding is by {track.model}, and themes are told by {prototypes.embedding_model}: run rap embed."
    return ""


def _is_english(passage: Passage) -> bool:
    return not english_only(parse(passage.text))[1]
