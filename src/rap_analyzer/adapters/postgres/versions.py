"""Versions of songs in PostgreSQL: fingerprints of words, wordings that are alike, and which track is the original."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.fingerprint import SHORTEST
from rap_analyzer.domain.versions import (
    SAYS_OF_ANOTHER,
    SAYS_OF_ITSELF,
    Candidate,
    VersionEvidence,
    read_claim,
    settle,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.fingerprint import Fingerprint
    from rap_analyzer.domain.versions import Version, VersionKind

SETTLE_KEY = 0x7261705F7672  # "rap_vr"


class VersionStore:
    """Fingerprints, what they were compared with, and the versions that follow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_unfingerprinted(self, version: str) -> int:
        """Tracks whose present words have no fingerprint of this version."""
        [row] = await self._database.fetch("count_unfingerprinted", {"version": version})
        return int(row["count"])

    async def load_unfingerprinted(self, version: str, limit: int, after: int) -> list[tuple[int, str, str]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest, lyrics)."""
        values = {"version": version, "limit": limit, "after": after}
        rows = await self._database.fetch("load_unfingerprinted", values)
        return [(row["id"], row["lyrics_digest"], row["lyrics"]) for row in rows]

    async def save_fingerprints(self, fingerprints: Sequence[tuple[int, str, Fingerprint]], version: str) -> None:
        """Save (track id, lyrics digest, fingerprint), as one; tracks that are gone or reworded are left out."""
        rows = [_fingerprint_row(*one, version) for one in fingerprints]

        async def work(connection: Connection) -> None:
            async with connection.cursor() as cursor:
                await cursor.executemany(query("save_fingerprint"), rows)

        await self._database.run(work)

    async def count_uncompared(self) -> int:
        """Tracks whose fingerprints were not compared with the others."""
        [row] = await self._database.fetch("count_uncompared")
        return int(row["count"])

    async def load_uncompared(self, limit: int, after: int) -> list[tuple[int, str]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest)."""
        rows = await self._database.fetch("load_uncompared", {"limit": limit, "after": after})
        return [(row["track_id"], row["lyrics_digest"]) for row in rows]

    async def load_pairs(self, track_ids: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs of wordings that may be alike: one of these tracks' and any other."""

        async def work(connection: Connection) -> list[tuple[int, int]]:
            # Far more pairs are expected than there are: compiling the query would take longer than all of it.
            await connection.execute("SET LOCAL jit = off")
            rows = await _rows(connection, "load_pairs", {"track_ids": list(track_ids)})
            return [(row["wording"], row["other"]) for row in rows]

        return await self._database.run(work)

    async def load_wordings(self, wordings: Sequence[int]) -> dict[int, str]:
        """The words behind these numbers; those that no track has any more are left out."""
        rows = await self._database.fetch("load_wordings", {"wordings": list(wordings)})
        return {row["wording"]: row["lyrics"] for row in rows}

    async def save_compared(self, compared: Sequence[tuple[int, str]], alike: Mapping[tuple[int, int], float]) -> None:
        """Note that tracks (id, lyrics digest) were compared, and which pairs of wordings are one song, as one."""
        pairs = {
            "wordings": [one for one, _ in alike],
            "others": [other for _, other in alike],
            "similarities": list(alike.values()),
        }
        done = {"track_ids": [track for track, _ in compared], "digests": [digest for _, digest in compared]}

        async def work(connection: Connection) -> None:
            await connection.execute(query("save_alike"), pairs)
            await connection.execute(query("mark_compared"), done)

        await self._database.run(work)

    async def settle(self) -> Counter[VersionKind]:
        """Decide anew, from all that is known, which tracks are versions of others; one process at a time.

        Returns:
            Number of versions by kind.
        """

        async def work(connection: Connection) -> Counter[VersionKind]:
            await connection.execute(query("lock_versions"), {"key": SETTLE_KEY})
            versions = settle(await _evidence(connection))
            await _save(connection, versions)
            return Counter(version.kind for version in versions)

        return await self._database.run(work)


def _fingerprint_row(track_id: int, digest: str, made: Fingerprint, version: str) -> dict[str, Any]:
    return {
        "track_id": track_id,
        "lyrics_digest": digest,
        "version": version,
        "wording": made.wording,
        "words": made.words,
        "bands": list(made.bands),
    }


async def _evidence(connection: Connection) -> VersionEvidence:
    kinds = {"kinds": [*SAYS_OF_ITSELF, *SAYS_OF_ANOTHER]}
    pairs = await _rows(connection, "load_same_words", {"shortest": SHORTEST})
    same_words = [(row["track_id"], row["other_id"]) for row in pairs]
    read = [
        read_claim(row["track_id"], row["kind"], row["other_id"])
        for row in await _rows(connection, "load_claims", kinds)
    ]
    claims = [claim for claim in read if claim]
    named = {track for pair in same_words for track in pair}
    named.update(track for claim in claims for track in (claim.track_id, claim.version_of))
    rows = await _rows(connection, "load_candidates", {"track_ids": sorted(named)})
    tracks = {row["track_id"]: Candidate(**row | {"artists": frozenset(row["artists"])}) for row in rows}
    alike = {(row["wording"], row["other"]): row["similarity"] for row in await _rows(connection, "load_alike", {})}
    return VersionEvidence(tracks, same_words, claims, alike)


async def _rows(connection: Connection, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    cursor = await connection.execute(query(name), values)
    return await cursor.fetchall()


async def _save(connection: Connection, versions: Sequence[Version]) -> None:
    values = {
        "track_ids": [v.track_id for v in versions],
        "originals": [v.version_of for v in versions],
        "kinds": [str(v.kind) for v in versions],
        "similarities": [v.similarity for v in versions],
    }
    deleted = await connection.execute(query("delete_former_versions"), values)
    saved = await connection.execute(query("save_versions"), values)
    if deleted.rowcount or saved.rowcount:
        await connection.execute(query("note_group_change"))
