"""`rap`: the command line. Each command imports what it needs when it runs, so that `rap --help` is quick."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from rap_analyzer import __version__
from rap_analyzer.cli import (
    analyzing,
    collect,
    corpus,
    database,
    demo,
    diagnose,
    enriching,
    exporting,
    find,
    forgetting,
    listing,
    ml,
    models,
    serving,
    working,
)

app = typer.Typer(
    name="rap",
    help="Collects rap lyrics, hears their rhymes, and makes them searchable by meaning. Start with: rap demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"rap-analyzer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    del version


app.command("demo")(demo.demo)
app.command("scrape")(collect.scrape)
app.command("import")(corpus.import_)
app.command("enrich")(enriching.enrich)
app.command("analyze")(analyzing.analyze)
app.command("worker")(working.worker)
app.command("embed")(corpus.embed)
app.command("run")(collect.run_all)
app.command("search")(find.search)
app.command("similar")(find.similar)
app.command("rhymes")(find.rhymes)
app.command("export")(exporting.export)
app.command("forget")(forgetting.forget)
app.command("serve")(serving.serve)
app.command("doctor")(diagnose.doctor)
app.command("simulate")(serving.simulate)
app.add_typer(listing.app, name="list")
app.add_typer(database.app, name="db")
app.add_typer(models.app, name="models")
app.add_typer(working.jobs_app, name="jobs")
app.add_typer(ml.app, name="ml")


def main() -> None:
    """Entry point: expected errors end in one sentence and their own exit code."""
    # Our matrices are small and each core has a process of its own: threads of the linear algebra only get in the way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except (SystemExit, BrokenPipeError) as ending:
        _leave_if_unread(ending)
        raise
    except Exception as error:  # noqa: BLE001 - it is told, or raised again
        _end(error)


def _leave_if_unread(ending: BaseException) -> None:
    """Where nobody reads what is printed: end quietly. Pages of help come from a console that is not ours."""
    from rap_analyzer.cli.console import is_reader_gone, leave_without_reader

    if isinstance(ending.__context__, BrokenPipeError) or is_reader_gone():
        leave_without_reader()


def _end(error: Exception) -> NoReturn:
    """Tell an error, and end with its code."""
    from rap_analyzer.cli.console import err, exit_code, first_expected

    expected = first_expected(error)
    if expected is None:
        _leave_if_unread(error)
        if os.environ.get("LOG_LEVEL", "").lower() == "debug":
            raise error
        err.print(
            f"Unexpected {type(error).__name__}: {error}. This is a bug; LOG_LEVEL=debug shows where.", markup=False
        )
        sys.exit(1)
    err.print(f"Error: {expected}", style="red", markup=False)
    sys.exit(exit_code(expected))
