# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators of two operands, value by value."""

from dataclasses import dataclass

from macaw.nn.graph.operators.base import Activation, Operator

__all__ = [
    "Add",
    "Binary",
    "Divide",
    "FloorDivide",
    "Maximum",
    "Minimum",
    "Multiply",
    "Prelu",
    "SquaredDifference",
    "Subtract",
]


@dataclass(frozen=True, kw_only=True)
class Binary(Operator):
    """What all operators of two operands have; either is broadcast against the other."""

    activation: Activation = Activation.NONE


class Add(Binary):
    """The sum of two tensors."""


class Subtract(Binary):
    """The first tensor less the second."""


class Multiply(Binary):
    """The product of two tensors, value by value."""


class Divide(Binary):
    """The quotient of two float32 tensors."""


class FloorDivide(Binary):
    """The quotient of two integer tensors, rounded down."""


class Maximum(Binary):
    """The greater of two tensors of one scale, value by value."""


class Minimum(Binary):
    """The smaller of two tensors of one scale, value by value."""


class SquaredDifference(Binary):
    """The square of the first tensor less the second."""


class Prelu(Operator):
    """The first tensor where it is 0 or more, its product with the second elsewhere: a constant,
    which is broadcast."""
