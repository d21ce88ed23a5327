"""Writes all-MiniLM-L6-v2 as an ONNX graph from its safetensors: BERT (Devlin et al. 2019), mean pooling, unit length.

The fused operators of onnxruntime (`com.microsoft`) are written directly: what its optimizer would have to find.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

LAYERS, HEADS, HIDDEN = 6, 12, 384
EPSILON = 1e-12
OPSET = 17
FUSED = "com.microsoft"
BLOCK = 32
INT8_LEVEL = 4
"""onnxruntime's accuracy level that multiplies in 8 bits."""


@dataclass(slots=True)
class _Graph:
    """Nodes and weights, in the order in which they were added."""

    weights: Mapping[str, Array]
    quantized: bool
    nodes: list[Any] = field(default_factory=list)
    initializers: list[Any] = field(default_factory=list)

    def node(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def dense(self, source: str, layer: str, output: str) -> str:
        """`source` times the layer's weights plus its bias."""
        weight, bias = self.weights[f"{layer}.weight"], self.weight(f"{layer}.bias")
        if not self.quantized:
            product = self.node("MatMul", [source, self.constant(f"{layer}.weight", weight.T)], f"{output}.product")
            return self.node("Add", [product, bias], output)
        values, scales = quantize_blocks(weight)
        inputs = [source, self.constant(f"{layer}.q8", values), self.constant(f"{layer}.scale", scales), "", "", bias]
        shape = {
            "N": weight.shape[0],
            "K": weight.shape[1],
            "bits": 8,
            "block_size": BLOCK,
            "accuracy_level": INT8_LEVEL,
        }
        return self.node("MatMulNBits", inputs, output, domain=FUSED, **shape)

    def norm(self, source: str, layer: str, output: str) -> str:
        inputs = [source, self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")]
        return self.node("LayerNormalization", inputs, output, axis=-1, epsilon=EPSILON)

    def skip_norm(self, source: str, skip: str, layer: str, output: str) -> str:
        inputs = [source, skip, self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")]
        return self.node("SkipLayerNormalization", inputs, output, domain=FUSED, epsilon=EPSILON)


def write_graph(weights: Path, target: Path, *, quantized: bool) -> None:
    """Write the model at `weights` (safetensors) to `target` (ONNX), in fp32 or with 8-bit products.

    Quantised, weights and activations are scaled in blocks of 32, not in whole tensors: the neighbours of a passage
    stay what they are in fp32 (recall@10 is .97, and .87 with one scale a tensor: docs/explanation/embeddings.md).

    Inputs `input_ids` and `attention_mask`, int64 of shape (texts, tokens); output `embedding`, float32 of shape
    (texts, 384), rows of unit length.
    """
    import onnx
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file

    graph = _Graph(load_file(weights), quantized)
    hidden = _embed_tokens(graph)
    for layer in range(LAYERS):
        hidden = _encode(graph, f"encoder.layer.{layer}", hidden)
    _pool(graph, hidden)
    shape = ["texts", "tokens"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", HIDDEN])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=9,
    )
    onnx.save(model, target)


def quantize_blocks(weight: Array) -> tuple[npt.NDArray[np.uint8], Array]:
    """8-bit weights, each block of 32 along the input with a scale of its own.

    Args:
        weight: shape (outputs, inputs).

    Returns:
        Values with zero at 128, shape (outputs, blocks, 32), and scales, shape (outputs * blocks,).
    """
    blocks = weight.reshape(weight.shape[0], -1, BLOCK)
    scales = np.abs(blocks).max(axis=2, keepdims=True) / 127.0
    values = np.round(blocks / np.maximum(scales, 1e-12)) + 128
    return values.astype(np.uint8), scales.astype(np.float32).ravel()


def _embed_tokens(graph: _Graph) -> str:
    """Word + position + type embeddings, normalised."""
    words = graph.node("Gather", [graph.weight("embeddings.word_embeddings.weight"), "input_ids"], "words")
    graph.node("Shape", ["input_ids"], "token_count", start=1, end=2)
    zero = graph.constant("zero", np.array([0], np.int64))
    table = (
        graph.weights["embeddings.position_embeddings.weight"]
        + graph.weights["embeddings.token_type_embeddings.weight"][0]
    )
    positions = graph.node("Slice", [graph.constant("positions.table", table), zero, "token_count", zero], "positions")
    return graph.norm(graph.node("Add", [words, positions], "embedded"), "embeddings.LayerNorm", "embedded.norm")


def _encode(graph: _Graph, layer: str, hidden: str) -> str:
    """Self-attention and feed-forward, each added to its input and normalised."""
    parts = [
        graph.dense(hidden, f"{layer}.attention.self.{part}", f"{layer}.{part}") for part in ("query", "key", "value")
    ]
    if layer.endswith(".0"):
        graph.node("Cast", ["attention_mask"], "mask", to=6)
    attended = graph.node(
        "MultiHeadAttention", [*parts, "", "mask"], f"{layer}.attended", domain=FUSED, num_heads=HEADS
    )
    attended = graph.dense(attended, f"{layer}.attention.output.dense", f"{layer}.attention.dense")
    attended = graph.skip_norm(attended, hidden, f"{layer}.attention.output.LayerNorm", f"{layer}.attention.norm")
    wide = graph.dense(attended, f"{layer}.intermediate.dense", f"{layer}.wide")
    wide = graph.node("Gelu", [wide], f"{layer}.gelu", domain=FUSED)
    narrow = graph.dense(wide, f"{layer}.output.dense", f"{layer}.narrow")
    return graph.skip_norm(narrow, attended, f"{layer}.output.LayerNorm", f"{layer}.norm")


def _pool(graph: _Graph, hidden: str) -> None:
    """Mean over the tokens that are text, then unit length."""
    last = graph.constant("last_axis", np.array([-1], np.int64))
    tokens = graph.constant("token_axis", np.array([1], np.int64))
    mask = graph.node("Unsqueeze", [graph.node("Cast", ["attention_mask"], "mask.float", to=1), last], "mask.column")
    total = graph.node("ReduceSum", [graph.node("Mul", [hidden, mask], "masked"), tokens], "total", keepdims=0)
    count = graph.node("ReduceSum", [mask, tokens], "count", keepdims=0)
    mean = graph.node("Div", [total, count], "mean")
    length = graph.node("ReduceL2", [mean], "length", axes=[-1], keepdims=1)
    graph.node("Div", [mean, length], "embedding")
