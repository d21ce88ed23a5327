"""A package index on 127.0.0.1 that holds a made-up stand-in for every locked release, and a newer one of each."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import struct
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

NEWER = "9999.1"
BACKEND = '''
"""Makes an editable wheel from pyproject.toml's names alone: what pip asks of a build backend, and no more."""
import tomllib, zipfile
from pathlib import Path

def build_editable(folder, config_settings=None, metadata_directory=None):
    project = tomllib.loads(Path("pyproject.toml").read_text("utf8"))["project"]
    name = f"{project['name'].replace('-', '_')}-{project['version']}"
    needs = "".join(f"Requires-Dist: {need}\\n" for need in project["dependencies"])
    with zipfile.ZipFile(Path(folder, f"{name}-py3-none-any.whl"), "w") as wheel:
        about = f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {project['version']}\\n{needs}"
        wheel.writestr(f"{name}.dist-info/METADATA", about)
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    return f"{name}-py3-none-any.whl"
'''
CONTENTS = {"hatchling": {"hatchling/__init__.py": "", "hatchling/build.py": BACKEND}}


@dataclass(frozen=True)
class Lock:
    """One line of a lock: what it asks for, and the SHA-256 sums that it allows."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def version(self) -> str | None:
        """The one version that it allows, if it names one."""
        pins = [pin for pin in self.requirement.specifier if pin.operator == "==" and not pin.version.endswith(".*")]
        return pins[0].version if len(pins) == len(self.requirement.specifier) == 1 else None


def read_lock(text: str) -> list[Lock]:
    """What stands in a file of requirements, continued lines joined."""
    lines = (line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#"))
    read = []
    for line in lines:
        requirement, *hashes = line.split(" --hash=")
        read.append(Lock(Requirement(requirement.strip()), tuple(part.strip() for part in hashes)))
    return read


def write_lock(locks: Iterable[Lock], sums: Mapping[tuple[str, str], str]) -> str:
    """The same lines with the sums of the stand-ins."""
    return "".join(
        f"{lock.requirement} --hash=sha256:{sums[lock.requirement.name, lock.version or '']}\n" for lock in locks
    )


def fill(folder: Path, locks: Iterable[Lock]) -> dict[tuple[str, str], str]:
    """Write a wheel for every locked release, and one that is newer; returns their SHA-256 by name and version."""
    sums = {}
    for lock in locks:
        for version in (lock.version or "", NEWER):
            sums[lock.requirement.name, version] = _write_wheel(folder, lock.requirement.name, version)
    return sums


def _write_wheel(folder: Path, name: str, version: str) -> str:
    """An empty package that asks for what the real one of this environment asks for, extras and markers included."""
    plain = re.sub(r"[-_.]+", "_", name)
    page = folder / re.sub(r"[-_.]+", "-", name).lower()
    page.mkdir(exist_ok=True)
    path = page / f"{plain}-{version}-py3-none-any.whl"
    about = f"{plain}-{version}.dist-info"
    files = {
        **CONTENTS.get(name, {}),
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{_needs(name)}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in files.items():
            wheel.writestr(zipfile.ZipInfo(inside), text)
        wheel.writestr(zipfile.ZipInfo(f"{about}/RECORD"), "".join(f"{file},,\n" for file in files))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _needs(name: str) -> str:
    try:
        told = metadata(name)
    except PackageNotFoundError:  # for another platform or Python: its line is not taken here either
        return ""
    fields = ("Provides-Extra", "Requires-Dist")
    return "".join(f"{field}: {value}\n" for field in fields for value in told.get_all(field) or ())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the interface
        """No access log: what pip prints is under test."""


class _BreakingOff(_Quiet):
    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Of a wheel no more than this, and then a reset; pages (which come from memory) go out whole."""
        if isinstance(source, io.BytesIO):
            super().copyfile(source, outputfile)
            return
        outputfile.write(source.read(100))
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@contextmanager
def served(folder: Path, *, breaks_off: bool = False) -> Iterator[str]:
    """Serve the folder's sub-folders as pages of a simple index (PEP 503); gives its address.

    Args:
        folder: what `fill` wrote.
        breaks_off: whether the connection ends in the midst of every wheel.
    """
    handler = partial(_BreakingOff if breaks_off else _Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
