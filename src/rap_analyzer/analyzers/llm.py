"""A chat model as an analyzer: one class, whoever the model and wherever it runs; `qwen` and `ollama` are two of it.

What fails, and what comes of it:

- The model answers something that is no answer, also when asked to mend it, or refuses these words: that is this song's
  matter, and asking the same model the same thing again would bring the same. The fallback's result stands in, marked,
  under this analyzer's own key: it is done.
- The service fails (out of reach, overloaded, its breaker open): that is no song's matter. The fallback's result
  stands in, marked, under a provisional key, so that the song is due again the next time; and after several such songs
  in a row the rest of the batch is left undone, so that an outage neither fills a corpus with stand-ins nor spins
  through it.
- The next request might pass the budget: the rest is left undone.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from rap_analyzer import telemetry
from rap_analyzer.analyzers import llm_parts
from rap_analyzer.analyzers.languages import ENGLISH, english_only
from rap_analyzer.analyzers.llm_budget import Budget, most_tokens
from rap_analyzer.analyzers.llm_limit import BudgetSpent
from rap_analyzer.analyzers.llm_prompt import PROMPT_VERSION, REMINDER, REPAIR, REQUEST, TASK, ask, ask_again
from rap_analyzer.analyzers.llm_schema import SCHEMA, read_answer
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.budget import money
from rap_analyzer.domain.errors import (
    AnalysisStopped,
    BadModelOutput,
    ConfigError,
    RateLimited,
    SourceError,
    StoreError,
)
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.pacing import OPEN_S
from rap_analyzer.domain.quotations import QuotableBars
from rap_analyzer.domain.verdict import as_measures, check_quotes, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.chat import ChatMessage, ChatReply
    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.domain.verdict import Opinion
    from rap_analyzer.ports import Analyzer, Cache, ChatModel, Ledger

VERSION = "1"
LONGEST_ANSWER = 1_600
"""Tokens: the largest answer that the schema allows has some 1,400."""
FAILURES_IN_A_ROW = 5
"""As many failures of the service as open its breaker."""
KEPT_S = 90 * 86_400.0
SCHEMA_TEXT = orjson.dumps(SCHEMA, option=orjson.OPT_SORT_KEYS).decode()


class LlmAnalyzer:
    """Judges lyrics by a chat model: mood, themes with evidence, marks by a rubric, explicitness, a summary.

    Args:
        name: what its analyses are filed under, such as `qwen`.
        chat: the model.
        fallback: stands in where the model gives no usable answer.
        cache: keeps answers by the digest of the words, the model and the prompt.
        budget: counts tokens and money, and keeps to its limit; a new one without a limit unless given.
        concurrency: songs that are on the way at once, in all batches of this object together.
        failures_in_a_row: failures of the service within a batch after which the rest of it is left undone.
    """

    version: str = VERSION

    def __init__(
        self,
        name: str,
        chat: ChatModel,
        fallback: Analyzer,
        cache: Cache,
        *,
        budget: Budget | None = None,
        concurrency: int = 16,
        failures_in_a_row: int = FAILURES_IN_A_ROW,
    ) -> None:
        self.name = name
        self.config_hash = _hash(chat.model)
        self.provisional_hash = _hash(chat.model, "provisional")
        self.budget = budget or Budget()
        self._chat = chat
        self._fallback = fallback
        self._cache = cache
        self._slots = asyncio.Semaphore(concurrency)
        self._failures_in_a_row = failures_in_a_row

    def within(self, ledger: Ledger) -> LlmAnalyzer:
        """This analyzer, over the same connection and in the same places, as it keeps to a limit."""
        bound = copy.copy(self)
        bound.budget = self.budget.within(ledger)
        return bound

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        """One analysis for each input, in order; the same words are judged once.

        Raises:
            AnalysisStopped: the budget, its ledger or the service does not allow to go on; it holds what is finished,
                which is to be saved, and the rest is to be asked for again later.
            ConfigError: no such key, model or server; nothing was analysed.
        """
        batch = _Batch(self._failures_in_a_row)
        async with asyncio.TaskGroup() as group:
            for given in dict.fromkeys(inputs):
                group.create_task(self._take(given, batch))
        results = [batch.finished.get(given) for given in inputs]
        if batch.stopped is None:
            return [result for result in results if result]
        if isinstance(batch.stopped, ConfigError) and not batch.has_verdicts:
            raise batch.stopped
        raise self._stopped(batch.stopped, results) from batch.stopped

    async def _take(self, given: AnalysisInput, batch: _Batch) -> None:
        async with self._slots:
            if batch.stopped is None and (analysis := await self._judge(given, batch)):
                batch.finished[given] = analysis

    async def _judge(self, given: AnalysisInput, batch: _Batch) -> Analysis | None:
        """The analysis, or None when the batch has to stop before there is one."""
        lyrics = parse(given.lyrics)
        if not any(any(map(str.isalpha, word.bare)) for word in lyrics.words):
            reason = "The text has no words with letters, so there is nothing to judge."
            return Analysis(self.name, VERSION, self.config_hash, Status.NO_WORDS, reason=reason)
        try:
            analysis = await self._judged(given, lyrics)
        except BadModelOutput as error:
            batch.failures = 0
            return await self._stand_in(given, str(error), self.config_hash)
        except SourceError as error:
            if batch.goes_on_after(error):
                return await self._stand_in(given, str(error), self.provisional_hash)
        except (BudgetSpent, ConfigError, StoreError) as error:
            batch.stopped = batch.stopped or error
        else:
            batch.failures = 0
            return analysis
        return None

    async def _judged(self, given: AnalysisInput, lyrics: Lyrics) -> Analysis:
        parts = llm_parts.split(lyrics)
        opinions = [await self._opinion(part.text) for part in parts.read]
        bars = QuotableBars(lyrics)
        verdict = merge(
            [check_quotes(told.opinion, bars) for told in opinions], [len(part.text) for part in parts.read]
        )
        telemetry.chat_quotes.labels(self.name, "found").inc(verdict.quotes.found)
        telemetry.chat_quotes.labels(self.name, "dropped").inc(verdict.quotes.given - verdict.quotes.found)
        measures = as_measures(verdict) | {
            "parts": {"read": len(parts.read), "of": parts.total},
            "model": opinions[0].model,
            "prompt": PROMPT_VERSION,
        }
        reason = " ".join(filter(None, (parts.left_out, _said_of_language(given, lyrics))))
        confidence = round(verdict.confidence, 3)
        return Analysis(self.name, VERSION, self.config_hash, Status.DONE, measures, confidence, reason=reason)

    async def _opinion(self, text: str) -> _Told:
        """The model's opinion on a part, from the cache where it is kept.

        Raises:
            BadModelOutput: it gives none, also when asked to mend its answer.
        """
        key = f"verdict:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}:{self.config_hash}"
        if kept := _recalled(await self._cache.get(key)):
            self._count("cached")
            return kept
        asked = ask(text)
        reply = await self._reply(asked)
        try:
            opinion, result = _read(reply), "valid"
        except BadModelOutput as fault:
            reply = await self._reply(ask_again(asked, reply.text, str(fault)))
            opinion, result = self._read_mended(reply), "repaired"
        self._count(result)
        await self._cache.set(key, {"text": reply.text, "model": reply.model}, KEPT_S)
        return _Told(opinion, reply.model)

    async def _reply(self, messages: list[ChatMessage]) -> ChatReply:
        async with self.budget.reserving(most_tokens(messages, SCHEMA_TEXT), LONGEST_ANSWER) as bill:
            reply = await self._chat.complete(messages, SCHEMA, max_tokens=LONGEST_ANSWER, attempts=bill.attempts)
            bill.settle(reply)
        telemetry.chat_tokens.labels(self._chat.model, "prompt").inc(bill.prompt_tokens)
        telemetry.chat_tokens.labels(self._chat.model, "completion").inc(bill.completion_tokens)
        cost = self.budget.prices.of(bill.prompt_tokens, bill.completion_tokens)
        telemetry.chat_dollars.labels(self._chat.model).inc(cost)
        return reply

    def _read_mended(self, reply: ChatReply) -> Opinion:
        try:
            return _read(reply)
        except BadModelOutput as fault:
            raise BadModelOutput(
                f"{self._chat.model} gives no usable answer, also when asked again ({fault})."
            ) from fault

    async def _stand_in(self, given: AnalysisInput, why: str, config_hash: str) -> Analysis:
        self._count("fallback" if config_hash == self.config_hash else "provisional")
        (found,) = await self._fallback.analyze([given])
        reason = f"{why} {found.reason}".strip()
        name = self._fallback.name
        return Analysis(self.name, VERSION, config_hash, found.status, found.measures, found.confidence, name, reason)

    def _stopped(self, cause: Exception, results: Sequence[Analysis | None]) -> AnalysisStopped:
        left = sum(result is None for result in results)
        if isinstance(cause, BudgetSpent):
            why = f"The next request to {self._chat.model} may cost {money(cause.worst)} and pass {cause.standing}."
            how = f"{left} of {len(results)} tracks are left undone and stay due: rap analyze with a larger --budget"
            return AnalysisStopped(f"{why} {how} goes on.", results)
        told = cause.retry_after if isinstance(cause, RateLimited) else None
        after = None if isinstance(cause, ConfigError) else told or OPEN_S
        return AnalysisStopped(f"{cause} {left} of {len(results)} tracks are left undone.", results, after)

    def _count(self, result: str) -> None:
        telemetry.chat_replies.labels(self.name, result).inc()


class _Told(NamedTuple):
    """An opinion, and the model whose it is."""

    opinion: Opinion
    model: str


class _Batch:
    """How a batch stands: what is finished, and whether it has to stop."""

    def __init__(self, most_failures: int) -> None:
        self.finished: dict[AnalysisInput, Analysis] = {}
        self.stopped: Exception | None = None
        self.failures = 0
        self._most_failures = most_failures

    @property
    def has_verdicts(self) -> bool:
        """Whether something is finished that cost more than a look."""
        return any(analysis.status is not Status.NO_WORDS for analysis in self.finished.values())

    def goes_on_after(self, error: SourceError) -> bool:
        """Whether a failure of the service is still one of few."""
        self.failures += 1
        if self.failures >= self._most_failures:
            self.stopped = self.stopped or error
        return self.stopped is None


def _hash(*of: str) -> str:
    """Covers whatever a verdict depends on besides the words and the version."""
    limits = (llm_parts.LONGEST_PART, llm_parts.MOST_PARTS, LONGEST_ANSWER)
    prompt = (PROMPT_VERSION, TASK, REQUEST, REMINDER, REPAIR, SCHEMA_TEXT)
    return hashlib.sha256(repr((of, limits, prompt)).encode()).hexdigest()[:12]


def _recalled(kept: Any) -> _Told | None:
    """The opinion that the cache keeps; None where it keeps none, or what is no answer by today's check."""
    with suppress(BadModelOutput, KeyError, TypeError):
        return _Told(read_answer(kept["text"]), kept["model"])
    return None


def _read(reply: ChatReply) -> Opinion:
    if not reply.is_whole:
        raise BadModelOutput(f"it was cut at {LONGEST_ANSWER} tokens; be brief.")
    return read_answer(reply.text)


def _said_of_language(given: AnalysisInput, lyrics: Lyrics) -> str:
    """A sentence where the lyrics, or sections of them, are in another language; "" where they are not."""
    languages = _languages(given, lyrics)
    if not languages:
        return ""
    named = ", ".join(map(repr, languages))
    return f"Not all in English ({named}): the model reads other languages, but how well has not been checked."


def _languages(given: AnalysisInput, lyrics: Lyrics) -> list[str]:
    named = (given.language or "").strip().lower().replace("_", "-").split("-")[0]
    if named and named != ENGLISH:
        return [named]
    return list(dict.fromkeys(language for _, language in english_only(lyrics)[1]))
