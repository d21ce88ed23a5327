"""Builds the rhyme engine's compiled part where a C compiler is at hand; without one the package is pure Python."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

KERNEL = Path("src", "rap_analyzer", "domain", "kernel")
LIBRARY = KERNEL / "librhyme.so"
# No -march: a wheel serves other machines. Sums stay in their order; no number is infinite or none.
EXACT = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffinite-math-only")
FLAGS = ("-std=c99", "-O3", *EXACT, "-fPIC", "-shared", "-fvisibility=hidden")


class KernelHook(BuildHookInterface[Any]):
    """Runs for wheels and editable installs; the library lies beside its sources, where git ignores it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface
        """Build the library, take it into the wheel, and name the platform that it is for."""
        if self.target_name != "wheel" or not self._build():
            return
        build_data["artifacts"].append(f"/{LIBRARY.as_posix()}")
        build_data["pure_python"] = False
        # It asks nothing of Python, so only the platform matters.
        build_data["tag"] = f"py3-none-{_platform()}"

    def _build(self) -> bool:
        """Whether there is a library now; a stale one is removed."""
        library = Path(self.root, LIBRARY)
        library.unlink(missing_ok=True)
        compiler = shlex.split(os.environ.get("CC", "cc"))
        if sys.platform == "win32" or not compiler or not shutil.which(compiler[0]):
            return False
        sources = sorted(map(str, Path(self.root, KERNEL).glob("*.c")))
        # Beside it first, so that a process that has the old one open is not disturbed.
        fresh = library.with_suffix(f".{os.getpid()}")
        command = [*compiler, *FLAGS, "-o", str(fresh), *sources, "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the user's compiler
        if done.returncode:
            self.app.display_warning(f"The rhyme engine stays uncompiled:\n{done.stderr}")
            fresh.unlink(missing_ok=True)
            return False
        fresh.replace(library)
        return True


def _platform() -> str:
    """The plainest name for this platform: "linux_x86_64" and no promise about the C library."""
    return next(tag for tag in platform_tags() if "manylinux" not in tag and "musllinux" not in tag)
