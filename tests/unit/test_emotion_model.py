"""The transformers classifier: loading, labels, batches, what is remembered. On a tiny random model."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rap_analyzer.adapters import emotion_model
from rap_analyzer.adapters.emotion_model import TransformersEmotion, columns_of
from rap_analyzer.analyzers.emotion import EmotionAnalyzer
from rap_analyzer.domain.analysis import AnalysisInput, Status
from rap_analyzer.domain.emotion import EMOTIONS
from rap_analyzer.domain.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HEAVY = all(map(importlib.util.find_spec, ("torch", "transformers")))
heavy = pytest.mark.skipif(not HEAVY, reason="needs torch and transformers: the group ml-heavy")
BARS = ["I love this", "the door is shut tonight, and nobody is home to open it", "rain"]
OWN_ORDER = ("surprise", "joy", "anger", "neutral", "fear", "sadness", "disgust")


class SameProcess:
    """A pool that works where it stands."""

    async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Sequence[Any]:
        return [function(item) for item in items]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RobertaForSequenceClassification with random weights, its labels in an order of its own."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForSequenceClassification

    folder = tmp_path_factory.mktemp("tiny")
    words = ["<s>", "<pad>", "</s>", "<unk>", *sorted({word for bar in BARS for word in bar.split()})]
    tokenizer = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=140,
        initializer_range=0.5,
        id2label=dict(enumerate(OWN_ORDER)),
        label2id={name: k for k, name in enumerate(OWN_ORDER)},
    )
    RobertaForSequenceClassification(config).save_pretrained(folder)
    return folder


@heavy
async def test_scores_come_in_our_order_of_labels(folder: Path) -> None:
    """The same as the library's own pipeline gives, label by label; a row adds up to 1."""
    from transformers import pipeline

    scores = await TransformersEmotion(str(folder)).scores(BARS)
    own = pipeline("text-classification", model=str(folder), top_k=None)
    for row, answer in zip(scores, own(BARS), strict=True):
        expected = {one["label"]: one["score"] for one in answer}
        assert dict(zip(EMOTIONS, row.tolist(), strict=True)) == pytest.approx(expected, abs=1e-5)
    assert scores.sum(1) == pytest.approx(1, abs=1e-5)


@heavy
async def test_a_bar_is_classified_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a call and between calls; few at a time."""
    asked: list[list[str]] = []
    classified = TransformersEmotion._classified

    def counting(self: TransformersEmotion, texts: list[str]) -> Any:
        asked.append(texts)
        return classified(self, texts)

    monkeypatch.setattr(TransformersEmotion, "_classified", counting)
    monkeypatch.setattr(emotion_model, "BATCH", 2)
    model = TransformersEmotion(str(folder))
    first = await model.scores([BARS[0], BARS[1], BARS[0], BARS[2]])
    assert [len(texts) for texts in asked] == [2, 1]
    assert (first[0] == first[2]).all()
    again = await model.scores([BARS[2], BARS[0]])
    assert len(asked) == 2
    assert (again == first[[3, 0]]).all()
    assert (await model.scores([])).shape == (0, 7)


@heavy
async def test_what_was_asked_long_ago_is_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the corpus; answers do not depend on it."""
    monkeypatch.setattr(emotion_model, "KEPT", 1)
    model = TransformersEmotion(str(folder))
    first = await model.scores(BARS)
    assert list(model._scores) == [BARS[-1]]
    assert await model.scores(BARS[:1]) == pytest.approx(first[:1], abs=1e-6)


@heavy
async def test_the_analyzer_files_its_verdict_under_the_model(folder: Path) -> None:
    """Section and bar by bar, with the model's name."""
    model = TransformersEmotion(str(folder))
    analyzer = EmotionAnalyzer(SameProcess(), model=model)
    (analysis,) = await analyzer.analyze([AnalysisInput("[Verse 1]\n" + "\n".join(BARS))])
    assert (analysis.status, analysis.measures["heads"]) == (Status.DONE, [model.model])
    assert np.array(analysis.measures["arc"]["scores"]).sum(1) == pytest.approx(1, abs=0.01)
    assert analyzer.config_hash != EmotionAnalyzer(SameProcess()).config_hash


@heavy
async def test_a_model_with_other_labels_is_refused(folder: Path, tmp_path: Path) -> None:
    """Before its weights are read; the message lists both."""
    config = json.loads((folder / "config.json").read_text("utf8"))
    config["id2label"] = {str(k): f"LABEL_{k}" for k in range(7)}
    config["label2id"] = {f"LABEL_{k}": k for k in range(7)}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf8")
    with pytest.raises(ConfigError, match=r"has the labels LABEL_0, .*configure one with anger, disgust"):
        await TransformersEmotion(str(tmp_path)).scores(BARS)


@heavy
async def test_missing_weights_are_no_reason_to_download(folder: Path, tmp_path: Path) -> None:
    """A folder without weights, or a name that is not on this machine, is an error that says what to do."""
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(ModelError, match="is not on this machine, or its files are damaged; fetch it with"):
        await TransformersEmotion(str(tmp_path)).scores(BARS)
    nowhere = TransformersEmotion("nobody-at-all/no-such-model")
    assert nowhere.is_present is False
    with pytest.raises(ModelError, match="hf download nobody-at-all/no-such-model"):
        await nowhere.scores(BARS)
    assert TransformersEmotion(str(folder)).is_present is True


@pytest.mark.skipif(HEAVY, reason="torch and transformers are installed")
async def test_without_the_group_the_error_says_what_to_install() -> None:
    """And nothing pretends to be there."""
    model = TransformersEmotion()
    assert model.is_present is False
    with pytest.raises(ModelError, match=r"rap-analyzer\[ml-heavy\]"):
        await model.scores(BARS)


def test_labels_are_found_in_any_order_and_case() -> None:
    """By name alone."""
    assert columns_of({k: name.upper() for k, name in enumerate(OWN_ORDER)}, "m") == [2, 6, 4, 1, 3, 5, 0]


@pytest.mark.parametrize("names", [("joy",), (*OWN_ORDER, "love"), (*OWN_ORDER[:-1], "love"), (*OWN_ORDER, "joy"), ()])
def test_labels_that_are_not_ours_are_refused(names: tuple[str, ...]) -> None:
    """Fewer, more, others, or one twice."""
    with pytest.raises(ConfigError, match="The emotion model m has the labels"):
        columns_of(dict(enumerate(names)), "m")
