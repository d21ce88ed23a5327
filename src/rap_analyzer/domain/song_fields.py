"""What a file of songs may say of each, and the columns that say it."""

from __future__ import annotations

FIELDS = (
    "title",
    "artist",
    "lyrics",
    "id",
    "year",
    "release_date",
    "album",
    "views",
    "features",
    "language",
    "url",
    "tag",
    "primary_artists",
    "extra",
)
REQUIRED = ("title", "artist", "lyrics")
ALIASES = {
    "released_on": "release_date",
    "page_views": "views",
    "featured": "features",
    "featured_artists": "features",
    "primary": "primary_artists",
}
"""Names of columns in files of `rap export` and lyricsgenius, where the field's own name is no column."""
KNOWN_COLUMNS = frozenset((*FIELDS, *ALIASES))
