"""Columns of the flat tables that `rap export` writes, CSV and Parquet alike."""

from __future__ import annotations

ANALYZERS = ("algorithmic_basic", "emotion", "hybrid", "qwen", "ollama")
GROUPS = (*ANALYZERS, "audio", "percentile")
"""What the names of columns begin with that hold what was made here, or came from a metadata service."""
MADE_HERE = frozenset(
    (
        *("source", "source_id", "recording_uri", "lyrics_digest", "version_of", "version_kind"),
        *("producer", "writer", "stored_at", "changed_at", "credits", "analyses", "enrichment"),
    )
)
"""Other columns and members of an export that an import does not take over."""


def is_made_here(column: str) -> bool:
    """Whether a column of an export says what is made anew of a song that is imported."""
    return column in MADE_HERE or column.partition(".")[0] in GROUPS
