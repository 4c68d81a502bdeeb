# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Counts over many inputs: right classes, and outputs that differ."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from macaw.cli.classes import ranking
from macaw.cli.differences import difference
from macaw.cli.evaluation_report import Accuracy, Comparison

__all__ = ["Tally"]

#: How many of the highest scores count for the second accuracy.
_TOP = 5


class Tally:
    """Counts for some that compute the same, called ``who``: each is compared with the one before.

    ``scores`` is the index of the output with scores of ``classes`` classes.
    """

    def __init__(self, who: Sequence[str], *, scores: int, classes: int) -> None:
        self._scores = scores
        self.accuracies = [Accuracy(who=each, top1=0, top5=0) for each in who]
        self.comparisons = [
            Comparison(expected=before, actual=after, values=0, different=0, inputs=0, first="")
            for before, after in pairwise(who)
        ]
        #: Inputs by label and by the class that the last one found.
        self.confusion = np.zeros((classes, classes), np.int64)

    def add(self, name: str, label: int, results: Sequence[Sequence[np.ndarray]]) -> None:
        """Counts one input, called ``name``: for each that computes the outputs of the graph."""
        for index, outputs in enumerate(results):
            found = ranking(outputs[self._scores])
            before = self.accuracies[index]
            self.accuracies[index] = replace(
                before,
                top1=before.top1 + int(found[0] == label),
                top5=before.top5 + int(label in found[:_TOP]),
            )
        self.confusion[label, found[0]] += 1
        for index, (expected, actual) in enumerate(pairwise(results)):
            self.comparisons[index] = _compared(self.comparisons[index], name, expected, actual)


def _compared(
    before: Comparison, name: str, expected: Sequence[np.ndarray], actual: Sequence[np.ndarray]
) -> Comparison:
    """The comparison with one input more."""
    different, sentence = 0, ""
    for one, other in zip(expected, actual, strict=True):
        found = difference(one, other)
        if found:
            different += _count(one, other)
            sentence = sentence or f"the first, {name}: {found}"
    return replace(
        before,
        values=before.values + sum(each.size for each in actual),
        different=before.different + different,
        inputs=before.inputs + bool(sentence),
        first=before.first or sentence,
    )


def _count(expected: np.ndarray, actual: np.ndarray) -> int:
    """Values that differ, of tensors that do; all of them, where even type or shape do."""
    if expected.dtype != actual.dtype or expected.shape != actual.shape:
        return int(actual.size)
    bits = f"u{actual.dtype.itemsize}"
    return int(np.count_nonzero(expected.view(bits) != actual.view(bits)))
