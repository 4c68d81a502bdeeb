# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The passes of all operators of a graph, as it stands or on transposed images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from macaw.arch.machine import MachineConfig
from macaw.compiler.machine.clocks import GAIN, clocks_of
from macaw.compiler.machine.keeping import kept_inside
from macaw.compiler.machine.lowering import Lowering
from macaw.compiler.machine.passes import Pass
from macaw.compiler.machine.picking import picked
from macaw.compiler.machine.shares import share_of
from macaw.compiler.machine.tables import Evaluate
from macaw.compiler.machine.tiling import tile_size
from macaw.compiler.network import Placement, Requantizations, place
from macaw.compiler.tiles import in_tiles
from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import Operator
from macaw.nn.transposed_images import transposed_images

__all__ = ["GraphPasses", "Passes"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Passes:
    """The passes of each operator of a graph, in its order. ``refusals`` says by the name of its
    result why an operator has none."""

    of_operators: tuple[tuple[Pass, ...] | None, ...]
    refusals: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphPasses:
    """What makes passes of verified graphs for a machine of ``config``.

    ``requantization`` and ``evaluate`` say what operators mean by the semantics of the graph (see
    `macaw.compiler.network.place` and `Lowering`). The memory outside moves ``memory_bytes`` in a
    clock. With ``tiles`` tensors that nothing else needs never exist as a whole where that is
    faster, or, in tiles of so many rows and columns, wherever it can be.
    """

    config: MachineConfig
    memory_bytes: float
    requantization: Requantizations
    evaluate: Evaluate
    tiles: bool | tuple[int, int]

    def __call__(self, graph: QuantizedGraph) -> Passes:
        """The passes of a graph."""
        lowering = Lowering(graph, self.config, self.evaluate)
        found: list[tuple[Pass, ...] | None] = []
        refusals: dict[str, str] = {}
        placements = self._placements(graph)
        for placement in placements:
            operator = placement.operator
            result = operator.outputs[0]
            try:
                if placement.refusal:
                    raise ValueError(placement.refusal)
                passes = lowering.passes(operator, placement.layer)
                for others in (kept_inside(passes, self.config), self._picked(graph, operator)):
                    passes = self._faster(passes, others)
                found.append(tuple(replace(each, operator=result) for each in passes))
            except ValueError as error:
                found.append(None)
                refusals[result] = str(error)
        if self.tiles:
            self._put_in_tiles(graph, placements, lowering, found)
        return Passes(of_operators=tuple(found), refusals=refusals)

    def _picked(self, graph: QuantizedGraph, operator: Operator) -> tuple[Pass, ...] | None:
        """The passes of an operator whose pixels are `picked` first, if they can be so."""
        other = picked(graph, operator)
        made = self(other) if other else None
        if made is None or made.refusals:
            return None
        return tuple(each for of_operator in made.of_operators for each in of_operator or ())

    def _faster(
        self, passes: tuple[Pass, ...], others: tuple[Pass, ...] | None
    ) -> tuple[Pass, ...]:
        """The passes of an operator, or others with its result, which may be faster."""
        if others is None:
            return passes
        one, two = (clocks_of(each, self.config, self.memory_bytes) for each in (passes, others))
        return passes if two > (1 - GAIN) * one else others

    def _put_in_tiles(
        self,
        graph: QuantizedGraph,
        placements: Sequence[Placement],
        lowering: Lowering,
        found: list[tuple[Pass, ...] | None],
    ) -> None:
        """Gives the passes of two layers to the second one, where tiles of both take fewer clocks:
        each layer is one of one pair."""
        names = [name for each in graph.operators for name in each.inputs]
        needed = {*graph.outputs, *(state.written for state in graph.states)}
        makers = {each.operator.outputs[0]: index for index, each in enumerate(placements)}
        paired: set[int] = set()
        for index, second in enumerate(placements):
            between = second.operator.inputs[0]
            number = makers.get(between)
            if number is None or number in paired or names.count(between) > 1 or between in needed:
                continue
            made, used = found[number], found[index]
            if not (made and used):
                continue
            first = placements[number]
            one = lowering.whole_layer(first.operator, first.alone)
            other = lowering.whole_layer(second.operator, second.alone)
            if one is None or other is None:
                continue
            if isinstance(self.tiles, tuple):
                size = self.tiles if other.pointwise else None
            else:
                size = tile_size(one, other, (made, used), self.config, self.memory_bytes)
            if size is None:
                continue
            rows, columns = size
            try:
                tiles = in_tiles(one, other, self.config.core, rows=rows, columns=columns)
                found[index] = lowering.tiled(first.operator, second.operator, tiles)
                found[number] = ()
                paired |= {number, index}
            except ValueError:
                continue

    def transposed(
        self,
        graph: QuantizedGraph,
        operators: Sequence[Operator],
        inputs: Sequence[str],
        outputs: Sequence[str],
    ) -> list[Pass] | None:
        """The passes of some operators of a graph, from ``inputs`` to ``outputs``, on images whose
        rows and columns are exchanged.

        Nothing where that could save nothing, as all sizes are the same; where an operator has no
        passes then; and where ``inputs`` or ``outputs`` are batches, whose images a
        `macaw.arch.container.TensorPlace` does not tell apart.
        """
        shapes = [graph.tensors[name].shape for name in (*inputs, *outputs)]
        if any(len(shape) == 4 and shape[0] > 1 for shape in shapes):
            return None
        names = dict.fromkeys(name for each in operators for name in (*each.inputs, *each.outputs))
        part = replace(
            graph,
            tensors={name: graph.tensors[name] for name in names},
            operators=tuple(operators),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            states=(),
        )
        try:
            turned = transposed_images(part)
        except ValueError:
            return None
        if turned == part:
            return None
        passes = self(turned)
        if passes.refusals:
            return None
        return [each for of_operator in passes.of_operators for each in of_operator or ()]

    def _placements(self, graph: QuantizedGraph) -> tuple[Placement, ...]:
        """The layers of a graph in parts that fit the core; where the weights of all do not fit at
        once, each part with its `share_of`."""
        core = self.config.core
        found = place(graph, core, self.requantization, whole_words=True)
        parts = [part for each in found if each.layer for part in each.layer.parts]
        if sum(len(part.program.weights) for part in parts) <= core.memory.weight_words:
            return found
        share = partial(share_of, config=self.config, memory_bytes=self.memory_bytes)
        return place(graph, core, self.requantization, whole_words=True, share=share)
