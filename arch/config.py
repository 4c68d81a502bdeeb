# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accelerator's configuration: what is fixed when hardware is built."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from macaw.arch.checks import instance, integer, one_of, power_of_two
from macaw.arch.requantization import Mode

__all__ = [
    "SERIAL_MODES",
    "STEPPED_MODES",
    "AcceleratorConfig",
    "AccumulatorConfig",
    "ArrayConfig",
    "MemoryConfig",
    "Multiplier",
    "Overflow",
    "RequantizerConfig",
    "Technology",
    "WindowForm",
]


class Technology(StrEnum):
    """The family of device cells that the hardware instantiates.

    ``generic`` instantiates none: plain RTL that any tool maps. ``ecp5`` uses MULT18X18D with
    two products a multiplier and DP16KD with its output register, ``ice40`` the SB_MAC16 of the
    UltraPlus with two products each, and ``gowin`` MULT9X9 and MULT36X36 of GW1N and GW2A.
    """

    GENERIC = "generic"
    ECP5 = "ecp5"
    ICE40 = "ice40"
    GOWIN = "gowin"


class Overflow(StrEnum):
    """What an accumulator does beyond its range: ``wrap`` modulo 2**bits, or ``saturate``
    at each step."""

    WRAP = "wrap"
    SATURATE = "saturate"


class WindowForm(StrEnum):
    """How the array takes a depthwise layer.

    ``pairs``: the taps of a channel stand on the lanes, channels and pairs of neighbouring pixels
    on the columns. ``lanes``: channels stand on the lanes, and the taps come one after the other,
    which needs no registers for a window; the narrow core has this form.
    """

    PAIRS = "pairs"
    LANES = "lanes"


@dataclass(frozen=True, kw_only=True)
class ArrayConfig:
    """The MAC array: ``lanes`` products are summed a cycle for each of ``columns`` results.

    Its multipliers come in pairs that share an operand. ``lut_pairs`` of them are made of lookup
    tables, where the device has too few multipliers of its own. ``window`` is how depthwise layers
    use it.
    """

    lanes: int = 16
    columns: int = 16
    lut_pairs: int = 0
    window: WindowForm = WindowForm.PAIRS

    def __post_init__(self) -> None:
        power_of_two("lanes", self.lanes, 8, 32)
        power_of_two("columns", self.columns, 2, 32)
        if self.columns > self.lanes:
            raise ValueError(
                f"columns must be at most the lanes ({self.lanes}), not {self.columns!r}"
            )
        integer("lut_pairs", self.lut_pairs, 0, self.pairs)
        one_of("window", self.window, tuple(WindowForm))

    @property
    def multipliers(self) -> int:
        """Products a cycle."""
        return self.lanes * self.columns

    @property
    def pairs(self) -> int:
        """Pairs of multipliers that share an operand."""
        return self.multipliers // 2

    @property
    def pair_channels(self) -> int:
        """Channels of one evaluation in window mode: half the columns take one pixel, half the
        next one."""
        return self.columns // 2

    @property
    def phases(self) -> int:
        """Evaluations in window mode for the channels of one memory word."""
        return self.lanes // self.pair_channels

    @property
    def window_columns(self) -> int:
        """Kernel columns of one evaluation in window mode; its rows are four."""
        return self.lanes // 4


@dataclass(frozen=True, kw_only=True)
class AccumulatorConfig:
    """The accumulators: two's complement, ``bits`` wide, with a named ``overflow``."""

    bits: int = 27
    overflow: Overflow = Overflow.WRAP

    def __post_init__(self) -> None:
        integer("accumulator bits", self.bits, 8, 32)
        one_of("overflow", self.overflow, tuple(Overflow))


class Multiplier(StrEnum):
    """What a requantiser lane multiplies with.

    ``parallel`` makes the whole product of device multipliers, ``single`` takes one of them and
    adds the operands' upper bits in LUTs; both give a result each clock. They differ on ``ecp5``
    only: multipliers are what Gowin has most of, and elsewhere the tool chooses. ``stepped`` takes
    two multipliers of 16 bits for two clocks a result, in the modes of `STEPPED_MODES`. ``serial``
    takes no device multiplier: it adds two bits of the product a clock, and a lane gives a result
    in as many clocks as `RequantizerConfig.interval` says, in the modes of `SERIAL_MODES`.
    """

    PARALLEL = "parallel"
    SINGLE = "single"
    STEPPED = "stepped"
    SERIAL = "serial"


