"""The embedding model: with its own files where they are at hand, and its graph against a second implementation."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rap_analyzer.adapters.embedder import MAX_BARS, MAX_TOKENS, MiniLmEmbedder
from rap_analyzer.adapters.minilm_graph import HIDDEN, LAYERS, quantize_blocks, write_graph
from rap_analyzer.adapters.model_files import ModelFiles
from rap_analyzer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    Weights = dict[str, npt.NDArray[np.float32]]

WORDS, POSITIONS, WIDE, HEADS = 50, 512, 1536, 12


@pytest.fixture(scope="session")
def files(data_dir: Callable[[], Path]) -> ModelFiles:
    """The real model's files."""
    found = ModelFiles(data_dir())
    try:
        found.fetch(lambda _: None)
    except ModelError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return found


@pytest.fixture(scope="session")
def weights() -> Weights:
    """A tiny vocabulary, random weights, the architecture of all-MiniLM-L6-v2."""
    random = np.random.default_rng(7)

    def normal(*shape: int) -> npt.NDArray[np.float32]:
        return random.normal(0, 0.05, shape).astype(np.float32)

    made = {
        "embeddings.word_embeddings.weight": normal(WORDS, HIDDEN),
        "embeddings.position_embeddings.weight": normal(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": normal(2, HIDDEN),
        "embeddings.LayerNorm.weight": 1 + normal(HIDDEN),
        "embeddings.LayerNorm.bias": normal(HIDDEN),
    }
    for n in range(LAYERS):
        layer = f"encoder.layer.{n}"
        for name, rows, columns in (
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", WIDE, HIDDEN),
            ("output.dense", HIDDEN, WIDE),
        ):
            made |= {f"{layer}.{name}.weight": normal(rows, columns), f"{layer}.{name}.bias": normal(rows)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            made |= {f"{layer}.{name}.weight": 1 + normal(HIDDEN), f"{layer}.{name}.bias": normal(HIDDEN)}
    return made


def bert(weights: Weights, ids: list[int]) -> Any:
    """BERT's encoder, mean pooling and unit length, written out once more in numpy (Devlin et al. 2019)."""
    from math import erf

    def dense(x: Any, name: str) -> Any:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def heads(x: Any) -> Any:
        return x.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.token_type_embeddings.weight"][0]
    x = norm(
        (x + weights["embeddings.position_embeddings.weight"][: len(ids)]).astype(np.float64), "embeddings.LayerNorm"
    )
    gelu = np.vectorize(lambda v: v * 0.5 * (1 + erf(v / 2**0.5)))
    for n in range(LAYERS):
        layer = f"encoder.layer.{n}"
        q, k, v = (heads(dense(x, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value"))
        scores = np.exp(q @ k.transpose(0, 2, 1) / (HIDDEN // HEADS) ** 0.5)
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + dense(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        x = norm(
            x + dense(gelu(dense(x, f"{layer}.intermediate.dense")), f"{layer}.output.dense"),
            f"{layer}.output.LayerNorm",
        )
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize(("quantized", "least"), [(False, 0.999999), (True, 0.999)])
def test_the_graph_computes_what_bert_computes(weights: Weights, tmp_path: Path, quantized: bool, least: float) -> None:
    """Against a second implementation, with padding that must change nothing."""
    import onnxruntime as ort
    from safetensors.numpy import save_file

    save_file(weights, tmp_path / "w.safetensors")
    write_graph(tmp_path / "w.safetensors", tmp_path / "g.onnx", quantized=quantized)
    session = ort.InferenceSession(tmp_path / "g.onnx", providers=["CPUExecutionProvider"])
    texts = [[1, 7, 3, 2], [1, 9, 4, 4, 30, 49, 2]]
    width = max(map(len, texts))
    ids = np.array([t + [0] * (width - len(t)) for t in texts], np.int64)
    mask = np.array([[1] * len(t) + [0] * (width - len(t)) for t in texts], np.int64)
    [found] = session.run(None, {"input_ids": ids, "attention_mask": mask})
    for row, text in zip(found, texts, strict=True):
        assert float(row @ bert(weights, text)) >= least
        assert float(row @ row) == pytest.approx(1.0, abs=1e-4)


def test_blocks_keep_weights_within_half_a_step(weights: Weights) -> None:
    """The error of an 8-bit weight is at most half its block's scale."""
    weight = weights["encoder.layer.0.output.dense.weight"]
    values, scales = quantize_blocks(weight)
    back = (values.astype(np.float32) - 128) * scales.reshape(*values.shape[:2], 1)
    assert np.all(np.abs(back.reshape(weight.shape) - weight) <= scales.max() / 2 + 1e-7)


async def test_near_meanings_lie_near(files: ModelFiles) -> None:
    """Unit vectors; a paraphrase is nearer than another subject; a text that stands twice has one vector."""
    texts = ["my brother died last winter", "I lost my brother", "the engine will not start", "I lost my brother"]
    vectors = await MiniLmEmbedder(files).embed(texts)
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert np.array_equal(vectors[1], vectors[3])


async def test_nothing_to_embed_is_no_error(files: ModelFiles) -> None:
    """An empty batch has an empty answer, and an empty text a vector."""
    embedder = MiniLmEmbedder(files)
    assert (await embedder.embed([])).shape == (0, 384)
    assert np.isfinite(await embedder.embed([""])).all()


def test_every_bar_is_in_one_passage(files: ModelFiles) -> None:
    """Windows are even, whole bars, in order, and never longer than the model reads."""
    bars = [f"bar number {n} with a few words more" for n in range(12)]
    long_bar = "word " * 600
    text = "[Verse 1]\n" + "\n".join(bars) + "\n\n[Hook]\nla la\n\n[Verse 2]\n" + long_bar + "\nend\n\n[Bridge]\n🎤"
    embedder = MiniLmEmbedder(files)
    passages = embedder.split(text)
    assert [(p.kind, p.first_bar, p.last_bar) for p in passages] == [
        ("verse", 0, 5), ("verse", 6, 11), ("hook", 12, 12), ("verse", 13, 13), ("verse", 14, 14)
    ]  # fmt: skip
    assert all(p.last_bar - p.first_bar < MAX_BARS for p in passages)
    whole = [p.text for p in passages if p.first_bar != 13]
    assert all(len(embedder._tokenizer.encode(t).ids) <= MAX_TOKENS for t in whole)


async def test_a_missing_model_is_named_with_the_command_that_gets_it(tmp_path: Path) -> None:
    """And nothing else breaks."""
    with pytest.raises(ModelError, match="rap models fetch"):
        await MiniLmEmbedder(ModelFiles(tmp_path)).embed(["x"])


@pytest.mark.parametrize("name", ["tokenizer.json", "fp32-1.onnx"])
async def test_a_damaged_file_is_named_with_what_mends_it(
    files: ModelFiles, data_dir: Callable[[], Path], name: str
) -> None:
    """It is found when it is first opened, by its SHA-256; `rap models fetch` removes it and makes it anew."""
    files.graph("fp32")
    folder = data_dir()
    shutil.copytree(files.folder, folder / "models" / "all-MiniLM-L6-v2")
    own = ModelFiles(folder)
    whole = (own.folder / name).read_bytes()
    (own.folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=rf"{name} is damaged .*rap models fetch"):
        await MiniLmEmbedder(own).embed(["home"])
    assert own.damaged() == [name]
    assert own.drop_damaged() == [name]
    shutil.copy(files.folder / "tokenizer.json", own.folder)  # as fetch would bring it
    assert (await MiniLmEmbedder(own).embed(["home"])).shape == (1, 384)
    assert (own.folder / name).read_bytes() == whole
