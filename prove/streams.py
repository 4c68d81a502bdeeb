# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of streams, for every component that has one.

An output keeps what it offers until it is taken, and offers it whether it is asked for or not;
an input that says it always takes, does.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from macaw.arch import preset
from macaw.arch.core import SIZE_BITS
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.credit_queue import CreditQueue
from macaw.hw.parameter_store import ParameterStore
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.step_expander import StepExpander
from macaw.hw.step_fetcher import StepFetcher
from macaw.hw.stream import SkidBuffer
from macaw.hw.weight_memory import WeightMemory
from macaw.hw.window_reader import WindowReader
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.queues import places_agree
from macaw.prove.solver import Method

__all__ = ["KEEPS", "STREAMS", "WAITS", "always_ready", "keeps", "waited_clocks", "waits_not"]

_TINY = preset("tiny")

#: Clocks from one step of a layer that lacks nothing to the next, at most: a new row's.
_ISSUE_CLOCKS = 6


def keeps(harness: Harness, *streams: Any, helper: Any = None) -> None:
    """The check of outputs: while one is stalled, its valid does not drop nor its payload change.
    ``helper`` is proved along."""
    kept = []
    for stream in streams:
        stalled, held = harness.stalled(stream, "output")
        kept.append(~stalled | (stream.valid & (Value.cast(stream.payload) == held)))
    harness.check(Cat(kept).all(), helper=helper)


def waits_not(harness: Harness, stream: Any, *, owed: Any, clocks: int, helper: Any = 1) -> None:
    """The check of an output: if it was not ready for ``clocks`` clocks, and a word was ``owed``
    in all of them, valid is high; so valid does not wait for ready. ``helper`` is proved along."""
    waited = waited_clocks(harness, stream, owed=owed, clocks=clocks)
    harness.check(helper & (stream.valid | (waited != clocks)))


def waited_clocks(harness: Harness, stream: Any, *, owed: Any, clocks: int) -> Signal:
    """For how many clocks, up to ``clocks``, a word was ``owed`` and not asked for."""
    waited = Signal(range(clocks + 1), name="waited")
    harness.m.d.sync += waited.eq(
        Mux(owed & ~stream.ready, Mux(waited == clocks, clocks, waited + 1), 0)
    )
    return waited


def _skid_buffer(check: str) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        harness = Harness(SkidBuffer(13))
        skid, opened = harness.component, harness.opened
        harness.offer(skid.i, "input")
        if check == "keeps":
            if mutant:
                opened.override("payload", skid.i.payload, when=skid.i.valid & skid.i.ready)
            keeps(harness, skid.o)
        else:
            if mutant:
                opened.override("o__valid", 0, when=~skid.o.ready)
            waits_not(harness, skid.o, owed=skid.i.valid, clocks=1)
        return harness

    return build


def _skid_words(mutant: bool) -> Harness:
    """Against a queue of two words."""
    harness = Harness(SkidBuffer(13))
    skid, m = harness.component, harness.m
    harness.offer(skid.i, "input")
    if mutant:
        harness.opened.override("full", 0, when=skid.i.payload[0])
    first, second = (Signal(13, name=name, reset_less=True) for name in ("first", "second"))
    count = Signal(range(3))
    taken, given = skid.i.valid & skid.i.ready, skid.o.valid & skid.o.ready
    left = Signal(range(3))
    m.d.comb += left.eq(count - given)
    m.d.sync += count.eq(left + taken)
    with m.If(given):
        m.d.sync += first.eq(second)
    with m.If(taken & (left == 0)):
        m.d.sync += first.eq(skid.i.payload)
    with m.If(taken & (left == 1)):
        m.d.sync += second.eq(skid.i.payload)
    harness.check((skid.o.valid == (count != 0)) & (~skid.o.valid | (skid.o.payload == first)))
    return harness


