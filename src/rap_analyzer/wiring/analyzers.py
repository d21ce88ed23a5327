"""The analyzers that configuration names, made when they are first asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rap_analyzer.adapters.chat import NOVITA_URL, connect_novita, connect_ollama
from rap_analyzer.analyzers.algorithmic import AlgorithmicAnalyzer
from rap_analyzer.domain.errors import ConfigError, InputError
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.suggestion import did_you_mean
from rap_analyzer.pipeline.analyze import Step
from rap_analyzer.settings import AnalyzerSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AsyncExitStack

    from rap_analyzer.ports import Analyzer, Cache, ChatModel, CpuPool, SharedState
    from rap_analyzer.settings import Settings

CHAT = ("qwen", "ollama")
COMBINING = "hybrid"
CHAT_BATCH = 8
"""Tracks that a chat model is asked about at a time: few, so that a worker that is to stop loses little."""
CHAT_PRIORITY, COMBINING_PRIORITY = -5, -10
QWEN, OLLAMA = "qwen/qwen3-4b-fp8", "qwen3:4b"
CHAT_RPM, OLLAMA_RPM = 45, 600
QWEN_CONCURRENCY, OLLAMA_CONCURRENCY = 16, 2
"""A model on one's own machine answers one after the other; more would wait beyond their time-out."""


@dataclass(slots=True)
class Analyzers:
    """Every analyzer by name.

    Args:
        settings: which are enabled, and how each is set.
        pool: processes for work on words.
        cache: keeps the answers of chat models.
        states: what all processes share of a chat service.
        stack: closes the connections to them.
    """

    settings: Settings
    pool: CpuPool
    cache: Cache
    states: SharedState
    stack: AsyncExitStack
    _made: dict[str, Analyzer] = field(default_factory=dict)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, name: str) -> Analyzer:
        """The analyzer of that name.

        Raises:
            ConfigError: there is none, and the message lists those that exist; or a setting that it needs is missing.
            ModelError: its model's files are missing or damaged.
        """
        if name not in ANALYZERS:
            known = did_you_mean(name, ANALYZERS) or f"; these exist: {', '.join(sorted(ANALYZERS))}."
            raise ConfigError(f"No analyzer is called {name!r}{known}")
        async with self._making:
            return await self._get(name)

    async def get_for_request(self, name: str) -> Analyzer:
        """The same, for a name that came with a request.

        Raises:
            InputError: there is none of that name.
        """
        try:
            return await self.get(name)
        except ConfigError as error:
            raise InputError(f"analyzer: {error}") from error

    async def steps(self, names: Sequence[str] | None = None) -> tuple[list[Step], dict[str, str]]:
        """How the named analyzers, or all that are enabled, are run over the corpus; those that combine come last.

        Returns:
            The steps, and why an enabled analyzer is left out, by name.

        Raises:
            ConfigError: a named one does not exist or cannot be had.
        """
        steps, left_out = [], {}
        for name in names or self.enabled:
            try:
                steps.append(await self._step(name))
            except ConfigError as error:
                if names:
                    raise
                left_out[name] = str(error)
        return sorted(steps, key=lambda step: -step.priority), left_out

    @property
    def enabled(self) -> list[str]:
        """Names of the enabled analyzers, in the order of the configuration.

        Raises:
            ConfigError: the configuration names one that does not exist.
        """
        for name in self.settings.analyzers:
            if name not in ANALYZERS:
                known = did_you_mean(name, ANALYZERS) or f"; these exist: {', '.join(sorted(ANALYZERS))}."
                raise ConfigError(f"config.yaml: no analyzer is called {name!r}{known}")
        return [name for name, chosen in self.settings.analyzers.items() if chosen.enabled]

    def check_prices(self, names: Sequence[str]) -> None:
        """See to it that what costs money has a price: without one a budget would never end.

        Raises:
            ConfigError: one of these analyzers asks Novita, and its prices are not set.
        """
        chosen = _chosen(self, "qwen")
        is_paid = "qwen" in names and self.settings.novita_api_url == NOVITA_URL
        if is_paid and not (chosen.prompt_price or chosen.completion_price):
            raise ConfigError(
                "--budget needs to know what the model costs: set prompt_price and completion_price of analyzers.qwen "
                "in config.yaml, in US dollars for a million tokens."
            )

    def weights(self) -> dict[str, float]:
        """What each part counts for in `hybrid`."""
        return combine_weights(self.settings)

    async def _step(self, name: str) -> Step:
        analyzer = await self.get(name)
        if name == COMBINING:
            return Step(analyzer, await self.parts(), self.settings.analysis_batch_size, COMBINING_PRIORITY)
        if name in CHAT:
            return Step(analyzer, (), CHAT_BATCH, CHAT_PRIORITY)
        return Step(analyzer, (), self.settings.analysis_batch_size)

    async def _get(self, name: str) -> Analyzer:
        if name not in self._made:
            self._made[name] = await ANALYZERS[name](self)
        return self._made[name]

    async def parts(self) -> tuple[AnalyzerKey, ...]:
        """What `hybrid` combines: all other enabled analyzers that can be had; of chat models, the first."""
        parts: list[AnalyzerKey] = []
        for name in self.enabled:
            if name == COMBINING or (name in CHAT and any(key.analyzer in CHAT for key in parts)):
                continue
            try:
                analyzer = await self._get(name)
            except ConfigError:
                continue
            parts.append(AnalyzerKey(analyzer.name, analyzer.version, analyzer.config_hash))
        return tuple(parts)


