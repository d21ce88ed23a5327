"""What chat models cost, and a budget that is never passed."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rap_analyzer.analyzers.llm_limit import Cost, set_aside
from rap_analyzer.domain.chat import Attempts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from rap_analyzer.domain.chat import ChatMessage, ChatReply
    from rap_analyzer.ports import Ledger

MILLION = 1_000_000
TOKENS_A_MESSAGE = 16
"""What a chat template adds to a message, and more."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in US dollars; a model on one's own machine costs nothing."""

    prompt: float = 0.0
    completion: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars for so many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / MILLION


class Budget:
    """Counts tokens and money of what goes through it, and keeps to a limit that other processes may share.

    Before a request its worst case is set aside: as many tokens as its words have bytes (no tokenizer makes more), the
    longest answer, and each attempt that the door may make, since a service bills a request whose answer we do not
    wait for. Afterwards what the service counted takes its place.

    Args:
        prices: of the model.
        ledger: keeps the limit; None for no limit, and then nothing is asked of anybody.
        attempts: how often a request may be sent.

    Attributes:
        spent: US dollars, by the service's own count of tokens.
        uncertain: US dollars at most for attempts without an answer: nobody tells whether they were billed.
        requests: requests that were made, whatever came of them.
        prompt_tokens: tokens that the model read.
        completion_tokens: tokens that it wrote.
    """

    def __init__(self, prices: Prices | None = None, ledger: Ledger | None = None, attempts: int = 4) -> None:
        self.prices = prices or Prices()
        self.spent = self.uncertain = 0.0
        self.requests = self.prompt_tokens = self.completion_tokens = 0
        self._ledger = ledger
        self._attempts = attempts

    def within(self, ledger: Ledger) -> Budget:
        """A count of its own at the same prices that keeps to the ledger's limit."""
        return Budget(self.prices, ledger, self._attempts)

    @asynccontextmanager
    async def reserving(self, most_prompt: int, most_completion: int) -> AsyncIterator[Bill]:
        """Sets the worst case of a request aside while the block runs, and settles its bill afterwards.

        Args:
            most_prompt: tokens that the request can be at most.
            most_completion: tokens that the answer can be at most.

        Raises:
            BudgetSpent: the worst case might pass the limit.
            StoreError: whoever keeps the limit cannot be asked.
        """
        bill, dearest = Bill(most_prompt, most_completion), self.prices.of(most_prompt, most_completion)
        async with set_aside(self._ledger, dearest * self._attempts) if self._ledger else nullcontext(Cost()) as cost:
            try:
                yield bill
            finally:
                cost.spent = self.prices.of(bill.prompt_tokens, bill.completion_tokens)
                cost.uncertain = bill.attempts.unanswered * dearest
                self._count(bill, cost)

    def _count(self, bill: Bill, cost: Cost) -> None:
        self.requests += 1
        self.spent += cost.spent
        self.uncertain += cost.uncertain
        self.prompt_tokens += bill.prompt_tokens
        self.completion_tokens += bill.completion_tokens


class Bill:
    """What one request costs: nothing until it is answered.

    Attributes:
        prompt_tokens: tokens that the model read.
        completion_tokens: tokens that it wrote.
        attempts: how often it was sent, and answered.
    """

    def __init__(self, most_prompt: int, most_completion: int) -> None:
        self.prompt_tokens = self.completion_tokens = 0
        self.attempts = Attempts()
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
