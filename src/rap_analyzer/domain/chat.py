"""What is said to a chat model, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SIMULATED = "simulated-"
"""How the ids of all models of the simulator begin."""


def is_simulated(model: str) -> bool:
    """Whether it is the simulator's, whose answers judge nothing."""
    return model.startswith(SIMULATED)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation.

    Attributes:
        role: who speaks: the program (`system`), the one who asks (`user`), or the model (`assistant`).
        content: the words.
    """

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(slots=True)
class Attempts:
    """Attempts at one turn, counted while they are made.

    Attributes:
        sent: how often the model was asked.
        answered: how often it answered, be it with a refusal.
    """

    sent: int = 0
    answered: int = 0

    @property
    def unanswered(self) -> int:
        """Time-outs, cut and damaged answers, requests to come again: the service may have worked on them, and bill."""
        return self.sent - self.answered


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What a model answered.

    Attributes:
        text: its words, without a separate field for its thinking; thinking within the text is still there.
        model: who answered, by its own word.
        prompt_tokens: tokens read, as the service counts and bills them; None where it does not say.
        completion_tokens: tokens written, thinking among them; None where it does not say.
        is_whole: False when it was cut at the longest length allowed.
    """

    text: str
    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    is_whole: bool = True