#: The modes that a lane with a stepped multiplier has: those of one multiplication.
STEPPED_MODES = tuple(mode for mode in Mode if mode is not Mode.FLOAT32_CHAIN)

#: The modes that a lane with a serial multiplier has.
SERIAL_MODES = (Mode.FLOAT32, Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP)

_NARROW_MULTIPLIERS = (Multiplier.PARALLEL, Multiplier.SINGLE, Multiplier.STEPPED)
_NARROW_TECHNOLOGIES = (Technology.GENERIC, Technology.ICE40, Technology.GOWIN)
_MODES_OF = {Multiplier.STEPPED: STEPPED_MODES, Multiplier.SERIAL: SERIAL_MODES}


@dataclass(frozen=True, kw_only=True)
class RequantizerConfig:
    """The requantiser: ``lanes`` side by side, each with a ``multiplier``, in the ``modes`` that
    are built in."""

    lanes: int = 16
    modes: tuple[Mode, ...] = (Mode.FLOAT32,)
    multiplier: Multiplier = Multiplier.SINGLE

    def __post_init__(self) -> None:
        power_of_two("requantizer lanes", self.lanes, 1, 32)
        instance("modes", self.modes, tuple)
        if not self.modes or len(set(self.modes)) != len(self.modes):
            raise ValueError(f"modes must name at least one mode, each once, not {self.modes!r}")
        for mode in self.modes:
            one_of("requantizer mode", mode, tuple(Mode))
        multiplier = one_of("multiplier", self.multiplier, tuple(Multiplier))
        if multiplier in _MODES_OF:
            for mode in self.modes:
                what = f"requantizer mode of a {multiplier} multiplier"
                one_of(what, mode, _MODES_OF[Multiplier(multiplier)])

    @property
    def interval(self) -> int:
        """Clocks from one result of a lane to its next.

        A stepped multiplier takes two. A serial one takes one for each two bits of the channel's
        multiplier (24 in mode ``float32``, 31 in the others), one for a carry beyond them, and two
        for the rounding.
        """
        if self.multiplier == Multiplier.STEPPED:
            return 2
        if self.multiplier != Multiplier.SERIAL:
            return 1
        return 15 if self.modes == (Mode.FLOAT32,) else 18


@dataclass(frozen=True, kw_only=True)
class MemoryConfig:
    """Depths of the on-chip memories.

    ``activation_words`` and ``result_words`` count words of ``lanes`` bytes,
    ``weight_words`` words of ``lanes * columns`` bytes, ``parameter_entries`` output channels
    and ``step_entries`` entries of the step table. Of the parameters, each requantiser lane holds
    ``lane_parameters`` of a layer, or as many as two column groups need.
    """

    activation_words: int = 4096
    weight_words: int = 1024
    parameter_entries: int = 1024
    result_words: int = 2048
    step_entries: int = 512
    lane_parameters: int = 16

    def __post_init__(self) -> None:
        power_of_two("activation_words", self.activation_words, 64, 1 << 16)
        power_of_two("weight_words", self.weight_words, 16, 1 << 16)
        power_of_two("parameter_entries", self.parameter_entries, 16, 1 << 16)
        power_of_two("result_words", self.result_words, 16, 1 << 16)
        power_of_two("step_entries", self.step_entries, 16, 1 << 12)
        power_of_two("lane_parameters", self.lane_parameters, 16, 256)


