# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random graphs down the ladder: the golden model, the machine in Python, the RTL.

``make fuzz SEEDS=first:count RTL=n`` runs the graphs of so many seeds, every n-th of them on the
RTL too, and says what ran, what did not, and where the first difference is.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from random_graphs import FIXED, ON_RTL, has_modes, random_graph, random_inputs, random_machine

from macaw.arch.machine import MachineConfig
from macaw.compiler.machine import Segment, compile_network
from macaw.golden import evaluate, requantization
from macaw.golden import run as golden_run
from macaw.golden.machine import run as machine_run
from macaw.nn import QuantizedGraph
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS, MemoryModel

Tensors = Mapping[str, np.ndarray]
Run = Callable[[MachineConfig, Segment, Tensors], Tensors]

#: The memories beside the RTL, one after the other.
MODELS = (
    MEMORY_MODELS["ideal"],
    MemoryModel(latency=7, words_per_1024=700, gap=0.3, bursts=3),
    MEMORY_MODELS["wide"],
    MemoryModel(latency=2, gap=0.6, bursts=1),
    MemoryModel(latency=23, words_per_1024=300, gap=0.05),
)

#: Rows and columns of tiles in which graphs are computed, one after the other.
TILES = (False, (2, 3), (3, 1), (4, 4))


@dataclass(kw_only=True)
class Findings:
    """What a number of graphs came to. ``runs`` counts graphs by rung, ``transposed`` those of them
    on transposed images, ``tiled`` those with layers in tiles, ``values`` compared values;
    ``differences`` has a sentence for each graph that is not equal, or cannot be run."""

    operators: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    transposed: int = 0
    tiled: int = 0
    values: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        total, refused = self.operators.total(), self.refused.total()
        share = f"{refused / max(total, 1):.1%}"
        return "\n".join(
            [
                *(f"{count} graphs on {rung}" for rung, count in self.runs.items()),
                f"{self.transposed} of these on transposed images",
                f"{self.tiled} of these with layers in tiles",
                f"{self.values} values compared",
                f"{total} operators, {refused} of them on the host ({share}), by kind:",
                *(
                    f"  {name:22} {count:6} {self.refused[name]:6}"
                    for name, count in sorted(self.operators.items())
                ),
                *(f"  {count:6} {reason}" for reason, count in self.reasons.most_common()),
                *(f"DIFFERENT: {each}" for each in self.differences[:10]),
                f"{len(self.differences)} graphs differ",
            ]
        )


def in_python(config: MachineConfig, segment: Segment, inputs: Tensors) -> Tensors:
    assert segment.program is not None
    given = [inputs[place.name] for place in segment.program.inputs]
    return machine_run(config, segment.program, given)


def on_rtl(seed: int, **options: Any) -> Run:
    def run(config: MachineConfig, segment: Segment, inputs: Tensors) -> Tensors:
        assert segment.program is not None
        device = SimDevice(config, model=MODELS[seed % len(MODELS)], seed=seed + 1, **options)
        device.load(segment.program)
        return device.run(inputs)

    return run


def kind_of(graph: QuantizedGraph, operator: Any) -> str:
    """What an operator is counted as: convolutions by what is special about them."""
    kind = type(operator).__name__
    if kind != "Conv2d":
        return kind
    shape = graph.conv2d_shape(operator)
    if shape.depthwise:
        return "Conv2d, depthwise" if shape.out_channels == shape.groups else "Conv2d, multiplied"
    if shape.groups > 1:
        return "Conv2d, grouped"
    if shape.dilation != (1, 1):
        return "Conv2d, dilated"
    pointwise = (shape.kernel_height, shape.kernel_width) == (1, 1)
    return "Conv2d, pointwise" if pointwise else "Conv2d, dense"


