"""A constrained decoder over random logits: JSON that follows a schema, and means nothing.

It is the real thing without the model: `llguidance`, which servers use, says at each step which bytes may follow, and
of these the one with the greatest random number is taken. Strings that a schema leaves free are drawn from sentences
that are given; a random string would be no sentence in any language.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rap_analyzer.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 400
"""Free strings that may have as many characters hold prose; shorter ones hold quotations."""


class Sentences(NamedTuple):
    """What free strings are drawn from."""

    prose: Sequence[str]
    quotes: Sequence[str]


def decode(schema: dict[str, Any], sentences: Sentences, seed: str) -> str:
    """A JSON document that follows the schema; the same for the same arguments.

    Raises:
        ConfigError: llguidance is not installed.
    """
    guidance = _guidance()
    narrowed = _narrowed(schema, sentences)
    grammar = guidance.LLMatcher.grammar_from_json_schema(
        json.dumps(narrowed), overrides={"whitespace_flexible": False}
    )
    tokenizer = _tokenizer()
    matcher = guidance.LLMatcher(tokenizer, grammar)
    numbers = np.random.default_rng(zlib.crc32(seed.encode("utf-8", "replace")))
    tokens: list[int] = []
    while not matcher.is_stopped():
        forced = matcher.compute_ff_tokens() or [_drawn(matcher, tokenizer.vocab_size, numbers)]
        matcher.consume_tokens(forced)
        tokens += forced
    if matcher.get_error():
        raise AssertionError(matcher.get_error())
    return str(tokenizer.decode_str([token for token in tokens if token != tokenizer.eos_token]))


def _drawn(matcher: Any, size: int, numbers: np.random.Generator) -> int:
    """The token with the greatest logit of those that may follow."""
    from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

    mask = allocate_token_bitmask(1, size)
    fill_next_token_bitmask(matcher, mask, 0)
    allowed = np.unpackbits(mask.view(np.uint8), bitorder="little")[:size]
    return int(np.where(allowed, numbers.random(size), -1.0).argmax())


def _narrowed(schema: Any, sentences: Sentences) -> Any:
    """The schema with the sentences for every string that it leaves free, and no empty lists."""
    if isinstance(schema, list):
        return [_narrowed(item, sentences) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and "enum" not in schema and "const" not in schema:
        longest = schema.get("maxLength", LONG)
        drawn = sentences.prose if longest >= LONG else sentences.quotes
        return {"type": "string", "enum": [text[:longest] for text in dict.fromkeys(drawn)]}
    if schema.get("type") == "array" and schema.get("maxItems"):
        schema = {"minItems": 1} | schema  # else every second list is empty, since nothing speaks for a bracket
    return {name: _narrowed(value, sentences) for name, value in schema.items()}


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """One token for each byte."""
    return _guidance().LLTokenizer("byte")


def _guidance() -> Any:
    try:
        import llguidance
    except ImportError as error:
        raise ConfigError(
            "The simulated chat model needs llguidance: install it with `pip install 'rap-analyzer[analysis]'`."
        ) from error
    return llguidance
