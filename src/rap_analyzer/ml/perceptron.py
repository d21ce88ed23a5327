"""A perceptron with one hidden layer for several labels at once, by Adam with decoupled decay, in numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

DECAYED = ("hidden", "weights")
MOMENTUM, SECOND_MOMENTUM, TINY = 0.9, 0.999, 1e-8
"""Adam's (Kingma & Ba 2015)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is trained; picked on GoEmotions' dev, where its neighbours do as well.

    Attributes:
        units: of the hidden layer.
        epochs: passes over the data; the rate falls to 0 along half a cosine.
        rate: the first step's.
        decay: of the weights, a step, times the rate (Loshchilov & Hutter 2019).
        dropped: share of hidden units that are silent in a step.
        batch: vectors a step.
    """

    units: int = 128
    epochs: int = 12
    rate: float = 2e-3
    decay: float = 0.01
    dropped: float = 0.4
    batch: int = 256


@dataclass(slots=True)
class _Adam:
    """Its memory, and the steps taken."""

    recipe: Recipe
    steps: int
    taken: int = 0
    first: dict[str, Floats] = field(default_factory=dict)
    second: dict[str, Floats] = field(default_factory=dict)

    def step(self, numbers: dict[str, Floats], slopes: dict[str, Floats]) -> None:
        self.taken += 1
        rate = self.recipe.rate * (1 + math.cos(math.pi * self.taken / self.steps)) / 2
        for name, slope in slopes.items():
            here = numbers[name]
            self.first[name] = MOMENTUM * self.first.get(name, 0) + (1 - MOMENTUM) * slope
            self.second[name] = SECOND_MOMENTUM * self.second.get(name, 0) + (1 - SECOND_MOMENTUM) * slope**2
            ahead = self.first[name] / (1 - MOMENTUM**self.taken)
            ahead /= np.sqrt(self.second[name] / (1 - SECOND_MOMENTUM**self.taken)) + TINY
            if name in DECAYED:
                ahead += self.recipe.decay * here
            numbers[name] = (here - rate * ahead).astype(np.float32)


def fit_perceptron(vectors: Floats, marks: Floats, recipe: Recipe, rng: np.random.Generator) -> dict[str, Floats]:
    """Numbers `hidden`, `hidden_bias`, `weights`, `bias` of the perceptron that tells the marks from the vectors.

    Args:
        vectors: unit vectors, a row a text. They are stretched to a variance near 1 while it learns.
        marks: 1 where a text has the label, else 0.
        recipe: how.
        rng: of the first weights, the order and what is dropped; the same gives the same numbers.
    """
    stretch = math.sqrt(vectors.shape[1])
    inputs = (vectors * stretch).astype(np.float32)
    numbers = _first_numbers(inputs.shape[1], marks, recipe.units, rng)
    batches = max(1, len(inputs) // recipe.batch)
    adam = _Adam(recipe, recipe.epochs * batches)
    for _ in range(recipe.epochs):
        for chosen in np.array_split(rng.permutation(len(inputs)), batches):
            adam.step(numbers, _slopes(numbers, inputs[chosen], marks[chosen], recipe.dropped, rng))
    numbers["hidden"] = numbers["hidden"] * np.float32(stretch)
    return numbers


def _first_numbers(width: int, marks: Floats, units: int, rng: np.random.Generator) -> dict[str, Floats]:
    prior = np.clip(marks.mean(0), 1e-3, 1 - 1e-3)
    numbers = {
        "hidden": rng.normal(0, math.sqrt(2 / width), (width, units)),
        "hidden_bias": np.zeros(units),
        "weights": rng.normal(0, math.sqrt(1 / units), (units, marks.shape[1])),
        "bias": np.log(prior / (1 - prior)),
    }
    return {name: value.astype(np.float32) for name, value in numbers.items()}


def _slopes(
    numbers: dict[str, Floats], inputs: Floats, marks: Floats, dropped: float, rng: np.random.Generator
) -> dict[str, Floats]:
    """Gradients of the mean cross-entropy, with some hidden units silent."""
    before = inputs @ numbers["hidden"] + numbers["hidden_bias"]
    open_units = (before > 0) * (rng.random(before.shape, np.float32) >= dropped) / np.float32(1 - dropped)
    here = before * open_units
    logits = here @ numbers["weights"] + numbers["bias"]
    wrong = (1 / (1 + np.exp(-logits)) - marks) / np.float32(len(inputs))
    back = (wrong @ numbers["weights"].T) * open_units
    return {
        "hidden": inputs.T @ back,
        "hidden_bias": back.sum(0),
        "weights": here.T @ wrong,
        "bias": wrong.sum(0),
    }
