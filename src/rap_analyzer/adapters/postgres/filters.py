"""Conditions of users as SQL: their values are parameters, never text of a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from rap_analyzer.adapters.postgres.database import query
from rap_analyzer.domain.track_filter import NUMBER_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.track_filter import Condition

SIGNS = {"=": "=", "!=": "IS DISTINCT FROM", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def filtered(name: str, where: Sequence[Condition]) -> tuple[sql.Composed, dict[str, Any]]:
    """The named query with the conditions in place of its `{filter}` (over tracks `t`), and their parameters."""
    parts = [_condition(number, condition) for number, condition in enumerate(where)]
    together = sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")
    values = {f"filter_{number}": condition.value for number, condition in enumerate(where)}
    return sql.SQL(query(name)).format(filter=together), values


def _condition(number: int, condition: Condition) -> sql.Composed:
    column = sql.Identifier("t", condition.field)
    form = "{column} {sign} {value}" if condition.field in NUMBER_FIELDS else "lower({column}) {sign} lower({value})"
    return sql.SQL(form).format(
        column=column, sign=sql.SQL(SIGNS[condition.sign]), value=sql.Placeholder(f"filter_{number}")
    )
