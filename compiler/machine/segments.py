# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A network in segments: what runs on the host and what on the machine, in turn."""

from collections.abc import Mapping, Sequence

from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import Operator

__all__ = ["segment_numbers"]


def segment_numbers(graph: QuantizedGraph, on_machine: Sequence[bool]) -> list[int]:
    """For each operator of a graph the number of its segment.

    Even segments run on the host, odd ones on the machine, in the order of their numbers; each
    operator runs as early as what it reads allows, so that there are as few segments as can be.
    """
    made: dict[str, int] = {}
    numbers = []
    for operator, machine in zip(graph.operators, on_machine, strict=True):
        number = _first_segment(operator, made)
        number += (number % 2 == 1) != machine
        numbers.append(number)
        made.update(dict.fromkeys(operator.outputs, number))
    return numbers


def _first_segment(operator: Operator, made: Mapping[str, int]) -> int:
    return max((made.get(name, 0) for name in operator.inputs), default=0)
