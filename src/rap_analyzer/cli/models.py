"""`rap models`: the files of the models that run on this machine."""

from __future__ import annotations

import typer

app = typer.Typer(help="Files of the models that run on this machine.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Files of the models that run on this machine."""


@app.command("fetch")
def fetch() -> None:
    """Get the embedding model (84 MB), check it, and build its graph; damaged files are got again."""
    from rap_analyzer.cli.console import err, out
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.wiring import model_files

    settings = settings_in_force()
    files = model_files(settings)
    for name in files.drop_damaged():
        err.print(f"{name} was damaged and is made again", markup=False)
    fetched = files.fetch(err.print)
    files.graph(settings.embedding_precision)
    out.print(f"all-MiniLM-L6-v2 {'is ready' if fetched else 'was there already'}: {files.folder}")
