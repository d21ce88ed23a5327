"""The embedded store is its owner's alone, and the program itself has no powers that it does not need."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rap_analyzer.adapters.postgres.database import query
from rap_analyzer.adapters.postgres.embedded import SERVER_OPTIONS, EmbeddedServer
from rap_analyzer.adapters.postgres.embedded_access import close_folder, server_user
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AS_SOMEBODY = """
import json, os, sys
user, group, first, then = json.loads(sys.argv[1])
{work}
work(first)  # for what is imported late: another user may not read it where root's Python lies
os.setgroups([])
os.setgid(group)
os.setuid(user)
print("as another", flush=True)
work(then)
"""
CONNECT = """
import psycopg
def work(conninfo):
    psycopg.connect(conninfo).close()
    print("in")
"""
USE = """
from pathlib import Path
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
def work(folder):
    server = EmbeddedServer(Path(folder))
    server.acquire()
    server.release()
    print("used")
"""
COMMAND = """
import rap_analyzer.cli
def work(given):
    folder, *command = given
    os.environ["RAP_DATA_DIR"] = folder
    sys.argv = ["rap", *command]
    try:
        rap_analyzer.cli.main()
    except SystemExit as ending:
        print("code", ending.code)
"""
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
OWNERS = """
    SELECT DISTINCT relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""
INSIDE = b"""
    CREATE TABLE songs (id serial PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY, words text);
    INSERT INTO songs (words) VALUES ('the first'), ('the second');
    CREATE VIEW titles AS SELECT words FROM songs;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM songs;
    CREATE SEQUENCE turns;
    CREATE TYPE mood AS ENUM ('up', 'down');
    CREATE DOMAIN year AS int;
    CREATE TYPE pair AS (a int, b int);
    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE nothing() LANGUAGE sql AS '';
    CREATE SCHEMA "of Ann's";
    CREATE TABLE "of Ann's"."My Table" (at vector(3));
"""


