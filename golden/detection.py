# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes of objects from a network's codes, and those of them that do not overlap, as TensorFlow
Lite has them.

The source of all is tensorflow/lite/kernels/detection_postprocess.cc. Boxes are [n, 4], float32:
(top, left, bottom, right).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.float32 import float32

__all__ = ["best_boxes", "best_boxes_by_class", "decode_boxes"]

_Floats = NDArray[np.float32]
#: Of each box that was found, from the best on: its index, its class, and its score.
_Found = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


def decode_boxes(codes: _Floats, anchors: _Floats, scales: Sequence[float]) -> _Floats:
    """The boxes of ``codes`` [n, 4 or more] at ``anchors`` [n, 4], (y, x, height, width) each.

    Centres and half sizes are computed in float64 and rounded once, then added in float32 (source:
    ``DecodeCenterSizeBoxes``). The exponential is that of the C library.
    """
    with np.errstate(all="ignore"):
        code = codes[:, :4].astype(np.float64) / float32(scales).astype(np.float64)
        place, size = np.hsplit(anchors.astype(np.float64), 2)
        centre = float32(code[:, :2] * size + place)
        growth = np.array([[_exponential(number) for number in row] for row in code[:, 2:]])
        half = float32(0.5 * growth.reshape(-1, 2) * size)
        return np.hstack([centre - half, centre + half])


def _exponential(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf


def best_boxes(
    boxes: _Floats,
    scores: _Floats,
    *,
    most: int,
    score_threshold: float,
    overlap_threshold: float,
) -> _Found:
    """At most ``most`` boxes, of ``scores`` [n, classes] each with its best class, the first of
    several (source: ``NonMaxSuppressionMultiClassFastHelper``, one class for each box).

    Raises ``ValueError`` for boxes and scores that the kernel refuses, or where it looks at the
    order in which a processor compares: scores that are no numbers.
    """
    _check(boxes, scores)
    classes = scores.argmax(axis=1)
    highest = scores.max(axis=1)
    chosen = _chosen(boxes, highest, most, score_threshold, overlap_threshold)
    return chosen, classes[chosen], highest[chosen]


def best_boxes_by_class(
    boxes: _Floats,
    scores: _Floats,
    *,
    most: int,
    most_of_class: int,
    score_threshold: float,
    overlap_threshold: float,
) -> _Found:
    """At most ``most`` boxes, and of each class at most ``most_of_class``; a box may have several
    classes. Of equal scores the lower class comes first (source:
    ``NonMaxSuppressionMultiClassRegularHelper``, on one thread).

    Raises ``ValueError`` as `best_boxes` does.
    """
    _check(boxes, scores)
    most_of_class = min(most_of_class, most)
    of_classes = [
        _chosen(boxes, column, most_of_class, score_threshold, overlap_threshold)
        for column in scores.T
    ]
    indices = np.concatenate(of_classes)
    classes = np.repeat(np.arange(len(of_classes)), [len(each) for each in of_classes])
    values = scores[indices, classes]
    order = np.argsort(-values, kind="stable")[:most]
    return indices[order], classes[order], values[order]


def _check(boxes: _Floats, scores: _Floats) -> None:
    if np.isnan(scores).any():
        raise ValueError("scores must be numbers, which some are not")
    # Not the same as "all at most": what is no number passes.
    if (boxes[:, :2] > boxes[:, 2:]).any():
        raise ValueError("boxes must not end before they begin, as those of negative anchors do")


def _chosen(
    boxes: _Floats, scores: _Floats, most: int, score_threshold: float, overlap_threshold: float
) -> NDArray[np.int64]:
    """The indices of the boxes that are taken, best first; of equal scores the first comes first
    (source: ``NonMaxSuppressionSingleClassHelper``)."""
    (left,) = np.nonzero(scores >= np.float32(score_threshold))
    left = left[np.argsort(-scores[left], kind="stable")]
    chosen: list[int] = []
    while len(left) and len(chosen) < most:
        chosen.append(int(left[0]))
        shares = _overlaps(boxes[left[0]], boxes[left[1:]])
        left = left[1:][~(shares > np.float32(overlap_threshold))]
    return np.array(chosen, np.int64)


def _overlaps(box: _Floats, others: _Floats) -> _Floats:
    """The intersection of a box with each of others, as a share of their union, in float32
    (source: ``ComputeIntersectionOverUnion``). Where the kernel says 0, for an empty box, this may
    be no number, which is not above a threshold either."""
    with np.errstate(all="ignore"):
        areas = [(each[..., 2] - each[..., 0]) * (each[..., 3] - each[..., 1])
                 for each in (box, others)]  # fmt: skip
        lengths = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
        sides = np.maximum(lengths, np.float32(0))
        common = sides[:, 0] * sides[:, 1]
        shares: _Floats = common / (areas[0] + areas[1] - common)
        return shares
