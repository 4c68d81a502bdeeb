# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What detectors of objects end with."""

from dataclasses import dataclass

from macaw.nn.graph.operators.base import Operator

__all__ = ["BoxDetection"]


@dataclass(frozen=True, kw_only=True)
class BoxDetection(Operator):
    """The best boxes that do not overlap, of (codes, scores, anchors).

    Codes are [1, boxes, 4 or more]: the centre's distance from its anchor's, (y, x) in sizes of the
    anchor, and the logarithms of (height, width) in them, each times its number of ``scales``;
    anchors are [boxes, 4], (y, x, height, width). Scores are [1, boxes, classes], with
    another class before them, the background, or without. Each is float32 or uint8, codes and
    anchors alike.

    Boxes are taken from the highest score down; those below ``score_threshold`` are left out, and
    those whose intersection with a box that was taken is more than ``overlap_threshold`` of their
    union. A box has its best class, and boxes of all classes stand in each other's way; or
    ``by_class`` each class is searched alone, for ``detections_per_class`` boxes at most.

    The results, float32, are boxes [1, detections, 4] (top, left, bottom, right), classes and
    scores [1, detections], and [1] how many were found; behind these are zeros.
    """

    detections: int
    classes: int
    scales: tuple[float, float, float, float]
    score_threshold: float
    overlap_threshold: float
    by_class: bool = False
    detections_per_class: int = 100
