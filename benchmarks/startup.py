"""How long a person waits: for `rap --help`, for a first `rap demo --no-serve`, and for a second one.

usage: startup.py [--models DIR] [--times N]     DIR is the `models` folder of another data folder; else it is fetched
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from materials import data_folder, own_environment

RAP = (sys.executable, "-m", "rap_analyzer")


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", type=Path)
    options.add_argument("--times", type=int, default=7)
    chosen = options.parse_args()
    with data_folder() as folder:
        if chosen.models:
            shutil.copytree(chosen.models, folder / "models")
        else:
            _timed(folder, "models", "fetch")
        waits = [_timed(folder, "--help") for _ in range(chosen.times)]
        print(f"rap --help: median of {len(waits)}: {median(waits):.2f} s (bar: 0.4)")
        print(f"first rap demo --no-serve, model present: {_timed(folder, 'demo', '--no-serve'):.1f} s")
        print(f"second rap demo --no-serve: {_timed(folder, 'demo', '--no-serve'):.1f} s (bar: 15)")


def _timed(folder: Path, *arguments: str) -> float:
    """Seconds that a `rap` command takes, from the start of its process to its end."""
    began = time.perf_counter()
    done = subprocess.run([*RAP, *arguments], env=own_environment(folder), capture_output=True, text=True, check=False)
    taken = time.perf_counter() - began
    assert done.returncode == 0, done.stderr[-500:]
    return taken


if __name__ == "__main__":
    main()
