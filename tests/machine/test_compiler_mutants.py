# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random graphs notice what is wrong with the compiler: each mutant is found by the machine in
Python."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from machine_fuzz import Findings, fuzz

from macaw.arch.machine import Engine
from macaw.compiler import tiles
from macaw.compiler.layer import WideRow
from macaw.compiler.machine import copies, emit, layer_parts, loads, moves, network, stores
from macaw.compiler.machine.hazards import Hazards
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.placing import Placing
from macaw.compiler.machine.stores import Store

#: Graphs among which a mutant must be found.
SEEDS = range(40)

#: What is made of what a function returns, or of what an attribute holds.
Mutation = tuple[Any, str, Callable[[Any], Any]]


def wrapped(change: Callable[..., Any]) -> Callable[[Any], Any]:
    """A function whose result is changed."""

    def mutate(function: Any) -> Any:
        return lambda *arguments, **named: change(function(*arguments, **named), *arguments)

    return mutate


def without(engine: Engine) -> Callable[[Any], Any]:
    """No instruction waits for this engine."""
    return wrapped(lambda waits, *_: {k: v for k, v in waits.items() if k != engine})


def one_less(waits: dict[Engine, int], *_: Any) -> dict[Engine, int]:
    return {engine: count - 1 for engine, count in waits.items() if count > 1}


def of_conv(name: str, change: int) -> Callable[[Any], Any]:
    """Another field of each CONV."""

    def mutate(instruction: Any) -> Any:
        def make(**given: Any) -> Any:
            if given["opcode"] == emit.Opcode.CONV:
                values = given["values"]
                given["values"] = values | {name: values[name] + change}
            return instruction(**given)

        return make

    return mutate


def following(instruction: Any) -> Any:
    """Each FETCH follows what it waits for."""

    def make(**given: Any) -> Any:
        if given["opcode"] == emit.Opcode.FETCH:
            given["values"] = given["values"] | {"follows": 1}
        return instruction(**given)

    return make


def denser(placed: Any, *_: Any) -> Any:
    """Rows of a result with gaps as if they filled no words up."""
    size = placed.buffer.image.row_bytes
    return replace(placed, row_pitch=size) if placed.gaps else placed


MUTANTS: dict[str, Mutation] = {
    "no waits for loads": (Hazards, "after", without(Engine.LOAD)),
    "no waits for stores": (Hazards, "after", without(Engine.STORE)),
    "no waits for compute": (Hazards, "after", without(Engine.COMPUTE)),
    "waits for the instruction before": (Hazards, "after", wrapped(one_less)),
    "parameters one behind": (emit, "Instruction", of_conv("parameter_start", 1)),
    "weights one behind": (emit, "Instruction", of_conv("weight_start", 1)),
    "whatever is stored is followed": (emit, "Instruction", following),
    "rings that meet": (emit, "_place_ring", wrapped(lambda placed, *_: placed | {"ring_base": 0})),
    "rows without their filling": (Placing, "part", wrapped(denser)),
    "all rows alike": (Placing, "alike", wrapped(lambda *_: True)),
    "everything solid": (Image, "solid", wrapped(lambda *_: True)),
    "wide rows from their beginning": (
        WideRow, "first_byte", lambda _: property(lambda row: row.first_column * row.channels),
    ),
    "lives that end early": (
        network, "Life",
        lambda life: lambda *, words, first, last: life(
            words=words, first=first, last=max(first, last - 1)
        ),
    ),
    "lives that begin late": (
        network, "Life",
        lambda life: lambda *, words, first, last: life(
            words=words, first=min(first + 1, last), last=last
        ),
    ),
    "copies left out though parts": (
        copies, "_needless",
        wrapped(lambda _, each, outputs, *__: isinstance(each.work, copies.Copy)
                and each.target.buffer.name not in outputs),
    ),
    "memories that never end": (Store, "_new", wrapped(lambda _, __, size: (range(size),))),
    "weights that do not go around": (Store, "_new", wrapped(lambda runs, *_: runs[:1])),
    "contents that nothing is placed over": (stores, "_overlap", wrapped(lambda *_: False)),
    "rows from the first on": (
        layer_parts, "Rows", lambda make: lambda **named: make(**named | {"first": 0}),
    ),
    "padding of zero": (
        moves, "Conv2dLayer", lambda make: lambda **named: make(**named | {"padding_value": 0}),
    ),
    "tiles from the first column on": (
        tiles, "tile_at", lambda at: lambda *layers, left, **named: at(*layers, left=0, **named),
    ),
    "results over what is still to be read": (
        network, "overwritten",
        wrapped(lambda found, *_: {pair: abs(far) + 8 for pair, far in found.items()}),
    ),
    "late loads forgotten": (loads, "_overlap", wrapped(lambda *_: False)),
}  # fmt: skip


def first_found(seeds: range = SEEDS) -> str:
    """The first difference, or nothing."""
    for seed in seeds:
        findings = Findings()
        fuzz(seed, findings, rtl=False)
        if findings.differences:
            return findings.differences[0]
    return ""


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_found(name, monkeypatch):
    owner, attribute, mutate = MUTANTS[name]
    monkeypatch.setattr(owner, attribute, mutate(vars(owner)[attribute]))
    found = first_found()
    assert found
    assert "TypeError" not in found, "the mutant itself is wrong"


def test_nothing_is_found_without_a_mutant():
    assert not first_found(range(10))