@dataclass(frozen=True, kw_only=True)
class AcceleratorConfig:
    """Everything that is fixed when the hardware is built; equal configurations build equal
    hardware and have the same `digest`.

    ``compact`` hardware is for small devices, which have few registers and short ways: a value
    that many places need comes to all of them from one register, where otherwise a tree of
    registers brings each place a copy of its own, and operands go to the array without waiting in
    registers for such copies. Results are the same.

    With ``max_pooling`` the accumulators can keep the largest of their sums.

    With ``array.window`` ``lanes`` the core is `narrow`: compact, with one requantiser lane that
    is not serial, without ``weight_zero_point``, and of a ``technology`` whose multipliers take
    two signed operands each, which those of ``ecp5`` do not.

    Raises ``TypeError`` or ``ValueError`` for parameters out of range, by what they are.
    """

    name: str
    technology: Technology = Technology.GENERIC
    array: ArrayConfig = ArrayConfig()
    accumulator: AccumulatorConfig = AccumulatorConfig()
    requantizer: RequantizerConfig = RequantizerConfig()
    memory: MemoryConfig = MemoryConfig()
    weight_zero_point: bool = True
    compact: bool = False
    max_pooling: bool = False

    def __post_init__(self) -> None:
        instance("name", self.name, str)
        one_of("technology", self.technology, tuple(Technology))
        instance("array", self.array, ArrayConfig)
        instance("accumulator", self.accumulator, AccumulatorConfig)
        instance("requantizer", self.requantizer, RequantizerConfig)
        instance("memory", self.memory, MemoryConfig)
        instance("weight_zero_point", self.weight_zero_point, bool)
        instance("compact", self.compact, bool)
        instance("max_pooling", self.max_pooling, bool)
        if self.requantizer.lanes > self.array.columns:
            raise ValueError(
                f"requantizer lanes must be at most the columns ({self.array.columns}), "
                f"not {self.requantizer.lanes!r}"
            )
        if self.narrow:
            self._check_narrow()

    def _check_narrow(self) -> None:
        """What the narrow core is built for."""
        wanted: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("requantizer lanes", self.requantizer.lanes, (1,)),
            ("multiplier", self.requantizer.multiplier, _NARROW_MULTIPLIERS),
            ("technology", self.technology, _NARROW_TECHNOLOGIES),
            ("weight_zero_point", self.weight_zero_point, (False,)),
            ("compact", self.compact, (True,)),
            ("max_pooling", self.max_pooling, (False,)),
        )
        for what, value, allowed in wanted:
            if value not in allowed:
                choices = " or ".join(map(str, allowed))
                raise ValueError(f"{what} must be {choices} with array window lanes, not {value}")

    @property
    def narrow(self) -> bool:
        """The core is the narrow one, for the smallest devices: see `WindowForm`."""
        return self.array.window == WindowForm.LANES

    def with_modes(self, modes: Iterable[Mode]) -> "AcceleratorConfig":
        """The same with all of ``modes``: itself, if it has them."""
        missing = tuple(mode for mode in modes if mode not in self.requantizer.modes)
        if not missing:
            return self
        return replace(
            self,
            name=f"{self.name} with {', '.join(missing)}",
            requantizer=replace(self.requantizer, modes=self.requantizer.modes + missing),
        )

    @property
    def portions(self) -> int:
        """Parts in which the requantiser takes the results of all columns, one for each lane."""
        return self.array.columns // self.requantizer.lanes

    def parameter_slots(self, *, window: bool) -> int:
        """Parameters of a column group that a requantiser lane holds, in window or dense mode."""
        lanes, array = self.requantizer.lanes, self.array
        if window:
            return array.lanes // min(lanes, array.pair_channels)
        return array.columns // lanes

    @property
    def parameter_depth(self) -> int:
        """Parameters of a layer that a requantiser lane holds: those of two column groups at
        least."""
        slots = max(self.parameter_slots(window=mode) for mode in (False, True))
        return max(self.memory.lane_parameters, 2 * slots)

    def parameter_sets(self, *, window: bool) -> int:
        """Column groups whose parameters the lanes hold at once."""
        return self.parameter_depth // self.parameter_slots(window=window)

    @property
    def beats(self) -> int:
        """Cycles in which the requantiser takes the results of all columns."""
        return self.portions * self.requantizer.interval

    @property
    def phase_interval(self) -> int:
        """Cycles from one phase of a pair of pixels to the next, in window mode.

        It may be less than `beats`: completed sums wait in the accumulators' ring until the
        requantiser takes them. With half of them, each is taken before the ring comes around.
        """
        return -(-self.beats // 2)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits over every value but the name.

        What is younger than the first digests counts only where it is used: otherwise the
        hardware is what it was, and figures of that time keep their digest.
        """
        values = asdict(self)
        del values["name"]
        if not self.array.lut_pairs:
            del values["array"]["lut_pairs"]
        if not self.narrow:
            del values["array"]["window"]
        if self.requantizer.multiplier == Multiplier.SINGLE:
            del values["requantizer"]["multiplier"]
        if self.memory.lane_parameters == MemoryConfig.lane_parameters:
            del values["memory"]["lane_parameters"]
        for name in ("compact", "max_pooling"):
            if not values[name]:
                del values[name]
        # numpy's integers, which the checks take, are written as Python's.
        text = json.dumps(values, sort_keys=True, default=int)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
