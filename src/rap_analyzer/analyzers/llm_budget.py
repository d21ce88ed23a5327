"""What chat models cost, and a budget that is never passed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from rap_analyzer.domain.chat import ChatMessage, ChatReply

MILLION = 1_000_000
TOKENS_A_MESSAGE = 16
"""What a chat template adds to a message, and more."""


class BudgetSpent(Exception):
    """The next request might pass the budget. The analyzer turns it into an AnalysisStopped."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in US dollars; a model on one's own machine costs nothing."""

    prompt: float = 0.0
    completion: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars for so many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / MILLION


class Budget:
    """Counts tokens and money of one process, and keeps them under a limit however many requests are on the way.

    Before a request its worst case is set aside: as many tokens as its words have bytes (no tokenizer makes more), the
    longest answer, and each attempt that the door may make, since a service bills a request whose answer we do not
    wait for. Afterwards what the service counted takes its place.

    Args:
        prices: of the model.
        limit: US dollars; None for no limit.
        attempts: how often a request may be sent.

    Attributes:
        spent: US dollars, by the service's own count of tokens.
        requests: requests that were made, whatever came of them.
        prompt_tokens: tokens that the model read.
        completion_tokens: tokens that it wrote.
    """

    def __init__(self, prices: Prices | None = None, limit: float | None = None, attempts: int = 4) -> None:
        self.prices = prices or Prices()
        self.limit = limit
        self.spent = 0.0
        self.requests = self.prompt_tokens = self.completion_tokens = 0
        self._attempts = attempts
        self._set_aside, self._on_the_way = 0.0, 0
        self._settled = asyncio.Event()
        self._unanswered, self._dearest = 0, 0.0

    @property
    def uncertain(self) -> float:
        """US dollars at most for attempts without an answer: nobody tells whether they were billed."""
        return self._unanswered * self._dearest

    @asynccontextmanager
    async def reserving(self, most_prompt: int, most_completion: int) -> AsyncIterator[Bill]:
        """Sets the worst case of a request aside while the block runs, and settles its bill afterwards.

        Waits where requests on the way may still turn out cheaper than their worst case.

        Args:
            most_prompt: tokens that the request can be at most.
            most_completion: tokens that the answer can be at most.

        Raises:
            BudgetSpent: the worst case might pass the limit.
        """
        dollars = self.prices.of(most_prompt, most_completion)
        self._dearest = max(self._dearest, dollars)
        worst = dollars * self._attempts
        await self._reserve(worst)
        bill = Bill(most_prompt, most_completion)
        try:
            yield bill
        finally:
            self._settle(bill, worst)

    async def _reserve(self, worst: float) -> None:
        while self.limit is not None and self.spent + self.uncertain + self._set_aside + worst > self.limit:
            if not self._on_the_way:
                raise BudgetSpent
            await self._settled.wait()
        self._set_aside += worst
        self._on_the_way += 1

    def _settle(self, bill: Bill, worst: float) -> None:
        self.requests += 1
        self._on_the_way -= 1
        self._set_aside = self._set_aside - worst if self._on_the_way else 0.0
        self._unanswered = max(self._unanswered, bill.unanswered)
        self.spent += self.prices.of(bill.prompt_tokens, bill.completion_tokens)
        self.prompt_tokens += bill.prompt_tokens
        self.completion_tokens += bill.completion_tokens
        self._settled.set()
        self._settled = asyncio.Event()


class Bill:
    """What one request costs: nothing until it is answered.

    Attributes:
        prompt_tokens: tokens that the model read.
        completion_tokens: tokens that it wrote.
        unanswered: attempts without an answer until now, of all requests.
    """

    def __init__(self, most_prompt: int, most_completion: int) -> None:
        self.prompt_tokens = self.completion_tokens = self.unanswered = 0
        self._most = (most_prompt, most_completion)

    def settle(self, reply: ChatReply) -> None:
        """Take the service's count, or the worst case where it does not count."""
        told = (reply.prompt_tokens, reply.completion_tokens)
        counted = (most if tokens is None else tokens for tokens, most in zip(told, self._most, strict=True))
        self.prompt_tokens, self.completion_tokens = counted


def most_tokens(messages: Sequence[ChatMessage], besides: str = "") -> int:
    """No fewer than any tokenizer makes of messages and of what is sent besides: each token stands for a byte."""
    texts = [message.content for message in messages]
    return len("".join([besides, *texts]).encode("utf-8", "replace")) + TOKENS_A_MESSAGE * (len(texts) + 1)
