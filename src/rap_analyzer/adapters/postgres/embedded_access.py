"""Who may use the embedded server: one user of this machine and root, the program itself as a role without powers.

The folder of the socket is closed to everybody else (0700), and the kernel tells the server who is at the other end of
the socket (peer authentication), so there is no password to keep. The program works as the role `rap_user`, which owns
the database and cannot leave it; only what needs more is done as the superuser: making the database, the extension, and
bringing over stores from before there was such a role.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from rap_analyzer.adapters.postgres.database import query
from rap_analyzer.domain.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SUPERUSER, ROLE = "postgres", "rap_user"
SYSTEM_USER = "pgserver"
ROOT = 0
OWNER_ONLY = 0o700
OPEN_TO_ALL = 0o001
HBA = """# Written at every start: who is at the other end of the socket counts, by pg_ident.conf.
local all all peer map=rap
"""


def server_user(cluster: Path) -> pwd.struct_passwd | None:
    """The user whom the server runs as, where that is not us: PostgreSQL refuses to run as root.

    Root's server has a user of its own; a store that somebody else made stays theirs.
    """
    if os.geteuid() != ROOT:
        return None
    with contextlib.suppress(OSError, KeyError):
        owner = cluster.stat().st_uid
        if owner != ROOT:
            return pwd.getpwuid(owner)
    return pwd.getpwnam(system_user())


def identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """How `subprocess` becomes that user, with none of our groups; nothing where we are that user."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def system_user() -> str:
    """Name of the user whom root runs PostgreSQL as; made when there is none."""
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


def close_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Give a folder to the server's user, and close it to everybody else but root.

    Raises:
        ConfigError: it is somebody else's, who could put a server of their own into it.
    """
    found = folder.lstat()
    allowed = {ROOT, os.geteuid(), user.pw_uid if user else os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in allowed:
        raise ConfigError(f"{folder} is not yours: remove it, or set RAP_DATA_DIR to another folder.")
    if user and found.st_uid != user.pw_uid:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)
    if stat.S_IMODE(found.st_mode) != OWNER_ONLY:
        folder.chmod(OWNER_ONLY)


def check_enterable(user: pwd.struct_passwd | None, *paths: Path) -> None:
    """Raises ConfigError where the server's user cannot come to one of the paths."""
    if user is None:
        return
    for folder in (folder for path in paths for folder in path.parents):
        found = folder.stat()
        if not found.st_mode & OPEN_TO_ALL and found.st_uid != user.pw_uid:
            raise ConfigError(
                f"PostgreSQL does not run as root, and its user {user.pw_name!r} cannot enter {folder}: "
                "work in a folder that others may enter (such as /srv or /opt), or run as an ordinary user."
            )


def write_rules(cluster: Path, user: pwd.struct_passwd | None) -> bool:
    """Put the rules of who may connect into a cluster. Returns whether it had others.

    Raises:
        ConfigError: we have no name by which the server could know us.
    """
    owner = user.pw_name if user else _name_of(os.geteuid())
    if owner is None:
        raise ConfigError(f"PostgreSQL must know who asks it, and user {os.geteuid()} has no name on this machine.")
    names = dict.fromkeys([owner, _name_of(ROOT) or "root"])
    maps = "".join(f'rap "{name}" "{role}"\n' for name in names for role in (ROLE, SUPERUSER))
    rules = {"pg_hba.conf": HBA, "pg_ident.conf": maps}
    changed = [name for name, text in rules.items() if not _holds(cluster / name, text)]
    for name in changed:
        fresh = cluster / f"{name}.new"
        fresh.unlink(missing_ok=True)
        with open(fresh, "x", encoding="utf8", opener=opened_here) as file:
            file.write(rules[name])
            if user:
                os.fchown(file.fileno(), user.pw_uid, user.pw_gid)
        fresh.rename(cluster / name)
    return bool(changed)


def opened_here(path: str, flags: int) -> int:
    """An opener for files in the server's folders: private, and never what a link there leads root to."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text("utf8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _name_of(user: int) -> str | None:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return None


def hand_over(connection: psycopg.Connection[Any]) -> None:
    """Make the role, and give it the database that the connection is to, with all in it; all of it or nothing.

    What an extension brought stays the superuser's. The database comes last: that it is the role's own says that all of
    this is done.
    """
    with connection.transaction():
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(ROLE)))
        connection.execute(query("restrict_role"))
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(query("hand_over"))
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(ROLE)))
