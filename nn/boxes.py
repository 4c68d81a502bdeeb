# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a detection of boxes must be so that runtimes compute it."""

import math

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import Tensor
from macaw.nn.graph.operators import BoxDetection

__all__ = ["check_detection"]


def check_detection(operator: BoxDetection, anchors: Tensor) -> None:
    """Refuse numbers with which boxes mean nothing, and constant anchors whose boxes would end
    before they begin, with `ModelError`."""
    _demand(
        all(math.isfinite(scale) and scale > 0 for scale in operator.scales),
        f"scales must be positive and finite, not {operator.scales!r}",
    )
    _demand(
        math.isfinite(operator.score_threshold),
        f"score_threshold must be finite, not {operator.score_threshold!r}",
    )
    _demand(
        0 < operator.overlap_threshold <= 1,
        f"overlap_threshold must be above 0 and at most 1, not {operator.overlap_threshold!r}",
    )
    if anchors.data is None:
        return
    sizes = np.asarray(anchors.data)[:, 2:]
    least = anchors.zero_point if anchors.dtype.quantised else 0
    _demand(
        bool((np.isfinite(sizes) & (sizes >= least)).all()),
        f"anchors {anchors.name!r} must have sizes of 0 or more",
    )


def _demand(condition: bool, sentence: str) -> None:
    if not condition:
        raise ModelError(sentence)
