# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What an inference of a network on the machine came to: all that a report shows, as data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = [
    "Area",
    "Cause",
    "Comparison",
    "InferenceReport",
    "OperatorFigures",
    "PassFigures",
    "Place",
    "ProgramFigures",
    "Span",
    "Traffic",
]


class Cause(StrEnum):
    """What a clock is spent on: each clock of an inference on one of these.

    ``useful`` is the share of the array's clocks that multiplications of the network take, as if
    they filled all multipliers, and ``unfilled`` the rest of these clocks; ``moving`` a copy,
    through tables or not. In the others the array has nothing to do: rows that it needs come,
    a word a clock (``arriving``), or do not come (``starved``); a result is not stored
    (``blocked``); results go through the pipeline and rows change (``draining``); weights,
    parameters, steps and tables are not loaded (``loading``); one instruction follows the other
    (``between``).
    """

    USEFUL = "useful"
    UNFILLED = "unfilled"
    MOVING = "moving"
    ARRIVING = "arriving"
    STARVED = "starved"
    BLOCKED = "blocked"
    DRAINING = "draining"
    LOADING = "loading"
    BETWEEN = "between"


class Place(StrEnum):
    """Where an operator runs: on the ``machine``, on the ``host``, or nowhere, since its result
    stands ``in_place`` already."""

    MACHINE = "machine"
    HOST = "host"
    IN_PLACE = "in_place"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How many ``values`` of how many ``tensors`` of ``what`` were compared with those of
    ``reference``, and by the tensors' names in what those differ that differ."""

    what: str
    reference: str
    tensors: int
    values: int
    differences: Mapping[str, str]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass(frozen=True, kw_only=True)
class OperatorFigures:
    """An operator of the graph: its ``kind`` and its ``form`` (kernel, stride and the like), the
    name and shape of its first result, the indices of the operators that make its ``inputs`` (-1
    for an input of the network), its multiply-accumulate operations, where it runs, and why there,
    if on the host."""

    index: int
    kind: str
    form: str
    result: str
    shape: tuple[int, ...]
    inputs: tuple[int, ...]
    macs: int
    place: Place
    reason: str = ""

    @property
    def label(self) -> str:
        """What it is called."""
        return f"{self.index} {self.kind}"


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Bytes that a pass moves: ``read`` and ``written`` in the memory outside, and in the tensor
    memory (``tensor_read``, ``tensor_written``); ``loaded`` come from outside in each inference,
    ``resident`` ones once before.
    """

    read: int
    written: int
    tensor_read: int
    tensor_written: int
    loaded: int
    resident: int

    @property
    def outside(self) -> int:
        """Bytes that cross the port of the memory outside in each inference."""
        return self.read + self.written + self.loaded


@dataclass(frozen=True, kw_only=True)
class PassFigures(Traffic):
    """What the machine does in one go for the operator of index ``operator``.

    ``kind`` is ``dense``, ``window``, ``largest``, ``lookup`` or ``copy``; ``image`` and ``result``
    are (height, width, channels). ``clocks`` are those from the pass before, or the start of the
    program, to the end of this one, and behind the last one to the end of the program; ``modelled``
    are the compiler's, of the pass alone.
    """

    number: int
    program: int
    operator: int
    name: str
    kind: str
    image: tuple[int, int, int]
    result: tuple[int, int, int]
    macs: int
    clocks: Mapping[Cause, int]
    modelled: int

    @property
    def cycles(self) -> int:
        """All clocks."""
        return sum(self.clocks.values())

    @property
    def moved(self) -> int:
        """Bytes that are fetched, stored or loaded, wherever they stand."""
        return self.outside + self.tensor_read + self.tensor_written


@dataclass(frozen=True, kw_only=True)
class ProgramFigures:
    """A program of the machine: clocks of an inference, and of the prologue before the first;
    the machine's ``counters``, empty where no RTL ran; instructions and words."""

    name: str
    cycles: int
    prologue_cycles: int
    counters: Mapping[str, int]
    instructions: int
    words: int
    memory_words: int


