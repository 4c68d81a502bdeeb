# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The elementwise pass: the rules of its streams, the words that it takes, and its places."""

from collections.abc import Callable
from functools import partial
from typing import Any

from amaranth.hdl import Cat, Mux, Signal, Value
from amaranth.lib import data

from macaw.arch import preset
from macaw.arch.machine import MachineConfig
from macaw.hw.elementwise import Elementwise
from macaw.hw.lookup_lane import LookupLane
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.queues import places_agree, queue_level
from macaw.prove.solver import Method
from macaw.prove.streams import KEEPS, WAITS, always_ready, keeps, waited_clocks

__all__ = ["ELEMENTWISE"]

_TINY = preset("tiny")

#: Clocks from a word's place in the queue of `Elementwise` to its offer, at most.
_PASS_CLOCKS = 16

#: The registers that a word, or a pair, passes in `Elementwise`, from its place to the queue.
_LOOKED_UP = ("busy", *(f"last{'_later' * clocks}" for clocks in range(1, LookupLane.latency + 1)))


def _pass() -> Elementwise:
    return Elementwise(MachineConfig(name=_TINY.name, core=_TINY))


def _places(harness: Harness) -> Value:
    """Of an `Elementwise`: its places agree, and what its registers say of its counters is so."""
    signal = harness.opened.signal
    budget, stored, some = (signal(f"queue.{name}") for name in ("budget", "stored", "some"))
    return (
        places_agree(harness, _LOOKED_UP)
        & (~signal("queue.available") | (budget != 0))
        & (some == (stored != 0))
        & (signal("ending") == (signal("behind") == 0))
    )


def _on_time(harness: Harness, waited: Any) -> Value:
    """The longer the wait, the nearer to the output is some word; none leaves meanwhile."""
    signal = harness.opened.signal
    # What each word still needs to be offered; it is at the output in the end.
    needs = [(0, harness.component.result.valid), (1, signal("queue.stored") != 0)]
    needs += [(2 + clocks, signal(name)) for clocks, name in enumerate(reversed(_LOOKED_UP[1:]))]
    arrives = needs[-1][0] + 1
    for behind in range(1 << len(signal("behind"))):
        needs.append((arrives + behind, signal("busy") & (signal("behind") == behind)))
    near = [
        (waited < least) | Cat(here for left, here in needs if left <= _PASS_CLOCKS - least).any()
        for least in range(2, _PASS_CLOCKS + 1)
    ]
    return Cat(near).all() & ((waited == 0) | ~signal("queue.freed"))


def _count_operands(harness: Harness, mutant: bool) -> None:
    """Operations of at most three words, with one operand or two."""
    block, opened, m = harness.component, harness.opened, harness.m
    signal = opened.signal
    shape = block.operation.payload.shape()
    short = Signal(shape, name="short")
    m.d.comb += [
        short.eq(harness.free(shape, "chosen")),
        short.count.eq(harness.free(2, "count")),
        short.operands.eq(Mux(harness.free(1, "two"), 2, 1)),
    ]
    harness.drive(block.operation.payload, short)
    if mutant:
        opened.override("needed", 1, when=signal("lacking") == 1)
    begins = block.operation.valid & block.operation.ready
    lacking, outstanding, idle = signal("lacking"), signal("outstanding"), block.idle
    two = data.View(shape, signal("operation")).operands == 2
    right, agree = [], []
    for name, count, owed in (
        ("first", short.count, lacking),
        ("second", Mux(short.operands == 2, short.count, 0), Mux(two, lacking, 0)),
    ):
        operand = getattr(block, name)
        harness.offer(operand, f"{name}_operand")
        taken = operand.valid & operand.ready
        left = Signal.like(short.count, name=f"{name}_left")
        m.d.sync += left.eq(Mux(begins, count, left - taken))
        right += [~taken | (left != 0), ~idle | ((left == 0) & ~operand.ready)]
        agree.append(Mux(idle, left == 0, left == owed))
    words = sum(signal(name) for name in _LOOKED_UP) + queue_level(harness)
    agree += [
        (outstanding == lacking + words) | (idle & (lacking == 0) & (words == 0)),
        # Words are needed as long as they lack, but in an operation's first clock.
        (signal("needed") == (lacking != 0)) | ~signal("needed"),
    ]
    harness.check(Cat(right).all(), helper=Cat(agree).all())


def _elementwise(check: str) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        harness = Harness(_pass())
        block, opened = harness.component, harness.opened
        signal = opened.signal
        harness.cut(*(name for _, name, _ in opened.fragment.subfragments if name != "queue"))
        if check == "keeps":
            if mutant:
                opened.override("queue.load", signal("queue.some"))
            keeps(harness, block.result)
            return harness
        if check == "waits":
            if mutant:
                opened.override("last_later", 0, when=~block.result.ready)
            budget = signal("queue.budget")
            owed = budget != budget.init
            waited = waited_clocks(harness, block.result, owed=owed, clocks=_PASS_CLOCKS)
            helper = _places(harness) & _on_time(harness, waited)
            harness.check(helper & (block.result.valid | (waited != _PASS_CLOCKS)))
            return harness
        _count_operands(harness, mutant)
        return harness

    return build


def _pass_overflow(mutant: bool) -> Harness:
    harness = Harness(_pass())
    opened = harness.opened
    signal = opened.signal
    harness.cut(*(name for _, name, _ in opened.fragment.subfragments if name != "queue"))
    if mutant:
        odd = harness.component.first.payload.as_value()[0]
        opened.override("queue.budget", signal("queue.budget"), when=signal("load") & odd)
    overflow = signal("queue.write") & (queue_level(harness) == signal("queue.budget").init)
    harness.check(_places(harness) & ~overflow)
    return harness


_of = partial(stated, config=_TINY)

#: The properties of the elementwise pass.
ELEMENTWISE = (
    _of("Elementwise", "output stays", KEEPS, _elementwise("keeps")),
    _of(
        "Elementwise",
        "valid first",
        f"{WAITS}: a word that has a place is offered within {_PASS_CLOCKS} clocks",
        _elementwise("waits"),
    ),
    _of(
        "Elementwise",
        "operands counted",
        "an operation takes as many words of each operand as it needs, none are taken while idle",
        _elementwise("counts"),
        "at most 3 words",
    ),
    _of(
        "Elementwise",
        "queue room",
        "words in the lanes and in the queue are never more than its places",
        _pass_overflow,
    ),
    _of(
        "Elementwise",
        "lookup taken",
        "the input is ready in every clock",
        always_ready(_pass, "lookup"),
        method=Method.FUNCTION,
    ),
)
