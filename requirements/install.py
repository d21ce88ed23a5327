"""Installs a lock with pip, and says in one sentence what is wrong when the package index cannot be reached.

Usage: python requirements/install.py LOCK...   (with the interpreter of the environment that is filled; stdlib only)

A lock is complete, so pip's resolver is left out (`--no-deps`): pips before 23.3 look for the newest release of every
locked package that another one asks for with an extra, and then refuse it because it is not in the lock.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
LOCKED = ("install", "--quiet", "--require-hashes", "--no-deps")
MISSING = re.compile(r"No matching distribution found for (\S+)")
BROKEN_OFF = re.compile(
    r"HTTPS?ConnectionPool|ConnectionError|Connection (?:reset|refused|aborted|broken)|ProtocolError|"
    r"\w*Timeout(?:Error)?\b|IncompleteRead|SSLError|ProxyError"
)
NOT_FETCHED = re.compile(r"Could not fetch URL (\S+): (.*?)(?: - skipping)?$", re.MULTILINE)
CAUSE = re.compile(r"\[Errno -?\d+\] ([^')\"]+)")
ADVICE = (
    "The first installation needs the network. Connect it, or name an index that can be reached in PIP_INDEX_URL, "
    "and run the same command again: it goes on with what is missing."
)


def main(locks: list[str]) -> int:
    """Install the locks; returns pip's exit status."""
    status, errors = _pip(*LOCKED, *(part for lock in locks for part in ("-r", lock)))
    if status:
        reason = network_reason(errors)
        print(f"The package index cannot be reached ({reason}). {ADVICE}" if reason else errors, file=sys.stderr)
    return status


def network_reason(errors: str) -> str | None:
    """What hinders the network, by pip's errors or, where they are silent, by asking once more; None: nothing does."""
    # Indented lines are the source code in a traceback: what they speak of need not have happened.
    told = [line for line in errors.splitlines() if not line.startswith(" ") and BROKEN_OFF.search(line)]
    if told:
        return _cause(told[-1])
    missing = MISSING.search(errors)
    return _asked_again(missing[1]) if missing else None


def _asked_again(requirement: str) -> str | None:
    """Why an index gave no page: pip has it only in its log, which is too large to be kept of a whole installation."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        _pip("--log", str(log), "download", "--quiet", "--no-deps", "--dest", folder, requirement, shown=False)
        told = NOT_FETCHED.findall(log.read_text("utf8"))
    # A further index may well not have a package (404): that is no fault of the network.
    told = [(url, why) for url, why in told if not why.startswith("404")]
    if not told:
        return None
    url, why = told[0]
    return f"{url}: {_cause(why)}"


def _cause(told: str) -> str:
    """What the system said, else the whole."""
    cause = CAUSE.search(told)
    return cause[1] if cause else told


def _pip(*arguments: str, shown: bool = True) -> tuple[int, str]:
    """Run pip, its warnings shown as they come; returns its status and all that it says from its first error on."""
    errors: list[str] = []
    with subprocess.Popen([*PIP, *arguments], stderr=subprocess.PIPE, text=True, errors="replace") as pip:
        for line in pip.stderr or ():
            if errors or line.startswith("ERROR"):
                errors.append(line)
            elif shown:
                sys.stderr.write(line)
    return pip.returncode, "".join(errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