@dataclass(frozen=True, kw_only=True)
class Span:
    """An instruction on its ``engine``, from clock ``begin`` of the inference to before ``end``;
    ``number`` is that of its pass."""

    engine: str
    opcode: str
    what: str
    number: int
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Area:
    """Bytes ``start`` to before ``end`` of a memory, from the pass ``first`` to ``last``, both
    included. In the tensor memory a pass may write its result over the image that it is the last
    to read.

    ``memory`` is ``outer``, ``tensor``, or a memory of the core by the name of what is loaded into
    it; ``kind`` is ``input``, ``output``, ``tensor``, ``constant``, ``program``, ``resident`` or
    ``loaded``.
    """

    memory: str
    kind: str
    name: str
    program: int
    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class InferenceReport:
    """One inference of a network on a machine.

    Clocks are ``measured`` on the RTL beside a memory of ``memory_bytes`` a clock, or else
    modelled by the compiler. ``capacities`` are the bytes of the memories on the chip, by the names
    that `Area.memory` has; ``inputs`` the shapes of the network's inputs, and ``outputs`` the index
    of the operator that makes each of its outputs, -1 for an input. Clocks of a network in several
    programs count through; the host's time between them is in none.
    """

    model: str
    semantics: str
    configuration: str
    digest: str
    lanes: int
    columns: int
    multipliers: int
    word_bytes: int
    memory: str
    memory_bytes: float
    measured: bool
    comparisons: tuple[Comparison, ...]
    macs: int
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, int]
    operators: tuple[OperatorFigures, ...]
    programs: tuple[ProgramFigures, ...]
    passes: tuple[PassFigures, ...]
    spans: tuple[Span, ...]
    areas: tuple[Area, ...]
    capacities: Mapping[str, int]

    @property
    def cycles(self) -> int:
        """Clocks of an inference."""
        return sum(program.cycles for program in self.programs)

    @property
    def prologue_cycles(self) -> int:
        """Clocks of what is loaded once before the first inference."""
        return sum(program.prologue_cycles for program in self.programs)

    @property
    def machine_macs(self) -> int:
        """Multiply-accumulate operations that the machine makes."""
        return sum(each.macs for each in self.passes)

    @property
    def utilisation(self) -> float:
        """Share of what the multipliers could do in these clocks that the network needs."""
        return self.machine_macs / (self.multipliers * self.cycles) if self.cycles else 0.0

    @property
    def equal(self) -> bool | None:
        """Whether all that was compared is equal; ``None`` where nothing was."""
        return all(each.equal for each in self.comparisons) if self.comparisons else None

    @property
    def clocks(self) -> dict[Cause, int]:
        """All clocks by their cause."""
        return {cause: sum(each.clocks[cause] for each in self.passes) for cause in Cause}

    def of_operator(self, index: int) -> tuple[PassFigures, ...]:
        """The passes of the operator of this index."""
        return tuple(each for each in self.passes if each.operator == index)

    def bound(self, each: PassFigures) -> tuple[str, int]:
        """What sets the least clocks of a pass, and these: the ``array``, what is read and written
        in the memory ``outside``, or one word a clock that FETCH brings or STORE takes
        (``words``). What is loaded comes while others are computed."""
        bounds = {
            "array": each.macs // self.multipliers,
            "outside": int((each.read + each.written) / self.memory_bytes),
            "words": max(each.read + each.tensor_read, each.written + each.tensor_written)
            // self.word_bytes,
        }
        name = max(bounds, key=bounds.__getitem__)
        return name, bounds[name]

    def as_dict(self) -> dict[str, Any]:
        """The report in the types of JSON, with what follows from it."""
        return asdict(self) | {
            "cycles": self.cycles,
            "prologue_cycles": self.prologue_cycles,
            "machine_macs": self.machine_macs,
            "utilisation": self.utilisation,
            "equal": self.equal,
        }