def _credit_queue(check: str) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        harness = Harness(CreditQueue(13))
        queue, opened = harness.component, harness.opened
        if check == "keeps":
            if mutant:
                opened.override("load", opened.signal("some"))
            keeps(harness, queue.o)
            return harness
        if mutant:
            opened.override("o__valid", 0, when=~queue.o.ready)
        # Words come only where places were taken.
        stored, some = opened.signal("stored"), opened.signal("some")
        harness.drive(queue.write, harness.free(1, "comes") & (stored < 8))
        waits_not(harness, queue.o, owed=stored != 0, clocks=1, helper=some == (stored != 0))
        return harness

    return build


def _step_fetcher(check: str) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        harness = Harness(StepFetcher(_TINY))
        fetcher, opened = harness.component, harness.opened
        harness.cut("ram")
        if check == "keeps":
            if mutant:
                opened.override("queue.load", opened.signal("queue.some"))
            keeps(harness, fetcher.steps)
            return harness
        budget = opened.signal("queue.budget")
        places = places_agree(harness, ("issue_later", "issue_later_later"))
        if check == "waits":
            if mutant:
                opened.override("steps__valid", 0, when=~fetcher.steps.ready)
            owed = budget != budget.init
            waits_not(harness, fetcher.steps, owed=owed, clocks=5, helper=places)
            return harness
        # Nothing is lacking: all rows are there, results have room, parameters are loaded.
        most = (1 << SIZE_BITS) - 1
        for port, value in ((fetcher.received, most), (fetcher.room, 1), (fetcher.loaded, 1)):
            harness.drive(port, value)
        if mutant:
            opened.override("settled", 0, when=opened.signal("settled") == 1)
        idle = opened.signal("active") & ~opened.signal("issue") & ~fetcher.start & (budget > 2)
        waited = Signal(range(_ISSUE_CLOCKS + 1), name="waited")
        harness.m.d.sync += waited.eq(Mux(idle, waited + 1, 0))
        harness.check((waited < _ISSUE_CLOCKS) & (opened.signal("needed") <= most))
        return harness

    return build


def _result_buffer(
    component: Callable[[], Any], path: str, check: str
) -> Callable[[bool], Harness]:
    """The buffer alone, or in a core of which all else is cut away: it holds with anything
    around it."""

    def build(mutant: bool) -> Harness:
        harness = Harness(component())
        buffer, opened = harness.component, harness.opened
        if path:
            inner = [name for _, name, _ in opened.fragment.subfragments]
            harness.cut(*(name for name in inner if f"{name}." != path))
        harness.cut(f"{path}bank_0", f"{path}bank_1")
        if check == "keeps":
            if mutant:
                opened.override(f"{path}queue.load", opened.signal(f"{path}queue.some"))
            keeps(harness, buffer.result)
            return harness
        if mutant:
            opened.override(f"{path}result__valid", 0, when=~buffer.result.ready)
        budget = opened.signal(f"{path}queue.budget")
        owed = (budget != budget.init) | (opened.signal(f"{path}complete") != 0)
        way = ["fetch_later", "fetch_later_later", "fetch_later_later_later"]
        places = places_agree(harness, way, path)
        waits_not(harness, buffer.result, owed=owed, clocks=8, helper=places)
        return harness

    return build


def _expander(check: str) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        harness = Harness(StepExpander(_TINY))
        expander, opened, m = harness.component, harness.opened, harness.m
        signal = opened.signal
        harness.drive(expander.layer, harness.constant(expander.layer.shape(), "layer"))
        if check == "keeps":
            harness.offer(expander.steps, "step")
            valid, ready = signal("placing.o__valid"), signal("placing.o__ready")
            if mutant:
                opened.override("placing.payload", signal("placing.kept"), when=~ready)
            placed = Value.cast(signal("placing.o__payload"))
            held = harness.past(placed, "held")
            harness.check(valid & (placed == held), when=harness.past(valid & ~ready, "waited"))
            return harness
        # Steps of at most four reads, so that they end soon.
        short = Signal(expander.steps.payload.shape(), name="short")
        m.d.comb += short.eq(harness.free(expander.steps.payload.shape(), "step"))
        m.d.comb += short.step.count.eq(harness.free(2, "reads"))
        harness.drive(expander.steps.payload, short)
        harness.drive(expander.steps.valid, Const(1))
        if mutant:
            opened.override("pairs_wait", 1)
        clocks = 4 + _TINY.beats * _TINY.array.phases
        waited = Signal(range(clocks + 1), name="waited")
        m.d.sync += waited.eq(Mux(expander.steps.ready, 0, waited + 1))
        harness.check(waited < clocks)
        return harness

    return build


