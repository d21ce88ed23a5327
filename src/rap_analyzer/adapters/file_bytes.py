"""Bytes of a file as it was before it was packed, or of standard input, as often as they are asked for."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 1 << 20
BOMB_BYTES, BOMB_RATIO = 256 << 20, 200
"""What unpacks to more than this, and to so many times its size, holds no songs."""
PACKED: dict[str, Callable[[Path, str], object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGED = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)


class FileBytes:
    """The bytes of a file; standard input is kept in a temporary file, because it is read more than once.

    Args:
        path: the file; `-` means standard input.

    Raises:
        InputError: there is no such file, or it is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        if self.name == "-":
            self.name = "standard input"
            self._kept = _kept(sys.stdin.buffer)
            self.path = Path(self._kept.name)
        elif not path.is_file():
            raise InputError(f"{path}: there is no such file.")
        self.packed_size = self.path.stat().st_size
        if self.packed_size == 0:
            raise InputError(f"{self.name}: the file is empty.")

    @property
    def is_packed(self) -> bool:
        """Whether it is compressed."""
        return self.path.suffix.lower() in PACKED

    def open(self) -> BinaryIO:
        """A stream from its first byte on.

        Raises:
            InputError: it cannot be opened.
        """
        unpack = PACKED.get(self.path.suffix.lower())
        try:
            return cast("BinaryIO", unpack(self.path, "rb") if unpack else self.path.open("rb"))
        except OSError as error:
            raise InputError(f"{self.name} cannot be read: {error.strerror}.") from error

    def chunks(self) -> Iterator[bytes]:
        """All of it, a mebibyte at a time.

        Raises:
            InputError: it cannot be unpacked, or unpacks to far more than songs would.
        """
        total = 0
        with self.open() as stream:
            try:
                while chunk := stream.read(CHUNK):
                    total += len(chunk)
                    if total > BOMB_BYTES and total > BOMB_RATIO * self.packed_size:
                        raise InputError(
                            f"{self.name} unpacks to more than {BOMB_RATIO} times its size: it holds no songs."
                        )
                    yield chunk
            except DAMAGED as error:
                raise InputError(f"{self.name} is damaged or cut off, and cannot be unpacked: {error}.") from error
            except OSError as error:
                raise InputError(f"{self.name} cannot be read: {error.strerror or error}.") from error


def _kept(stream: BinaryIO) -> tempfile._TemporaryFileWrapper[bytes]:
    kept = tempfile.NamedTemporaryFile(prefix="rap-import-")  # noqa: SIM115  # it goes when nothing refers to it
    shutil.copyfileobj(stream, kept, CHUNK)
    kept.flush()
    return kept
