"""Where servers put a model's answer, and what they say instead of one.

The answer stands in `content`, as text or in parts; where that is empty, in a call of a tool (some servers make a
schema one) or in the field for the thinking (vLLM and its kin call it `reasoning_content`, newer ones `reasoning`),
when a server takes the whole answer for thought. Errors come with a status of their own, or inside a 200.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

LONGEST_TEXT = 200_000
"""Characters of an answer that are read; ours are asked for in 1,600 tokens."""
LONGEST_SAID = 300
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
FILTERED = "content_filter"
CUT = ("length", "max_tokens")
TOO_MANY_TOKENS = re.compile(
    r"(?:max_(?:completion_|new_)?tokens|num_predict|(?:output|completion) tokens).*"
    r"(?:large|at most|less than|exceed|maximum|greater|limit)",
    re.IGNORECASE,
)
TOO_LONG_PROMPT = re.compile(
    r"context.{0,20}(?:length|window|size)|prompt is too long|too many tokens|exceeds? the (?:model|maximum)",
    re.IGNORECASE,
)
ERROR_STATUSES, SERVER_FAULT = range(400, 600), 500


class Said(NamedTuple):
    """What a message says.

    Attributes:
        text: the answer; "" where there is none.
        is_whole: False where it was cut at the longest length allowed, or is longer than any answer.
        refusal: why there is none, in the service's words; "" where there is one.
    """

    text: str
    is_whole: bool
    refusal: str


def read_message(message: dict[str, Any], finish_reason: Any) -> Said:
    """The answer in a message of OpenAI's shape or Ollama's, wherever it stands."""
    text = _text(message.get("content")) or _called(message) or _thought(message)
    refusal = _text(message.get("refusal")) if not text else ""
    if finish_reason == FILTERED:
        refusal = refusal or "its content filter stopped the answer"
    is_whole = finish_reason not in CUT and len(text) <= LONGEST_TEXT
    return Said(text[:LONGEST_TEXT], is_whole, refusal[:LONGEST_SAID])


def said(document: Any) -> str:
    """The sentence in an error of any kind; "" where there is none."""
    names = ("error", "message", "detail")
    error = next(filter(None, map(document.get, names)), None) if isinstance(document, dict) else None
    error = error.get("message") or error.get("code") if isinstance(error, dict) else error
    return str(error or "")[:LONGEST_SAID].rstrip(".")


def error_within(document: Any) -> int | None:
    """The status of an error that came inside a 200; 500 where it has none of its own, None where there is no error."""
    if not isinstance(document, dict) or document.get("choices"):
        return None
    error = document.get("error")
    is_error = bool(error) or document.get("object") == "error" or document.get("status") in ("error", "failed")
    if not is_error:
        return None
    codes = [error.get(name) for name in ("code", "status")] if isinstance(error, dict) else []
    written = [str(code) for code in (*codes, document.get("code"))]
    return next((int(c) for c in written if c.isdecimal() and int(c) in ERROR_STATUSES), SERVER_FAULT)


def count_of(usage: Any, name: str) -> int | None:
    """A number of tokens; None where the service does not say."""
    tokens = usage.get(name) if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0 else None


def _text(content: Any) -> str:
    """Text as it is, or as parts; parts of thinking are left out."""
    if isinstance(content, str):
        return content.strip()
    if isinstance(content, dict):
        return _text(content.get("text"))
    if isinstance(content, list):
        parts = [
            part for part in content if not (isinstance(part, dict) and part.get("type") in (*THOUGHTS, "refusal"))
        ]
        return "".join(map(_text, parts))
    return ""


def _called(message: dict[str, Any]) -> str:
    """The arguments of the first call of a tool."""
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
    function = first.get("function") or message.get("function_call")
    arguments = function.get("arguments") if isinstance(function, dict) else None
    if isinstance(arguments, dict):
        return orjson.dumps(arguments).decode()
    return _text(arguments)


def _thought(message: dict[str, Any]) -> str:
    return next((text for name in THOUGHTS if (text := _text(message.get(name)))), "")
