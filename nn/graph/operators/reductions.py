# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators of many values for one: pools, means, and the like."""

from dataclasses import dataclass

from macaw.nn.graph.operators.base import Activation, Operator

__all__ = [
    "AdaptiveAveragePool2d",
    "ArgMax",
    "AveragePool2d",
    "MaxPool2d",
    "Mean",
    "Pool2d",
    "ReduceMax",
    "ReduceMin",
    "Reduction",
    "Softmax",
    "Sum",
]


@dataclass(frozen=True, kw_only=True)
class Pool2d(Operator):
    """What both poolings have."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    activation: Activation = Activation.NONE


class MaxPool2d(Pool2d):
    """The greatest value of each window; padding never wins."""


@dataclass(frozen=True, kw_only=True)
class AveragePool2d(Pool2d):
    """The mean of each window, over those values that are no padding; with ``count_padding``
    over all, padding being 0."""

    count_padding: bool = False


@dataclass(frozen=True, kw_only=True)
class AdaptiveAveragePool2d(Operator):
    """The means of as many windows as ``size`` says, which share out the image evenly."""

    size: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Reduction(Operator):
    """What all operators over ``axes`` have, which vanish unless ``keep_dimensions``."""

    axes: tuple[int, ...]
    keep_dimensions: bool = False


class Mean(Reduction):
    """The mean over ``axes``."""


class Sum(Reduction):
    """The sum over ``axes``."""


class ReduceMax(Reduction):
    """The greatest value over ``axes``."""


class ReduceMin(Reduction):
    """The smallest value over ``axes``."""


@dataclass(frozen=True, kw_only=True)
class Softmax(Operator):
    """exp(``beta`` * x), divided by its sum over the last axis."""

    beta: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ArgMax(Operator):
    """The index of the first greatest value along one axis, which vanishes."""

    axis: int
