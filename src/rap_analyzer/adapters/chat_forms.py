"""How a server of OpenAI's shape is asked for JSON without thinking: what its list of models tells, else by trying.

A server that does not know a field answers 400 (OpenAI, Novita) or 422 (older vLLM): then the next form is tried, and
the first that is answered is kept.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from rap_analyzer.domain.chat import ChatMessage

QUIET = {"enable_thinking": False, "separate_reasoning": True, "chat_template_kwargs": {"enable_thinking": False}}
"""Fields that switch thinking off: Novita's two, and vLLM's and llama.cpp's."""
ABOUT_FORM = re.compile(
    r"response_format|json_?schema|json_?object|enable_thinking|separate_reasoning|chat_template|thinking"
    r"|(?:extra|unknown|unrecognized|unexpected|unsupported|invalid)[\w ]* (?:field|param|argument|input|key|name)"
    r"|not (?:supported?|permitted|allowed)",
    re.IGNORECASE,
)


class Shape(StrEnum):
    """How an answer's shape is asked for, besides in words."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    WORDS = "words"


class Form(NamedTuple):
    """One way to ask: for a shape, and with the fields that switch thinking off or without."""

    shape: Shape
    is_quiet: bool

    def fields(self, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the request has besides model, messages and limits."""
        quiet: dict[str, Any] = QUIET if self.is_quiet else {}
        if schema is None or self.shape is Shape.WORDS:
            return quiet
        if self.shape is Shape.OBJECT:
            return {**quiet, "response_format": {"type": "json_object"}}
        named = {"name": "answer", "schema": schema, "strict": True}
        return {**quiet, "response_format": {"type": "json_schema", "json_schema": named}}

    def messages(self, messages: Sequence[ChatMessage], schema: Mapping[str, Any] | None) -> list[dict[str, str]]:
        """The conversation as it is sent; it holds the schema where no field of the request does."""
        told = list(messages) if schema is None or self.shape is Shape.SCHEMA else tell_schema(messages, schema)
        return plain(told)


def forms(features: Collection[str] | None) -> Iterator[Form]:
    """Ways to ask, the best first.

    Args:
        features: what the list of models says that the model can do; None where it says nothing.
    """
    shapes = list(Shape)
    if features is not None and not any("structured" in feature for feature in features):
        shapes.remove(Shape.SCHEMA)
        if not any("json" in feature for feature in features):
            shapes.remove(Shape.OBJECT)
    for shape in shapes:
        yield Form(shape, is_quiet=True)
        yield Form(shape, is_quiet=False)


def is_about_form(complaint: str) -> bool:
    """Whether a server complains of how it was asked, not of what."""
    return ABOUT_FORM.search(complaint) is not None


def tell_schema(messages: Sequence[ChatMessage], schema: Mapping[str, Any]) -> list[ChatMessage]:
    """The conversation with the schema at the end of its first message, where no lyrics are."""
    first, *others = messages
    text = orjson.dumps(schema).decode()
    return [replace(first, content=f"{first.content}\n\nThe JSON object follows this JSON schema:\n{text}"), *others]


def plain(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """The conversation as JSON."""
    return [{"role": message.role, "content": message.content} for message in messages]
