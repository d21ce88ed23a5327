"""What can be wrong with a model's answer, by share of answers; the same conversation goes wrong the same way."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from random import Random
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOREIGN = (
    "Este resumen está escrito en español y no en inglés: la voz cuenta su vida en el barrio, habla de su familia y "
    "de la noche, y al final vuelve a casa sin decir nada más."
)
PLAIN = "I would rather talk about the weather than about this song, if you do not mind."
THOUGHT = '<think>\nLet me see: {"quality": "eleven"} would be too much.\n</think>\n\n'
LONGEST_VALUE = 40
"""Characters; values of an enum are shorter, and prose is longer."""


@dataclass(frozen=True, slots=True)
class ReplyFaults:
    """Shares in [0, 1] of answers that go wrong, at most 1 together; which ones follows from the conversation.

    Attributes:
        thinking: `<think>` before the answer.
        fenced: a code fence around it, and remarks.
        cut: half of it, and the service says so.
        cut_silently: half of it, as if it were all.
        wrong_type: a number as text.
        wrong_enum: a value that the schema does not know.
        not_json: a sentence.
        foreign: prose in Spanish.
        invented: share of quotations that occur nowhere; it spoils no answer and does not count with the others.
        seed: decides which.
    """

    thinking: float = 0.0
    fenced: float = 0.0
    cut: float = 0.0
    cut_silently: float = 0.0
    wrong_type: float = 0.0
    wrong_enum: float = 0.0
    not_json: float = 0.0
    foreign: float = 0.0
    invented: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        shares = [getattr(self, name) for name in SHARES]
        if any(share < 0 for share in shares) or sum(shares) > 1.0 + 1e-9 or not 0 <= self.invented <= 1:
            raise InputError("Shares of faults lie between 0 and 1 and add up to at most 1: make them smaller.")

    def strike(self, conversation: str) -> str:
        """The fault of the answer to a conversation, or "" for none."""
        drawn = Random(f"{self.seed}:{conversation}").random()
        for name in SHARES:
            drawn -= getattr(self, name)
            if drawn < 0:
                return name
        return ""


SHARES = ("thinking", "fenced", "cut", "cut_silently", "wrong_type", "wrong_enum", "not_json", "foreign")


def spoil(text: str, fault: str) -> str:
    """A JSON answer with that fault; "" for none."""
    return SPOILERS[fault](text) if fault else text


def read_reply_faults(document: bytes) -> ReplyFaults:
    """Faults of replies from a JSON object.

    Raises:
        InputError: it is no object, or has a field that ReplyFaults has not, or a value that is no number.
    """
    names = {field.name for field in fields(ReplyFaults)}
    try:
        wanted = json.loads(document)
    except ValueError:
        wanted = None
    is_known = isinstance(wanted, dict) and set(wanted) <= names
    if not is_known or not all(isinstance(value, int | float) for value in wanted.values()):
        raise InputError(f"Faults of replies are a JSON object of numbers with fields of {', '.join(sorted(names))}.")
    return ReplyFaults(**wanted)


def _half(text: str) -> str:
    return text[: len(text) // 2]


def _with(text: str, is_wanted: Callable[[Any], bool], change: Callable[[Any], Any]) -> str:
    """The document with the first value of a kind changed."""
    document = json.loads(text)
    name = next((name for name, value in document.items() if is_wanted(value)), None)
    return text if name is None else json.dumps(document | {name: change(document[name])})


SPOILERS: Mapping[str, Callable[[str], str]] = {
    "thinking": lambda text: THOUGHT + text,
    "fenced": lambda text: f"Here you are:\n```json\n{text}\n```\nI hope that helps!",
    "cut": _half,
    "cut_silently": _half,
    "wrong_type": lambda text: _with(text, lambda value: isinstance(value, int), str),
    "wrong_enum": lambda text: _with(
        text, lambda value: isinstance(value, str) and len(value) < LONGEST_VALUE, lambda _: "simulated"
    ),
    "not_json": lambda _: PLAIN,
    "foreign": lambda text: _with(
        text, lambda value: isinstance(value, str) and len(value) >= LONGEST_VALUE, lambda _: FOREIGN
    ),
}