def check(
    graph: QuantizedGraph,
    tensors: Tensors,
    config: MachineConfig,
    run: Run,
    findings: Findings,
    *,
    keep: bool,
    transposed: bool | None = None,
    tiles: bool | tuple[int, int] = True,
    memory_bytes: float | None = None,
) -> dict[str, str]:
    """Compiles and runs a graph, notes the first value that differs from ``tensors``, and gives
    the refusals."""
    network = compile_network(
        graph, config, requantization, evaluate, keep=keep, transposed=transposed,
        tiles=tiles, memory_bytes=memory_bytes,
    )  # fmt: skip
    findings.transposed += any(segment.transposed for segment in network.segments)
    buffers = [name for segment in network.segments for name in segment.lives]
    findings.tiled += any(", tile " in name for name in buffers)
    for segment in network.segments:
        if segment.program is None:
            continue
        inputs = {
            place.name: tensors[place.name].reshape(place.height, place.width, place.channels)
            for place in segment.program.inputs
        }
        for name, found in run(config, segment, inputs).items():
            expected = tensors[name].reshape(found.shape)
            findings.values += found.size
            if found.dtype != expected.dtype or not np.array_equal(found, expected):
                wrong = np.argwhere(found != expected)
                first = tuple(int(each) for each in wrong[0])
                [maker] = [each for each in graph.operators if name in each.outputs]
                raise AssertionError(
                    f"{len(wrong)} of {found.size} values of {name} ({kind_of(graph, maker)}) "
                    f"differ, the first at {first}: {found[first]}, not {expected[first]}"
                )
    return dict(network.refusals)


def check_all_tensors(
    graph: QuantizedGraph, config: MachineConfig, how: Run, *, transposed: bool | None = None
) -> None:
    """Asserts that nothing of a graph is refused, and that every tensor is golden's."""
    inputs = random_inputs(graph, 7)
    tensors = inputs | golden_run(graph, inputs, all_tensors=True)
    findings = Findings()
    assert not check(graph, tensors, config, how, findings, keep=True, transposed=transposed)
    assert findings.values


def fuzz(
    seed: int, findings: Findings, *, rtl: bool, machines: Sequence[MachineConfig] = ON_RTL
) -> None:
    """The graph of a seed on a machine in Python, and with ``rtl`` on the RTL of one of
    ``machines``."""
    graph = random_graph(seed)
    inputs = random_inputs(graph, seed)
    tensors = inputs | golden_run(graph, inputs, all_tensors=True)
    # Every tenth seed takes its turn, too.
    fixed = machines[(seed + seed // 10) % len(machines)] if rtl else FIXED[seed // 2 % len(FIXED)]
    refusals: dict[str, str] = {}
    rtl = rtl and has_modes(graph, fixed)
    config = fixed if rtl or (seed % 2 and has_modes(graph, fixed)) else random_machine(seed, graph)
    tiles = TILES[seed % len(TILES)]
    rungs: list[tuple[str, Run, bool, bool | None]] = [
        ("the machine in Python", in_python, True, False),
        ("the machine in Python, transposed", in_python, True, True),
        ("the machine in Python, as they are meant to run", in_python, False, None),
    ]
    if rtl:
        rungs += [("the RTL", on_rtl(seed), seed % 3 == 0, (None, True)[seed % 2])]
    for rung, run, keep, transposed in rungs:
        try:
            refusals = check(
                graph, tensors, config, run, findings, keep=keep, transposed=transposed,
                tiles=tiles,
            )  # fmt: skip
        except Exception as error:  # Whatever it is, its seed must be told.
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            findings.differences.append(f"seed {seed} on {rung} of {config.name}: {kind}{error}")
            return
        findings.runs[rung] += 1
    for operator in graph.operators:
        kind = kind_of(graph, operator)
        findings.operators[kind] += 1
        reason = next((refusals[name] for name in operator.outputs if name in refusals), None)
        if reason is not None:
            findings.refused[kind] += 1
            findings.reasons[re.sub(r"\b\w+ \d+: |\bt?\d+\b", "N", reason)] += 1


def main(arguments: list[str]) -> int:
    first, count = (int(each) for each in arguments[0].split(":"))
    every = int(arguments[1]) if len(arguments) > 1 else 0
    findings = Findings()
    for seed in range(first, first + count):
        before = len(findings.differences)
        fuzz(seed, findings, rtl=bool(every) and seed % every == 0)
        for sentence in findings.differences[before:]:
            print(sentence, flush=True)
        if (seed - first) % 100 == 99:
            print(f"{seed - first + 1} graphs", flush=True)
    print(findings)
    return bool(findings.differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