def combine_weights(settings: Settings) -> dict[str, float]:
    """What each part counts for in `hybrid`: `combine_weights`, else each analyzer's own weight."""
    chosen = settings.analyzers.get(COMBINING)
    if chosen and chosen.combine_weights:
        words, chat, emotion = chosen.combine_weights
        return {"algorithmic_basic": words, "qwen": chat, "ollama": chat, "emotion": emotion}
    return {name: chosen.weight for name, chosen in settings.analyzers.items() if name != COMBINING}


async def _algorithmic(table: Analyzers) -> Analyzer:
    return AlgorithmicAnalyzer(table.pool)


async def _emotion(table: Analyzers) -> Analyzer:
    """With the heads that come with the program, unless the configuration names a model of transformers."""
    from rap_analyzer.analyzers.emotion import EmotionAnalyzer

    name = _chosen(table, "emotion").model
    if name is None:
        return EmotionAnalyzer(table.pool)
    from rap_analyzer.adapters.emotion_model import TransformersEmotion

    model = TransformersEmotion(name)
    if not model.is_present:
        raise ConfigError(
            f"emotion: {name} is not on this machine, or transformers is not installed: install rap-analyzer[ml-heavy] "
            "and fetch the model, or take analyzers.emotion.model out of config.yaml to use the heads that come along."
        )
    return EmotionAnalyzer(table.pool, model=model)


async def _qwen(table: Analyzers) -> Analyzer:
    key = table.settings.novita_api_key
    chosen = _chosen(table, "qwen")
    url = table.settings.novita_api_url
    chat = await table.stack.enter_async_context(
        connect_novita(
            api_key=key.get_secret_value() if key else "",
            model=chosen.model or QWEN,
            rate=f"{chosen.rate_limit_rpm or CHAT_RPM}/minute",
            state=table.states,
            api_url=url,
            needs_key=url == NOVITA_URL,
        )
    )
    return _judge(table, "qwen", chat, chosen.concurrency or QWEN_CONCURRENCY)


async def _ollama(table: Analyzers) -> Analyzer:
    chosen = _chosen(table, "ollama")
    chat = await table.stack.enter_async_context(
        connect_ollama(
            model=chosen.model or OLLAMA,
            rate=f"{chosen.rate_limit_rpm or OLLAMA_RPM}/minute",
            state=table.states,
            api_url=table.settings.ollama_url,
        )
    )
    return _judge(table, "ollama", chat, chosen.concurrency or OLLAMA_CONCURRENCY)


def _judge(table: Analyzers, name: str, chat: ChatModel, concurrency: int) -> Analyzer:
    from rap_analyzer.analyzers.llm import LlmAnalyzer
    from rap_analyzer.analyzers.llm_budget import Budget, Prices

    chosen = _chosen(table, name)
    budget = Budget(Prices(chosen.prompt_price, chosen.completion_price))
    return LlmAnalyzer(name, chat, AlgorithmicAnalyzer(table.pool), table.cache, budget=budget, concurrency=concurrency)


async def _hybrid(table: Analyzers) -> Analyzer:
    from rap_analyzer.analyzers.hybrid import HybridAnalyzer

    return HybridAnalyzer(await table.parts(), table.weights())


def _chosen(table: Analyzers, name: str) -> AnalyzerSettings:
    return table.settings.analyzers.get(name) or AnalyzerSettings()


ANALYZERS: dict[str, Callable[[Analyzers], Awaitable[Analyzer]]] = {
    "algorithmic_basic": _algorithmic,
    "emotion": _emotion,
    "qwen": _qwen,
    "ollama": _ollama,
    "hybrid": _hybrid,
}
"""Every analyzer, by the name that configuration gives it."""
