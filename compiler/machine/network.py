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
from macaw.compiler.machine.cost import pass_cost
from macaw.compiler.machine.emit import Home, contents, emit
from macaw.compiler.machine.fusing import fused
from macaw.compiler.machine.graph_passes import GraphPasses
from macaw.compiler.machine.images import image_of
from macaw.compiler.machine.in_place import overwritten
from macaw.compiler.machine.loads import Load
from macaw.compiler.machine.passes import Buffer, Pass
from macaw.compiler.machine.segments import segment_numbers
from macaw.compiler.machine.tables import Evaluate
from macaw.compiler.network import Requantizations
from macaw.nn.graph import DType, QuantizedGraph, Tensor
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
    core's memories, each from its word in the memory outside on. ``transposed`` says that images
    have their columns as rows in all of this.
    """

    operators: tuple[Operator, ...]
    program: Program | None = None
    passes: tuple[Pass, ...] = ()
    homes: Mapping[str, Home] = field(default_factory=dict)
    lives: Mapping[str, Life] = field(default_factory=dict)
    loads: tuple[tuple[Load, ...], ...] = ()
    transposed: bool = False


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
    memory_bytes: float | None = None,
    keep: bool = False,
    transposed: bool | None = None,
    tiles: bool | tuple[int, int] = True,
) -> Network:
    """A verified graph for the machine, beside a memory that moves ``memory_bytes`` in a clock, by
    default a word.

    ``requantization`` and ``evaluate`` say what operators mean by the semantics of the graph (see
    `GraphPasses`). What the machine does not do runs on the host. With ``keep`` all tensors of the
    machine's operators are outputs of its programs, to be looked at.

    Each segment of the machine is computed on transposed images where that takes fewer clocks by
    `pass_cost`; with ``transposed`` wherever it can be, or nowhere. So are layers and pointwise
    ones behind them in ``tiles``, or wherever they can be in those of so many rows and columns.

    Raises ``ValueError`` for ``memory_bytes`` that are not positive.
    """
    memory_bytes = config.word_bytes if memory_bytes is None else memory_bytes
    if not memory_bytes > 0:
        raise ValueError(f"memory_bytes must be positive, not {memory_bytes!r}")
    passes_of = GraphPasses(
        config=config,
        memory_bytes=memory_bytes,
        requantization=requantization,
        evaluate=evaluate,
        tiles=tiles if not keep else False,
    )
    found = passes_of(graph)
    numbers = segment_numbers(graph, [passes is not None for passes in found.of_operators])
    segments = []
    for number in sorted(set(numbers)):
        members = [index for index, each in enumerate(numbers) if each == number]
        operators = tuple(graph.operators[index] for index in members)
        if number % 2 == 0:
            segments.append(Segment(operators=operators))
            continue
        inputs = _inputs(graph, operators)
        made = [output for operator in operators for output in operator.outputs]
        outputs = made if keep else _outputs(graph, operators)
        passes = fused(
            without_copies(
                [each for index in members for each in found.of_operators[index] or ()], outputs
            ),
            outputs,
            config,
        )
        turned = (
            None if transposed is False else passes_of.transposed(graph, operators, inputs, outputs)
        )
        if turned is not None:
            turned = fused(without_copies(turned, outputs), outputs, config)
            if transposed or _cycles(turned, config) < _cycles(passes, config):
                passes = turned
        name = graph.name if number == 1 else f"{graph.name}, segment {number}"
        try:
            segment = _segment(
                graph, config, operators, passes, inputs, outputs, name, transposed=passes is turned
            )
        except ValueError:
            if not passes_of.tiles:
                raise
            # Programs of whole layers have fewer instructions.
            return compile_network(
                graph, config, requantization, evaluate, memory_bytes=memory_bytes,
                transposed=transposed, tiles=False,
            )  # fmt: skip
        segments.append(segment)
    return Network(graph=graph, config=config, segments=tuple(segments), refusals=found.refusals)


def _cycles(passes: Sequence[Pass], config: MachineConfig) -> int:
    return sum(pass_cost(each, config).overlapped for each in passes)


def _segment(
    graph: QuantizedGraph,
    config: MachineConfig,
    operators: tuple[Operator, ...],
    passes: Sequence[Pass],
    inputs: Sequence[str],
    outputs: Sequence[str],
    name: str,
    *,
    transposed: bool,
) -> Segment:
    data, loads = contents(passes, config)
    fixed, more = _constants(passes, config, len(data) // config.word_bytes)
    data += more
    sizes, lives = _lives(passes, inputs, outputs, config)
    inner = place_buffers(
        {each: life for each, life in lives.items() if each not in (*inputs, *outputs)},
        config.tensor_words,
        overwritten(passes, lives, config),
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
        return tuple(
            _tensor_place(graph.tensors[each], homes[each].word, transposed) for each in names
        )

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
        transposed=transposed,
    )


def _constants(
    passes: Sequence[Pass], config: MachineConfig, first: int
) -> tuple[dict[str, int], bytes]:
    """The word of each constant tensor among all that stays in memory, from ``first`` on, and
    their words."""
    places: dict[str, int] = {}
    words = bytearray()
    for rows in (rows for each in passes for rows in each.reads):
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
        for rows in each.reads:
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


def _inputs(graph: QuantizedGraph, operators: Sequence[Operator]) -> list[str]:
    """What ``operators`` need of what others make, in the order of their first use."""
    made = {output for operator in operators for output in operator.outputs}
    read = dict.fromkeys(each for operator in operators for each in operator.inputs)
    return [each for each in read if each not in made and graph.tensors[each].data is None]


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


def _tensor_place(tensor: Tensor, word: int, transposed: bool) -> TensorPlace:
    """``transposed`` is said of images."""
    image = image_of(tensor)
    return TensorPlace(
        name=tensor.name,
        address=word,
        height=image.height,
        width=image.width,
        channels=image.channels,
        signed=tensor.dtype == DType.INT8,
        transposed=transposed and len(tensor.shape) == 4,
    )
