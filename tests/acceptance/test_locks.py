"""Both locks install with the Makefile's own recipe, also once newer releases are out, and also by an old pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

import package_index

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOCKS = ("app.txt", "dev.txt")
OLDEST_PIP = "23.0.1"
"""Debian 12's; older ones are not tried."""
PIPS = [OLDEST_PIP, "of this Python"] if sys.version_info < (3, 12) else ["of this Python"]
COPIED = ("Makefile", "pyproject.toml", "hatch_build.py", "requirements/install.py")


@dataclass(frozen=True)
class StandIns:
    """A served index of made-up packages, and the locks that name them."""

    folder: Path
    address: str
    locks: dict[str, str]


def run(*command: str | Path, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command with no settings of pip but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "MFLAGS"))}
    environment = {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_CACHE_DIR": str(cwd / "cache"), **settings}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def make(project: Path, target: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`make TARGET` there, with the Python of these tests."""
    return run("make", f"PYTHON={sys.executable}", target, cwd=project, **settings)


@pytest.fixture(scope="module")
def old_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the oldest pip, from the real index, as this machine is set up to reach it."""
    folder = tmp_path_factory.mktemp("pip")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        f"pip=={OLDEST_PIP}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"pip {OLDEST_PIP} cannot be fetched: {done.stderr}")
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """An index of stand-ins, and both locks with their sums."""
    locks = {name: package_index.read_lock((ROOT / "requirements" / name).read_text("utf8")) for name in LOCKS}
    folder = tmp_path_factory.mktemp("index")
    sums = package_index.fill(folder, [lock for lines in locks.values() for lock in lines])
    with package_index.served(folder) as address:
        yield StandIns(folder, address, {name: package_index.write_lock(lines, sums) for name, lines in locks.items()})


def checkout(folder: Path, locks: dict[str, str]) -> Path:
    """What the recipe reads of a checkout, with these locks."""
    (folder / "requirements").mkdir()
    for name in COPIED:
        shutil.copy(ROOT / name, folder / name)
    for name, text in locks.items():
        (folder / "requirements" / name).write_text(text, "utf8")
    return folder


@pytest.fixture(scope="module")
def unfilled(tmp_path_factory: pytest.TempPathFactory, stand_ins: StandIns) -> Path:
    """A checkout whose environment is made and stays empty; the tests of failures share it."""
    return checkout(tmp_path_factory.mktemp("unfilled"), stand_ins.locks)


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_names_one_version_and_its_sums(name: str) -> None:
    """No range, no extra, no address, nothing without a SHA-256: pip's resolver has nothing left to decide."""
    for lock in package_index.read_lock((ROOT / "requirements" / name).read_text("utf8")):
        assert lock.version, lock.requirement
        assert not lock.requirement.url, lock.requirement
        assert not lock.requirement.extras, lock.requirement
        assert lock.hashes, lock.requirement
        assert all(value.startswith("sha256:") for value in lock.hashes), lock.requirement


def test_what_the_tests_need_has_the_versions_that_the_program_has() -> None:
    """`make install-dev` goes over what `make install` made: neither changes what the other brought."""
    app, dev = ((ROOT / "requirements" / name).read_text("utf8") for name in LOCKS)
    pinned = {str(lock.requirement) for lock in package_index.read_lock(dev)}
    assert {str(lock.requirement) for lock in package_index.read_lock(app)} <= pinned


@pytest.mark.slow
@pytest.mark.parametrize("pip", PIPS)
def test_both_locks_install_while_the_index_holds_newer_releases(
    pip: str, stand_ins: StandIns, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A newer release of anything changes nothing: what is locked is installed, and all of it fits together."""
    project = checkout(tmp_path, stand_ins.locks)
    assert make(project, ".venv/bin/python").returncode == 0
    python = project / ".venv/bin/python"
    if pip == OLDEST_PIP:
        wheel = request.getfixturevalue("old_pip")
        assert run(python, "-m", "pip", "install", "--no-index", wheel, cwd=project).returncode == 0
    done = make(project, ".venv/dev", PIP_INDEX_URL=stand_ins.address)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = run(python, "-m", "pip", "list", "--format=freeze", cwd=project).stdout.split()
    installed = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in listed)}
    wanted = {
        canonicalize_name(lock.requirement.name): lock.version
        for lock in package_index.read_lock(stand_ins.locks["dev.txt"])
        if lock.requirement.marker is None or lock.requirement.marker.evaluate()
    }
    assert wanted.items() <= installed.items()


@pytest.mark.slow
def test_a_lock_that_does_not_fit_together_is_told(stand_ins: StandIns, tmp_path: Path) -> None:
    """Without the resolver nobody else would notice a package that another one asks for and the lock forgot."""
    lines = stand_ins.locks["app.txt"].splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("click==")]
    assert len(kept) < len(lines)
    done = make(
        checkout(tmp_path, {**stand_ins.locks, "app.txt": "".join(kept)}), ".venv/app", PIP_INDEX_URL=stand_ins.address
    )
    assert done.returncode == 2
    assert "requires click, which is not installed" in done.stdout
    assert "make clean" in done.stdout


@pytest.mark.parametrize(("target", "retries"), [("test", "0"), ("quick-start", "1")])
def test_a_missing_network_is_told_in_a_sentence(target: str, retries: str, unfilled: Path) -> None:
    """Instead of pip's own words, that there is no such package; and no command of the program is tried after that."""
    done = make(unfilled, target, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES=retries)
    assert done.returncode == 2
    assert "The package index cannot be reached (http://127.0.0.1:9/simple/" in done.stderr
    assert "Connection refused). The first installation needs the network." in done.stderr
    assert "Traceback" not in done.stderr
    assert "No matching distribution" not in done.stderr


def test_an_index_that_breaks_off_is_told_in_a_sentence(stand_ins: StandIns, unfilled: Path) -> None:
    """Else pip meets a connection that is reset in the midst of a file with a traceback."""
    with package_index.served(stand_ins.folder, breaks_off=True) as address:
        done = make(unfilled, ".venv/app", PIP_INDEX_URL=address, PIP_RETRIES="0")
    assert done.returncode == 2
    assert "The package index cannot be reached (" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_the_network_is_told_in_the_words_of_pip(stand_ins: StandIns, unfilled: Path) -> None:
    """A file that is not the locked one: the network is not blamed for it."""
    right = (unfilled / "requirements/app.txt").read_text("utf8")
    first = right.partition("\n")[0]
    wrong = first.partition("sha256:")[0] + "sha256:" + "0" * 64
    (unfilled / "requirements/app.txt").write_text(right.replace(first, wrong), "utf8")
    done = make(unfilled, ".venv/app", PIP_INDEX_URL=stand_ins.address)
    (unfilled / "requirements/app.txt").write_text(right, "utf8")
    assert done.returncode == 2
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert "cannot be reached" not in done.stderr
