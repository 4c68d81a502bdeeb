# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What all operators have."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Activation", "Operator"]


class Activation(StrEnum):
    """The fused activations of convolutions and fully connected layers."""

    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"
    RELU_N1_TO_1 = "relu_n1_to_1"


@dataclass(frozen=True, kw_only=True)
class Operator:
    """What all operators have: the names of the tensors that they read and write."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
