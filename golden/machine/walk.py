# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A layer's walk, as descriptor and step table tell it: column groups, and reads of a pixel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from macaw.arch import AcceleratorConfig
from macaw.arch.core import EXCESS
from macaw.golden.machine.errors import MachineError

__all__ = ["Group", "Read", "Walk", "layer_steps", "walk_of"]


@dataclass(frozen=True, kw_only=True)
class Group:
    """A column group: its place in the row's walk, its first output channel, how many it has,
    and the byte position of the row's first pixel for it."""

    index: int
    first: int
    channels: int
    position: int


@dataclass(frozen=True, kw_only=True)
class Read:
    """A read of the line buffer: ``row`` is relative to the kernel's top row, ``row_words`` is
    that row in words of the ring, ``offset`` is relative to the pixel's position. ``flags`` are
    those of the step that count for this read."""

    row: int
    row_words: int
    offset: int
    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What is walked in each row of the result: for each of ``groups`` the reads of the
    ``prologue``, then those of the ``body`` for each of ``pixels`` pixels (dense) or pairs of
    them (window mode).

    ``evaluations`` counts the weight words of a group; all groups have those of the first where
    ``weights_shared``.
    """

    window: bool
    groups: tuple[Group, ...]
    prologue: tuple[Read, ...]
    body: tuple[Read, ...]
    pixels: int
    evaluations: int
    weights_shared: bool

    @property
    def weight_words(self) -> int:
        """Weight words of all groups."""
        return self.evaluations * (1 if self.weights_shared else len(self.groups))

    def words_of(self, group: Group) -> range:
        """The weight words of a group's evaluations, counted from the layer's first."""
        first = 0 if self.weights_shared else group.index * self.evaluations
        return range(first, first + self.evaluations)

    @property
    def channels(self) -> int:
        """Output channels of all groups."""
        return sum(group.channels for group in self.groups)


_FLAGS = ("paired", "four", "high", "shift", "capture", "evaluate", "first", "last")

#: Flags that, in window mode, only an entry's last read has.
_FINAL = {"capture", "evaluate"}


def _reads(entry: Mapping[str, int], window: bool) -> Iterator[Read]:
    count = entry["count"] + 1
    for index in range(count):
        flags = {name for name in _FLAGS if entry[name]}
        if index < count - 1:
            flags -= {"last"} | (_FINAL if window else set())
        if index and not window:
            flags -= {"first"}
        yield Read(
            row=entry["row"],
            row_words=entry["row_words"],
            offset=entry["offset"] + index * entry["stride"],
            flags=frozenset(flags),
        )


def _groups(layer: Mapping[str, int], most: int) -> Iterator[Group]:
    outer_count, inner_count = layer["outer_groups"] + 1, layer["inner_groups"] + 1
    first = 0
    for index in range(outer_count * inner_count):
        outer, inner = divmod(index, inner_count)
        name = "group_channels"
        if inner == inner_count - 1:
            name = "final_channels" if outer == outer_count - 1 else "inner_channels"
        if not 1 <= layer[name] <= most:
            raise MachineError(f"{name} must be in 1 ... {most}, not {layer[name]}")
        position = layer["position"] + outer * layer["group_step"]
        yield Group(index=index, first=first, channels=layer[name], position=position)
        first += layer[name]


def layer_steps(layer: Mapping[str, int], entries: int) -> slice:
    """The entries of a step table of ``entries`` that belong to a descriptor; raises
    `MachineError` for those beyond the table, and for a body that begins elsewhere than behind
    the prologue."""
    start = layer.get("table_start", 0)
    middle = start + layer["prologue"]
    body_start = layer.get("body_start", middle)
    if body_start != middle:
        raise MachineError(
            f"body_start must be table_start and prologue, which is {middle}, not {body_start}"
        )
    stop = middle + layer["body"] + 1
    if stop > entries:
        raise MachineError(f"steps of the layer must be below {entries}, not up to {stop - 1}")
    return slice(start, stop)


def _check_parameter_sets(config: AcceleratorConfig, layer: Mapping[str, int], groups: int) -> None:
    """The lanes fill as many sets of parameters as they have, or one for each group of a row."""
    most = config.parameter_sets(window=bool(layer["window"]))
    if layer["parameters_stay"] and groups > most:
        raise MachineError(
            f"parameters_stay must be 0 for more than {most} column groups of a row, of which "
            f"there are {groups}"
        )
    wanted = (groups if layer["parameters_stay"] else most) - 1
    if layer["parameter_sets"] != wanted:
        raise MachineError(f"parameter_sets must be {wanted}, not {layer['parameter_sets']}")


def walk_of(
    config: AcceleratorConfig, layer: Mapping[str, int], table: Sequence[Mapping[str, int]]
) -> Walk:
    """The walk of a descriptor through the whole step ``table``.

    Raises `MachineError` for entries beyond the table, for evaluations that do not start a
    pixel's sums with its first one and complete them with its last, and for groups of more
    channels than there are columns (dense) or lanes (window mode).
    """
    window = bool(layer["window"])
    steps = layer_steps(layer, len(table))
    middle = steps.start + layer["prologue"]
    prologue = tuple(
        read for entry in table[steps.start : middle] for read in _reads(entry, window)
    )
    body = tuple(read for entry in table[middle : steps.stop] for read in _reads(entry, window))
    evaluated = [read for read in body if "evaluate" in read.flags]
    if any("evaluate" in read.flags for read in prologue):
        raise MachineError("steps of a prologue must evaluate nothing")
    for flag, wanted in (("first", evaluated[:1]), ("last", evaluated[-1:])):
        if [read for read in evaluated if flag in read.flags] != wanted or not wanted:
            raise MachineError(
                f"the {flag} evaluation of a pixel must be the one that is flagged {flag}"
            )
    if window and layer["weight_offset"]:
        raise MachineError(f"weight_offset must be 0 in window mode, not {layer['weight_offset']}")
    if not config.weight_zero_point and layer["weight_offset"] not in (0, EXCESS):
        raise MachineError(
            f"weight_offset must be 0 or {EXCESS} on {config.name}, not {layer['weight_offset']}"
        )
    array = config.array
    groups = tuple(_groups(layer, array.lanes if window else array.columns))
    _check_parameter_sets(config, layer, len(groups))
    return Walk(
        window=window,
        groups=groups,
        prologue=prologue,
        body=body,
        pixels=layer["pixels"] + 1,
        evaluations=len(evaluated) * (array.phases if window else 1),
        weights_shared=bool(layer["weights_shared"]),
    )