@pytest.fixture
def folder(data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server is stopped at the end."""
    made = data_dir()
    yield made
    EmbeddedServer(made).stop()


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    """A store of its own, open."""
    made = EmbeddedServer(folder)
    made.acquire()
    yield made
    made.release()


def run_as(user: str, work: str, first: Any, then: Any) -> tuple[str, str]:
    """What a process prints, and complains of, that does something as we are, and then as that user."""
    entry = pwd.getpwnam(user)
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY.format(work=work), json.dumps([entry.pw_uid, entry.pw_gid, first, then])],
        capture_output=True, text=True, check=False, cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert "as another\n" in done.stdout, done
    return done.stdout.split("as another\n")[1], done.stderr


def connect_as(user: str, conninfo: str) -> tuple[str, str]:
    """The same for a connection."""
    return run_as(user, CONNECT, conninfo, conninfo)


def fetch(conninfo: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_nobody_else_may_enter_the_folder(server: EmbeddedServer, folder: Path) -> None:
    """The folder of the socket and the data is its user's, and closed to all but root."""
    home = folder / "postgres"
    user = server_user(home / "cluster")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert home.stat().st_uid == (user.pw_uid if user else os.geteuid())
    assert stat.S_IMODE((home / ".s.PGSQL.5432").stat().st_mode) == 0o700


@AS_ROOT
def test_another_user_of_the_machine_may_not_connect(server: EmbeddedServer, folder: Path) -> None:
    """Neither as the program nor as the superuser; not even where somebody opened the folder and the socket."""
    for conninfo in (server.conninfo(), server.admin_conninfo()):
        assert "Permission denied" in connect_as("nobody", conninfo)[1]
    (folder / "postgres").chmod(0o755)
    (folder / "postgres" / ".s.PGSQL.5432").chmod(0o777)
    for conninfo in (server.conninfo(), server.admin_conninfo()):
        assert "Peer authentication failed" in connect_as("nobody", conninfo)[1]


@AS_ROOT
def test_the_servers_own_user_may_connect(server: EmbeddedServer, folder: Path) -> None:
    """The check above fails for want of rights, and not because nobody can connect that way."""
    user = server_user(folder / "postgres" / "cluster")
    assert user is not None
    assert connect_as(user.pw_name, server.conninfo()) == ("in\n", "")


@AS_ROOT
def test_the_server_keeps_none_of_roots_groups(server: EmbeddedServer, folder: Path) -> None:
    """User, group and every further group are the server's own."""
    process = (folder / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]
    status = dict(line.split(":\t", 1) for line in Path("/proc", process, "status").read_text().splitlines())
    user = server_user(folder / "postgres" / "cluster")
    assert user is not None
    assert set(status["Uid"].split()) == {str(user.pw_uid)}
    assert set(status["Gid"].split()) == {str(user.pw_gid)}
    assert status["Groups"].split() == []


@AS_ROOT
def test_a_store_that_a_user_made_stays_theirs_when_root_works_on_it(data_dir: Callable[[], Path]) -> None:
    """Root's server runs as that user, who can go on with it afterwards."""
    made, nobody = data_dir(), pwd.getpwnam("nobody")
    os.chown(made, nobody.pw_uid, nobody.pw_gid)
    assert run_as("nobody", USE, str(data_dir()), str(made)) == ("used\n", "")
    server = EmbeddedServer(made)
    assert fetch(server.acquire(), "SELECT current_user::text") == [("rap_user",)]
    server.release()
    assert run_as("nobody", USE, str(data_dir()), str(made)) == ("used\n", "")


def test_the_program_works_as_a_role_without_powers(server: EmbeddedServer) -> None:
    """It owns the database and what is in it, and can neither run programs nor read files nor make roles."""
    [role] = fetch(
        server.conninfo(), "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'rap_user'"
    )
    assert role == (False, False, False)
    assert fetch(server.conninfo(), "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'rap_lyrics'") == [
        ("rap_user",)
    ]
    for forbidden in (
        b"COPY (SELECT 1) TO PROGRAM 'cat'", b"CREATE TEMP TABLE t (l text); COPY t FROM PROGRAM 'id'",
        b"CREATE TEMP TABLE t (l text); COPY t FROM '/etc/passwd'", b"SELECT pg_read_file('/etc/passwd')",
        b"CREATE ROLE more SUPERUSER", b"ALTER ROLE rap_user SUPERUSER", b"SET ROLE postgres",
        b"ALTER SYSTEM SET jit = on",
        b"CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x', 'f'",
    ):  # fmt: skip
        connection = psycopg.connect(server.conninfo(), autocommit=True)
        with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(forbidden)


async def test_migrations_leave_everything_with_the_role(server: EmbeddedServer) -> None:
    """All that they make is the program's own; the extension is the superuser's."""
    await migrate(server.conninfo())
    assert fetch(server.conninfo(), OWNERS) == [("rap_user",)]


def make_old_store(folder: Path) -> EmbeddedServer:
    """A store as versions before this one made it: trust, everything the superuser's, a folder that all may enter."""
    server = EmbeddedServer(folder)
    server._prepare()
    home = folder / "postgres"
    fresh = home / "made"
    server._program.initialize(fresh, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
    fresh.rename(home / "cluster")
    home.chmod(0o755)
    options = {**SERVER_OPTIONS, "unix_socket_permissions": "0777", "unix_socket_directories": str(home)}
    assert server._program.start(options, 60)
    with psycopg.connect(server.admin_conninfo(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE rap_lyrics")
    with psycopg.connect(server.admin_conninfo("rap_lyrics")) as admin:
        admin.execute("CREATE EXTENSION vector")
        admin.execute(INSIDE)
    return server


def assert_brought_over(server: EmbeddedServer) -> None:
    """The old store's rows are there, and it is as closed as a new one."""
    assert fetch(server.conninfo(), "SELECT words FROM titles ORDER BY 1") == [("the first",), ("the second",)]
    assert fetch(server.conninfo(), OWNERS) == [("rap_user",)]
    with psycopg.connect(server.conninfo()) as connection:
        connection.execute("INSERT INTO songs (words) VALUES ('a third')")
        connection.execute("REFRESH MATERIALIZED VIEW counted")
        for mine in (
            b"VIEW titles", b"MATERIALIZED VIEW counted", b"TABLE songs", b"SEQUENCE turns", b"TYPE mood",
            b"DOMAIN year", b"TYPE pair", b"FUNCTION one()", b"PROCEDURE nothing()", b"SCHEMA \"of Ann's\" CASCADE",
        ):  # fmt: skip
            connection.execute(b"DROP " + mine)
        connection.rollback()


@pytest.mark.parametrize("is_up", [True, False], ids=["running", "stopped"])
def test_a_store_from_before_is_brought_over(folder: Path, is_up: bool) -> None:
    """Whether or not its server still runs: the same rows, and from then on closed; twice is the same as once."""
    old = make_old_store(folder)
    if not is_up:
        old.stop()
        (folder / "postgres").chmod(0o755)
    for _ in range(2):
        server = EmbeddedServer(folder)
        server.acquire()
        assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
        assert "trust" not in (folder / "postgres" / "cluster" / "pg_hba.conf").read_text()
        assert_brought_over(server)
        server.release()


@AS_ROOT
def test_the_old_rules_end_also_while_the_old_server_runs(folder: Path) -> None:
    """Even with the folder opened again nobody is let in by `trust`."""
    make_old_store(folder)
    server = EmbeddedServer(folder)
    server.acquire()
    (folder / "postgres").chmod(0o755)
    assert "Peer authentication failed" in connect_as("nobody", server.admin_conninfo())[1]
    server.release()


def test_a_store_whose_bringing_over_was_cut_short_is_brought_over_whole(folder: Path) -> None:
    """All of it is one transaction with the database's owner last, so half of it is none of it."""
    old = make_old_store(folder)
    with psycopg.connect(old.admin_conninfo("rap_lyrics")) as half:
        half.execute("CREATE ROLE rap_user")
        half.execute(query("restrict_role"))
        half.execute("ALTER TABLE songs OWNER TO rap_user")
        half.commit()
        half.execute(query("hand_over"))
        half.execute("ALTER DATABASE rap_lyrics OWNER TO rap_user")
        half.rollback()
    (folder / "postgres" / "cluster" / "pg_hba.conf.new").write_text("local all al")
    server = EmbeddedServer(folder)
    server.acquire()
    assert_brought_over(server)
    server.release()


@pytest.mark.parametrize("name", ["lock", "server.log", "cluster/pg_hba.conf.new"])
def test_a_link_in_the_servers_folders_leads_nowhere(folder: Path, name: str) -> None:
    """Whoever takes over the server's user cannot have root write elsewhere: there is an error, or the link goes."""
    server = EmbeddedServer(folder)
    server.acquire()
    server.release()
    elsewhere = folder / "elsewhere"
    elsewhere.write_text("kept")
    (folder / "postgres" / name).unlink(missing_ok=True)
    (folder / "postgres" / name).symlink_to(elsewhere)
    (folder / "postgres" / "cluster" / "pg_hba.conf").write_text("local all all trust")
    with contextlib.suppress(OSError, StoreError):
        server.acquire()
        server.release()
    (folder / "postgres" / name).unlink(missing_ok=True)
    assert elsewhere.read_text() == "kept"


def test_a_role_of_that_name_loses_its_powers(folder: Path) -> None:
    """Somebody may have made it by hand."""
    old = make_old_store(folder)
    with psycopg.connect(old.admin_conninfo()) as admin:
        admin.execute("CREATE ROLE rap_user SUPERUSER")
    server = EmbeddedServer(folder)
    assert fetch(server.acquire(), "SELECT rolsuper FROM pg_roles WHERE rolname = 'rap_user'") == [(False,)]
    server.release()


@AS_ROOT
@pytest.mark.parametrize("trap", ["folder", "link", "file"])
def test_a_folder_for_the_socket_that_somebody_else_made_is_refused(tmp_path: Path, trap: str) -> None:
    """In /tmp everybody can make one of that name first, with a server of their own in it."""
    place = tmp_path / "socket"
    nobody = pwd.getpwnam("nobody")
    if trap == "link":
        place.symlink_to(tmp_path)
    elif trap == "file":
        place.write_bytes(b"")
    else:
        place.mkdir()
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(ConfigError, match="is not yours"):
        close_folder(place, pwd.getpwnam("daemon"))


@AS_ROOT
def test_another_user_is_told_that_the_store_is_not_theirs(
    server: EmbeddedServer, folder: Path, data_dir: Callable[[], Path]
) -> None:
    """One sentence instead of a traceback, also from `rap db stop`."""
    for command in (["doctor", "--quick"], ["db", "stop"], ["db", "url"]):
        printed, complaint = run_as("nobody", COMMAND, [str(data_dir()), *command], [str(folder), *command])
        assert "cannot be written (Permission denied)" in printed + complaint, printed
        assert printed.splitlines()[-1] in {"code 1", f"code {EXIT_CODES[ConfigError]}"}
        assert "Traceback" not in complaint


def test_the_url_for_psql_needs_no_password(server: EmbeddedServer) -> None:
    """It works for whoever may use the store, and holds nothing that would let anybody else in."""
    assert fetch(server.url, "SELECT current_user::text") == [("rap_user",)]
    assert "password" not in server.url
