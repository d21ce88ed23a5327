"""A limit in money that many requests, and many processes, keep together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How a budget stands. Amounts are US dollars.

    Attributes:
        number: which budget it is.
        limit: what may be spent.
        spent: what was, by the services' own count of tokens.
        uncertain: at most for attempts that brought no answer; nobody tells whether they were billed.
        set_aside: worst cases of requests whose bill is not settled, those of workers that died among them.
        under_way: the part of `set_aside` that will still be settled, for whoever made the requests is alive.
    """

    number: int
    limit: float
    spent: float = 0.0
    uncertain: float = 0.0
    set_aside: float = 0.0
    under_way: float = 0.0

    def may_have_room(self, worst: float) -> bool:
        """Whether so much more could still fit, if what is under way turns out to cost nothing."""
        firm = self.spent + self.uncertain + self.set_aside - self.under_way
        return self.under_way > 0 and firm + worst <= self.limit

    def __str__(self) -> str:
        """In words, such as `budget 3: $2.10 of $5.00 spent`."""
        open_bills = self.uncertain + self.set_aside
        more = f", up to {money(open_bills)} more for requests without an answer" if open_bills else ""
        return f"budget {self.number}: {money(self.spent)} of {money(self.limit)} spent{more}"


def money(dollars: float) -> str:
    """US dollars in words: with cents, or below a dollar with hundredths of them, for answers cost so little."""
    return f"${dollars:,.2f}" if dollars >= 1 or not dollars else f"${dollars:.4f}"
