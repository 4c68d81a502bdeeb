# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter store's credits: groups of a layer that are copied, entered and left, while groups
of the layer before are still entered or left."""

from dataclasses import replace
from functools import partial

from amaranth.hdl import Mux, Signal

from macaw.arch import preset
from macaw.hw.parameter_store import ParameterStore
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.queues import counted
from macaw.prove.solver import Method

__all__ = ["PARAMETERS"]

_TINY = preset("tiny")

#: Sets of parameters that a layer has.
_SETS = 2

#: Groups that are entered and not left, at most, where parameters stay.
_INSIDE = 3

#: Clocks in which a group of four entries is loaded, on its way at the least, into a free set.
_LOAD_CLOCKS = 7


class _Groups:
    """A parameter store by whose contract layers are copied, entered, and have their values; and
    how many groups are ``inside``, entered and not left, of the layer that is copied, and of the
    one before, ``others``."""

    def __init__(self) -> None:
        memory = replace(_TINY.memory)
        # As few as a window mode of two sets needs. A core has sixteen at least.
        object.__setattr__(memory, "lane_parameters", 1)
        self.harness = harness = Harness(ParameterStore(replace(_TINY, memory=memory)))
        self.store = store = harness.component
        m = harness.m
        harness.cut("ram")
        layer = Signal(store.layer.shape(), name="small")
        m.d.comb += [
            layer.eq(harness.constant(store.layer.shape(), "layer")),
            layer.window.eq(1),
            layer.parameter_sets.eq(_SETS - 1),
            *(
                layer[name].eq(harness.constant(1, name))
                for name in ("outer_groups", "inner_groups")
            ),
            *(
                layer[name].eq(harness.constant(2, name) + 1)
                for name in ("group_channels", "inner_channels", "final_channels")
            ),
        ]
        harness.drive(store.layer, layer)
        harness.drive(store.value_layer, layer)
        self.stay = layer.parameters_stay
        # The layer has still to be entered, and its values to begin; all of the one before stay.
        self.to_enter, self.to_value = Signal(name="to_enter"), Signal(name="to_value")
        whole = Signal(name="whole")
        self.inside, self.others = Signal(range(8), name="inside"), Signal(range(8), name="others")
        again = ~self.to_enter & ~self.to_value & harness.past(1, "settled")
        self.start = harness.free(1, "begin") & again
        harness.drive(store.start, self.start)
        self.begins = harness.free(1, "begin_to_enter") & (self.start | self.to_enter)
        harness.drive(store.enter_start, self.begins)
        values = harness.free(1, "begin_values")
        values &= self.to_value & ~self.to_enter & (self.others == 0)
        harness.drive(store.value_start, values)
        starts = self.start | self.begins
        self.kept = harness.past(store.loaded & ~store.enter & ~starts, "loaded_before")
        few = ~self.stay | (Mux(self.to_enter, self.others, self.inside) < _INSIDE)
        self.enter = harness.free(1, "take") & self.kept & ~starts & few
        self.enter &= ~self.to_enter | (whole & (self.others < _INSIDE))
        harness.drive(store.enter, self.enter)
        leaving = Mux(self.to_value, self.others, self.inside) != 0
        self.leave = harness.free(1, "give") & leaving & ~starts & ~values
        harness.drive(store.leave, self.leave)
        m.d.sync += [
            self.inside.eq(
                self.inside + (self.enter & ~self.to_enter) - (self.leave & ~self.to_value)
            ),
            self.others.eq(
                self.others + (self.enter & self.to_enter) - (self.leave & self.to_value)
            ),
        ]
        with m.If(self.start):
            m.d.sync += [
                self.inside.eq(0), self.others.eq(self.inside), self.to_value.eq(1),
                whole.eq(store.complete),
            ]  # fmt: skip
        with m.If(self.begins):
            m.d.sync += self.to_enter.eq(0)
        with m.Elif(self.start):
            m.d.sync += self.to_enter.eq(1)
        with m.If(values):
            m.d.sync += self.to_value.eq(0)
        # What helps the proofs.
        signal = harness.opened.signal
        in_use, self.ready, full = signal("in_use"), signal("ready"), signal("full")
        self.chosen = signal("chosen")  # all groups, which stay
        known = Mux(signal("settled")[0], (in_use < _SETS) | full, 1)
        self.counts = (in_use == self.inside + self.ready) & (in_use <= _SETS)
        self.agree = (
            (self.chosen | (self.counts & Mux(signal("read"), in_use < _SETS, known)))
            & (store.loaded == ((self.ready != 0) | self.chosen | signal("ahead")))
            & (~self.kept | store.loaded)
            & (signal("ahead") == self.to_enter)
            & (signal("strange") == self.to_value)
        )


def _store_counts(mutant: bool) -> Harness:
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        harness.opened.override(
            "ready", groups.ready + 1, when=signal("read") & signal("final") & groups.enter
        )
    harness.check(groups.counts, when=~groups.chosen, helper=groups.agree)
    return harness


def _store_before(mutant: bool) -> Harness:
    """Groups of the layer before, which enter and leave meanwhile, are not counted."""
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        harness.opened.override("strange", 0, when=groups.begins)
    harness.check(signal("strange") == groups.to_value, helper=groups.agree)
    return harness


def _store_sets(mutant: bool) -> Harness:
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        harness.opened.override("in_use", 0, when=groups.leave)
    spare = groups.chosen | (groups.inside + groups.ready < _SETS)
    harness.check(spare, when=signal("read"), helper=groups.agree)
    return harness


def _store_loads(mutant: bool) -> Harness:
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        in_use, ends = signal("in_use"), signal("read") & signal("final")
        harness.opened.override("in_use", in_use + 1, when=groups.leave & ends)
    started = Signal()
    harness.m.d.sync += started.eq(started | groups.start)
    spare = started & ~groups.start & (groups.inside < _SETS) & ~groups.enter & ~groups.stay
    spare &= ~groups.to_enter & ~groups.begins
    harness.check(groups.store.loaded, when=counted(harness, "spare", _LOAD_CLOCKS, spare))
    return harness


def _store_loaded_stays(mutant: bool) -> Harness:
    groups = _Groups()
    harness, store = groups.harness, groups.store
    if mutant:
        harness.opened.override("loaded", 0, when=groups.leave)
    harness.check(store.loaded | ~groups.kept, helper=groups.agree)
    return harness


def _store_both(mutant: bool) -> Harness:
    """One group entered and the next one loaded, while a third cannot be."""
    groups = _Groups()
    harness = groups.harness
    if mutant:
        harness.opened.override("loaded", 0, when=(groups.inside != 0) | groups.enter)
    harness.check(~((groups.inside == 1) & groups.store.loaded & ~groups.stay))
    return harness


def _store_ahead(mutant: bool) -> Harness:
    """A group that is loaded while one of the layer before is entered."""
    groups = _Groups()
    harness, signal = groups.harness, groups.harness.opened.signal
    if mutant:
        harness.opened.override("complete", 0)
    harness.check(~(signal("ahead") & (groups.ready == 1) & groups.enter))
    return harness


_of = partial(
    stated, "ParameterStore", config=_TINY,
    size="two sets of four entries, layers of up to four groups",
)  # fmt: skip

#: The properties of the parameter store's groups.
PARAMETERS = (
    _of(
        "counts", "sets in use are the layer's groups entered and ready, at most two",
        _store_counts, method=Method.INDUCTION,
    ),
    _of(
        "the layer before", "its groups may be entered and left meanwhile, and are not counted",
        _store_before, method=Method.INDUCTION,
    ),
    _of(
        "sets", "nothing is copied while both sets are in use", _store_sets,
        method=Method.INDUCTION,
    ),
    _of(
        "next group",
        f"with a set free, the next group of up to four is loaded in {_LOAD_CLOCKS} clocks",
        _store_loads,
    ),
    _of(
        "loaded stays", "a loaded group stays until it is entered", _store_loaded_stays,
        method=Method.INDUCTION,
    ),
    _of("both sets", "a group is ready while another one is in use", _store_both, reaches=True),
    _of(
        "ahead", "a group is ready while one of the layer before is entered", _store_ahead,
        reaches=True,
    ),
)  # fmt: skip
