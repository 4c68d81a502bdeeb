# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A whole network: programs of the machine, and what the host does between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from macaw.arch.container import Program, TensorPlace
from macaw.arch.machine import MachineConfig, Space
from macaw.compiler.machine.allocation import Life, place_buffers
from macaw.compiler.machine.copies import without_copies
from macaw.compiler.machine.emit import Home, Load, contents, emit
from macaw.compiler.machine.images import image_of
from macaw.compiler.machine.lowering import Lowering
from macaw.compiler.machine.passes import Buffer, Pass
from macaw.compiler.machine.segments import segment_numbers
from macaw.compiler.machine.tables import Evaluate
from macaw.compiler.network import Placement, Requantizations, place
from macaw.nn.graph import DType, QuantizedGraph
from macaw.nn.graph.operators import Operator

__all__ = ["Network", "Segment", "compile_network"]

#: Words behind a program that the machine reads ahead of its end.
_READ_AHEAD = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """Operators that run one after the other in one place: on the machine by ``program``, or on the
    host.

    The k-th FETCH, compute instruction and store of a program's body are those of ``passes[k]``;
    ``homes`` says where each buffer of theirs stands, ``lives`` how many words it takes, and from
    which pass to which; constants have none. ``loads[k]`` are what ``passes[k]`` needs in the
    core's memories, each from its word in the memory outside on.
    """

    operators: tuple[Operator, ...]
    program: Program | None = None
    passes: tuple[Pass, ...] = ()
    homes: Mapping[str, Home] = field(default_factory=dict)
    lives: Mapping[str, Life] = field(default_factory=dict)
    loads: tuple[tuple[Load, ...], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A graph in segments, in their order. ``refusals`` says by the name of its result why an
    operator runs on the host."""

    graph: QuantizedGraph
    config: MachineConfig
    segments: tuple[Segment, ...]
    refusals: Mapping[str, str]


def compile_network(
    graph: QuantizedGraph,
    config: MachineConfig,
    requantization: Requantizations,
    evaluate: Evaluate,
    *,
    keep: bool = False,
) -> Network:
    """A verified graph for the machine.

    ``requantization`` and ``evaluate`` say what operators mean by the semantics of the graph (see
    `macaw.compiler.network.place` and `Lowering`). What the machine does not do runs on the host.
    With ``keep`` all tensors of the machine's operators are outputs of its programs, to be looked
    at.
    """
    lowering = Lowering(graph, config, evaluate)
    found: list[tuple[Pass, ...] | None] = []
    refusals: dict[str, str] = {}
    for placement in _placements(graph, config, requantization):
        try:
            if placement.refusal:
                raise ValueError(placement.refusal)
            operator = placement.operator
            passes = lowering.passes(operator, placement.layer)
            found.append(tuple(replace(each, operator=operator.outputs[0]) for each in passes))
        except ValueError as error:
            found.append(None)
            refusals[placement.operator.outputs[0]] = str(error)
    numbers = segment_numbers(graph, [passes is not None for passes in found])
    segments = []
    for number in sorted(set(numbers)):
        members = [index for index, each in enumerate(numbers) if each == number]
        operators = tuple(graph.operators[index] for index in members)
        if number % 2 == 0:
            segments.append(Segment(operators=operators))
            continue
        all_passes = [each for index in members for each in found[index] or ()]
        made = [output for operator in operators for output in operator.outputs]
        outputs = made if keep else _outputs(graph, operators)
        kept = without_copies(all_passes, outputs)
        name = graph.name if number == 1 else f"{graph.name}, segment {number}"
        segments.append(_segment(graph, config, operators, kept, outputs, name))
    return Network(graph=graph, config=config, segments=tuple(segments), refusals=refusals)


def _placements(
    graph: QuantizedGraph, config: MachineConfig, requantization: Requantizations
) -> tuple[Placement, ...]:
    """The layers of a graph in parts that fit the core; where the weights of all do not fit at
    once, in parts of half of their memory, so that one part's are loaded while another is
    computed."""
    core = config.core
    found = place(graph, core, requantization, whole_rows=True)
    parts = [part for each in found if each.layer for part in each.layer.parts]
    if sum(len(part.program.weights) for part in parts) <= core.memory.weight_words:
        return found
    half = core.memory.weight_words // 2
    return place(graph, core, requantization, whole_rows=True, weight_words=half)


def _segment(
    graph: QuantizedGraph,
    config: MachineConfig,
    operators: tuple[Operator, ...],
    passes: Sequence[Pass],
    outputs: Sequence[str],
    name: str,
) -> Segment:
    made = {output for operator in operators for output in operator.outputs}
    read = {each for operator in operators for each in operator.inputs}
    inputs = [each for each in _ordered(operators) if each in read - made and _moves(graph, each)]

    data, loads = contents(passes, config)
    fixed, more = _constants(passes, config, len(data) // config.word_bytes)
    data += more
    sizes, lives = _lives(passes, inputs, outputs, config)
    inner = place_buffers(
        {each: life for each, life in lives.items() if each not in (*inputs, *outputs)},
        config.tensor_words,
    )
    outer = place_buffers({each: life for each, life in lives.items() if each not in inner}, None)
    homes = {each: Home(space=Space.TENSOR, word=word) for each, word in inner.items()}
    dummy = homes | {each: Home(space=Space.OUTER, word=0) for each in (*outer, *fixed)}
    start, body = emit(passes, loads, dummy, config, 0)
    # Programs, constants, tensors.
    constants = (len(start) + len(body)) // config.word_bytes
    tensors = constants + len(data) // config.word_bytes
    homes |= {each: Home(space=Space.OUTER, word=tensors + word) for each, word in outer.items()}
    homes |= {each: Home(space=Space.OUTER, word=constants + at) for each, at in fixed.items()}
    start, body = emit(passes, loads, homes, config, constants)
    words = max((outer[each] + sizes[each] for each in outer), default=0)

    def places(names: Sequence[str]) -> tuple[TensorPlace, ...]:
        return tuple(_tensor_place(graph, each, homes[each].word) for each in names)

    program = Program(
        name=name,
        config_digest=config.digest,
        image=start + body + data,
        prologue=0 if start else None,
        body=len(start) // config.word_bytes,
        memory_words=max(tensors + words, constants + _READ_AHEAD),
        inputs=places(inputs),
        outputs=places(outputs),
    )
    return Segment(
        operators=operators,
        program=program,
        passes=tuple(passes),
        homes=homes,
        lives=lives,
        loads=tuple(
            tuple(replace(load, word=constants + load.word) for load in of_pass)
            for of_pass in loads
        ),
    )


def _constants(
    passes: Sequence[Pass], config: MachineConfig, first: int
) -> tuple[dict[str, int], bytes]:
    """The word of each constant tensor among all that stays in memory, from ``first`` on, and
    their words."""
    places: dict[str, int] = {}
    words = bytearray()
    for rows in (rows for each in passes for rows in each.sources):
        buffer = rows.buffer
        if buffer.data is None or buffer.name in places:
            continue
        places[buffer.name] = first + len(words) // config.word_bytes
        filling = buffer.image.row_words(config) * config.word_bytes - buffer.image.row_bytes
        words += np.pad(buffer.data, ((0, 0), (0, filling))).tobytes()
    return places, bytes(words)


def _lives(
    passes: Sequence[Pass], inputs: Sequence[str], outputs: Sequence[str], config: MachineConfig
) -> tuple[dict[str, int], dict[str, Life]]:
    """Words and lives of all buffers but constants; inputs and outputs live all the time."""
    sizes: dict[str, int] = {}
    uses: dict[str, list[int]] = {}

    def use(buffer: Buffer, index: int) -> None:
        sizes[buffer.name] = max(sizes.get(buffer.name, 0), buffer.image.words(config))
        uses.setdefault(buffer.name, []).append(index)

    for index, each in enumerate(passes):
        for rows in each.sources:
            if rows.buffer.data is None:
                use(rows.buffer, index)
        use(each.target.buffer, index)
    kept = {*inputs, *outputs}
    lives = {
        each: Life(words=sizes[each], first=0, last=len(passes)) if each in kept
        else Life(words=sizes[each], first=min(uses[each]), last=max(uses[each]))
        for each in sizes
    }  # fmt: skip
    return sizes, lives


def _outputs(graph: QuantizedGraph, operators: Sequence[Operator]) -> list[str]:
    """What others need of what ``operators`` make."""
    outside = {
        each
        for operator in graph.operators
        if operator not in operators
        for each in operator.inputs
    }
    outside |= {*graph.outputs, *(state.written for state in graph.states)}
    made = [output for operator in operators for output in operator.outputs]
    return [each for each in made if each in outside]


def _ordered(operators: Sequence[Operator]) -> list[str]:
    """The names of all tensors, each once, in the order of their first use."""
    return list(
        dict.fromkeys(
            each for operator in operators for each in (*operator.inputs, *operator.outputs)
        )
    )


def _moves(graph: QuantizedGraph, name: str) -> bool:
    return graph.tensors[name].data is None


def _tensor_place(graph: QuantizedGraph, name: str, word: int) -> TensorPlace:
    tensor = graph.tensors[name]
    image = image_of(tensor)
    return TensorPlace(
        name=name,
        address=word,
        height=image.height,
        width=image.width,
        channels=image.channels,
        signed=tensor.dtype == DType.INT8,
    )
