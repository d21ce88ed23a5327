"""PostgreSQL with pgvector from a wheel, shared by every `rap` process that uses the same data folder.

Each process holds a lease: a file it keeps locked. The kernel drops the lock with the process, also on `kill -9`, so
a lease cannot go stale, and the last process to leave stops the server. The wheel's own wrapper counts process ids in
a file instead, which `kill -9` leaves behind, and cannot restart a server that was killed: so we use its programs only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import make_conninfo

from rap_analyzer.adapters.postgres.database import DISK_IS_FULL, NO_SPACE, query
from rap_analyzer.adapters.postgres.embedded_access import (
    ROLE,
    SUPERUSER,
    check_enterable,
    close_folder,
    hand_over,
    opened_here,
    server_user,
    write_rules,
)
from rap_analyzer.adapters.postgres.embedded_process import ServerProgram
from rap_analyzer.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger(__name__)

DATABASE = "rap_lyrics"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
MAX_SOCKET_PATH, MAX_PATH = 100, 900
"""Bytes: the kernel takes no longer sockets (107), PostgreSQL no longer folders (1023)."""
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
    "port": str(PORT),  # else PGPORT of whoever starts it
    "unix_socket_permissions": "0700",
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
        ConfigError: the wheel is not installed, or PostgreSQL cannot work in the folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.resolve() / "postgres"
        self._cluster = self._home / "cluster"
        self._program = ServerProgram(self._cluster, self.log_file)
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

    def conninfo(self, database: str = DATABASE, role: str = ROLE) -> str:
        """How libpq reaches a database of the server, as the program's role or another."""
        return make_conninfo(host=str(self._socket_dir), port=PORT, user=role, dbname=database)

    def admin_conninfo(self, database: str = "postgres") -> str:
        """The same as the superuser, for what the program's role may not do."""
        return self.conninfo(database, SUPERUSER)

    @property
    def url(self) -> str:
        """How psql reaches the database."""
        host = quote(str(self._socket_dir), safe="/")
        return f"postgresql:///{DATABASE}?host={host}&port={PORT}&user={ROLE}"

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
        if not self._home.exists():
            return False
        self._prepare()
        with self._locked():
            self._keep_marker.unlink(missing_ok=True)
            ran = self._program.control("status")  # also when it hangs and takes no connections
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
            psycopg.connect(self.admin_conninfo(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _keep_marker(self) -> Path:
        return self._home / "keep"

    @property
    def _socket_dir(self) -> Path:
        """The store's own folder; one in /tmp where its name is too long for a socket, or libpq would misread it."""
        name = os.fsencode(self._home)
        if len(name) <= MAX_SOCKET_PATH - len(SOCKET_NAME) and str(self._home).isprintable() and b"," not in name:
            return self._home
        digest = hashlib.sha256(name).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"rap-analyzer-{digest}"

    def _prepare(self) -> None:
        """Make the folders, which nobody else may enter.

        Raises:
            ConfigError: PostgreSQL cannot work there.
        """
        if len(os.fsencode(self._cluster)) > MAX_PATH or "\n" in str(self._home) or "\r" in str(self._home):
            raise ConfigError(
                f"PostgreSQL cannot work in {str(self._home.parent)!r}: the name has a line break in it, or is longer "
                f"than {MAX_PATH} bytes; set RAP_DATA_DIR to another folder."
            )
        try:
            self._home.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self._home, self._home / "leases", self._socket_dir):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"The data folder {self._home.parent} cannot be written ({error.strerror}); "
                "set RAP_DATA_DIR to a folder that can."
            ) from error
        user = server_user(self._cluster)
        check_enterable(user, self._home, self._program.folder)
        for folder in {self._home, self._socket_dir}:
            close_folder(folder, user)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self._home / "lock", "w", opener=opened_here) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _start_unless_running(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster()
        if write_rules(self._cluster, server_user(self._cluster)) and (self._cluster / "postmaster.pid").exists():
            self._program.control("reload")
        sockets = '"{}"'.format(str(self._socket_dir).replace('"', '""'))
        began = time.monotonic()
        while not self.is_running():
            if self._program.start({**SERVER_OPTIONS, "unix_socket_directories": sockets}, START_SECONDS):
                return
            if SHUTTING_DOWN in self._program.log_tail() and time.monotonic() > began + STOP_SECONDS:
                self._program.control("stop", "-m", "immediate", "-w")
            self._check_hope(time.monotonic() - began)
            time.sleep(0.3)

    def _check_hope(self, tried_s: float) -> None:
        """Raises where another attempt to start would fare no better.

        After a kill -9 what is left of the old server stands in the way for a moment: then it is tried until that is
        gone, as where the log says that the server came up after all, even if it may be gone again. On a full disk the
        log may lack its last words, so the room itself is looked at.
        """
        tail = self._program.log_tail()
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
        self._program.initialize(
            fresh, "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
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
        """Make the database, and hand it to the program's role; once, also where it was made before there was one."""
        with psycopg.connect(self.admin_conninfo(), autocommit=True) as connection:
            found = connection.execute(query("load_owner"), {"database": DATABASE}).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        if found != (ROLE,):
            with psycopg.connect(self.admin_conninfo(DATABASE), autocommit=True) as connection:
                hand_over(connection)

    def _stop(self) -> None:
        # On a full disk the checkpoint of an orderly stop cannot be written; the log holds every saved row anyway.
        if not self._program.control("stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS)):
            self._program.control("stop", "-m", "immediate", "-w")


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
