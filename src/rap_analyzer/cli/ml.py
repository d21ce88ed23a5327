"""`rap ml`: models that are trained here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.emotion import Floats
    from rap_analyzer.ml.emotion import Trained, Vectors
    from rap_analyzer.ml.goemotions import GoEmotions
    from rap_analyzer.ports import Embedder
    from rap_analyzer.settings import Settings

EMBEDDED_AT_ONCE = 512

app = typer.Typer(help="Models that are trained here.", no_args_is_help=True)
train = typer.Typer(help="Train a model from data.", no_args_is_help=True)
app.add_typer(train, name="train")


@train.callback()
def _root() -> None:
    """Train a model from data."""


@train.command("emotion")
def emotion(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with GoEmotions' files.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write; models/emotion in RAP_DATA_DIR.")
    ] = None,
    with_embeddings: Annotated[
        bool, typer.Option("--with-embeddings", help="Also the head on sentence vectors (about five minutes more).")
    ] = False,
) -> None:
    """Train the heads that hear emotion, and score them."""
    from rap_analyzer.cli.console import err
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.domain.errors import InputError
    from rap_analyzer.ml.emotion import train_emotion, write_heads
    from rap_analyzer.ml.goemotions import read_goemotions

    settings = settings_in_force()
    comments = read_goemotions(data)
    vectors = _vectors(settings, comments) if with_embeddings else None
    err.print(f"Learning from {len(comments.train.texts):,} comments")
    command = f"rap ml train emotion --data DIR{' --with-embeddings' if with_embeddings else ''}"
    trained = train_emotion(comments, command, vectors)
    _print_figures(trained)
    folder = out or settings.data_dir / "models" / "emotion"
    try:
        written = write_heads(trained, folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}); name another folder with --out.") from error
    err.print("Written: " + ", ".join(str(path) for path in written), markup=False)


def _vectors(settings: Settings, comments: GoEmotions) -> Vectors:
    """MiniLM's vectors of all comments; its files are fetched if they are missing."""
    from rap_analyzer.adapters.embedder import MiniLmEmbedder
    from rap_analyzer.cli.console import Bars, err, run
    from rap_analyzer.ml.emotion import Vectors
    from rap_analyzer.wiring import model_files

    files = model_files(settings)
    files.fetch(err.print)
    embedder = MiniLmEmbedder(files, settings.embedding_precision)
    with Bars() as bars:
        bars.start("embedding comments", sum(len(split.texts) for split in comments))
        made = [run(_embedded(embedder, split.texts, bars)) for split in comments]
        bars.finish()
    return Vectors(embedder.model, *made)


async def _embedded(embedder: Embedder, texts: Sequence[str], bars: Bars) -> Floats:
    import numpy as np

    parts = []
    for begin in range(0, len(texts), EMBEDDED_AT_ONCE):
        some = texts[begin : begin + EMBEDDED_AT_ONCE]
        parts.append(await embedder.embed(some))
        bars.advance(len(some))
    return np.concatenate(parts)


def _print_figures(trained: Sequence[Trained]) -> None:
    from rap_analyzer.cli.console import out

    for head in trained:
        metrics = head.manifest["metrics"]
        figure, prior = metrics["test_macro_f1"], metrics["test_macro_f1_of_every_label"]
        low, high = figure["interval_95"]
        what = "words" if head.name == "words" else "words and sentence vectors"
        out.print(
            f"{what}: macro-F1 {figure['value']:.3f} [{low:.3f}, {high:.3f}] on test, {head.manifest['bytes']:,} bytes"
        )
        out.print("  " + ", ".join(f"{name} {f1:.3f}" for name, f1 in metrics["test_f1"].items()))
    out.print(f"every label for every comment: macro-F1 {prior['value']:.3f}")