def always_ready(component: Callable[[], Any], name: str) -> Callable[[bool], Harness]:
    """The harness of an input, called ``name``, that is ready in every clock."""

    def build(mutant: bool) -> Harness:
        harness = Harness(component())
        stream = getattr(harness.component, name)
        if mutant:
            harness.opened.override(f"{name}__ready", 0, when=Value.cast(stream.payload)[0])
        harness.check(stream.ready)
        return harness

    return build


def _store() -> ParameterStore:
    return ParameterStore(_TINY)


def _weights() -> WeightMemory:
    return WeightMemory(_TINY.array, _TINY.memory.weight_words, _TINY.technology)


def _reader() -> WindowReader:
    return WindowReader(_TINY, read_latency=7, activation_lead=2)


#: The rule of every output.
KEEPS = "what an output offers stays until it is taken"
#: The rule of every output, too.
WAITS = "valid does not wait for ready"

_of = partial(stated, config=_TINY)

#: The properties of streams.
STREAMS = (
    _of("SkidBuffer", "output stays", KEEPS, _skid_buffer("keeps"), "13 bits", config=None),
    _of(
        "SkidBuffer",
        "valid first",
        f"{WAITS}: a word is offered a clock after it came",
        _skid_buffer("waits"),
        "13 bits",
        config=None,
    ),
    _of(
        "SkidBuffer",
        "words",
        "it is a queue of two words: every word leaves once, unchanged, in order",
        _skid_words,
        "13 bits",
        config=None,
    ),
    _of("CreditQueue", "output stays", KEEPS, _credit_queue("keeps"), "13 bits", config=None),
    _of(
        "CreditQueue",
        "valid first",
        f"{WAITS}: a stored word is offered in the next clock",
        _credit_queue("waits"),
        "13 bits",
        config=None,
    ),
    _of("StepFetcher", "output stays", KEEPS, _step_fetcher("keeps")),
    _of(
        "StepFetcher",
        "valid first",
        f"{WAITS}: a step that was issued is offered within 5 clocks",
        _step_fetcher("waits"),
    ),
    _of(
        "StepFetcher",
        "goes on",
        f"a layer that lacks nothing issues a step within {_ISSUE_CLOCKS} clocks",
        _step_fetcher("goes on"),
    ),
    _of(
        "ResultBuffer",
        "output stays",
        KEEPS,
        _result_buffer(lambda: ResultBuffer(_TINY), "", "keeps"),
    ),
    _of(
        "ResultBuffer",
        "valid first",
        f"{WAITS}: a word of a complete row is offered within 8 clocks",
        _result_buffer(lambda: ResultBuffer(_TINY), "", "waits"),
    ),
    _of(
        "Conv2dCore",
        "output stays",
        KEEPS,
        _result_buffer(lambda: Conv2dCore(_TINY), "result_buffer.", "keeps"),
    ),
    _of(
        "Conv2dCore",
        "valid first",
        f"{WAITS}: a word of a complete row is offered within 8 clocks",
        _result_buffer(lambda: Conv2dCore(_TINY), "result_buffer.", "waits"),
    ),
    _of(
        "StepExpander",
        "step stays",
        "a step that was taken stays until its reads begin",
        _expander("keeps"),
    ),
    _of(
        "StepExpander",
        "input goes on",
        "a step of at most four reads lets the next one in within the pace of results",
        _expander("goes on"),
    ),
    *(
        _of(
            component,
            f"{stream} taken",
            "the input is ready in every clock",
            always_ready(make, stream),
            method=Method.FUNCTION,
        )
        for component, stream, make in (
            ("ParameterStore", "write", _store),
            ("WeightMemory", "write", _weights),
            ("StepFetcher", "table", lambda: StepFetcher(_TINY)),
            ("WindowReader", "table", _reader),
        )
    ),
)
