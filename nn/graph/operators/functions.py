# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of single values."""

from dataclasses import dataclass

from macaw.nn.graph.operators.base import Activation, Operator

__all__ = [
    "Absolute",
    "Cast",
    "Clip",
    "Dequantize",
    "Elu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Logistic",
    "Quantize",
    "Relu",
    "Requantize",
    "Sqrt",
    "Tanh",
    "Unary",
]


class Unary(Operator):
    """What all functions of a single value have: on 8-bit tensors they are tables of 256."""


class Requantize(Unary):
    """The same numbers with another scale, zero point, or 8-bit type."""


class Absolute(Unary):
    """x without its sign."""


class Logistic(Unary):
    """1 / (1 + exp(-x))."""


class Tanh(Unary):
    """The hyperbolic tangent."""


class HardSwish(Unary):
    """x * min(max(x + 3, 0), 6) / 6."""


class HardSigmoid(Unary):
    """min(max(x + 3, 0), 6) / 6."""


@dataclass(frozen=True, kw_only=True)
class Elu(Unary):
    """x where it is positive, ``alpha`` * (exp(x) - 1) elsewhere."""

    alpha: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LeakyRelu(Unary):
    """x where it is positive, ``alpha`` * x elsewhere."""

    alpha: float


@dataclass(frozen=True, kw_only=True)
class Relu(Unary):
    """x within the bounds of an activation; the scale may change."""

    activation: Activation


@dataclass(frozen=True, kw_only=True)
class Clip(Unary):
    """x, but nowhere below ``minimum`` or above ``maximum``."""

    minimum: float
    maximum: float


class Sqrt(Unary):
    """The square root, of float32 tensors."""


class Quantize(Operator):
    """From float32 to 8 bits."""


class Dequantize(Operator):
    """From 8 bits to float32."""


class Cast(Operator):
    """To another type, without a scale."""
