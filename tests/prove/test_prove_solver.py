# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The solver's verdicts on designs whose answer is known, and what it refuses."""

import re

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.flow.tools import ToolError, ToolMissingError, find_tool
from macaw.hw.stream import SkidBuffer
from macaw.prove import Harness, Method, Property, Verdict, decide, solve


@pytest.fixture
def folder(tmp_path):
    """An empty folder; yosys is installed."""
    try:
        find_tool("yosys")
    except ToolMissingError as error:
        pytest.skip(str(error))
    return tmp_path / "work"


class Counter(wiring.Component):
    """Counts to ``most`` and begins again."""

    def __init__(self, most):
        self.most = most
        super().__init__({"step": In(1), "count": Out(5)})

    def elaborate(self, platform):
        m = Module()
        with m.If(self.step & (self.count == self.most)):
            m.d.sync += self.count.eq(0)
        with m.Elif(self.step):
            m.d.sync += self.count.eq(self.count + 1)
        return m


class Multiplier(wiring.Component):
    """``a * b`` behind two registers; with ``feedback``, of the product before."""

    def __init__(self, feedback=False):
        self.feedback = feedback
        super().__init__({"a": In(4), "b": In(4), "product": Out(8)})

    def elaborate(self, platform):
        m = Module()
        first = Signal(8)
        m.d.sync += [first.eq(self.a * self.b), self.product.eq(first)]
        if self.feedback:
            m.d.sync += first.eq(self.a * self.product)
        return m


@pytest.mark.parametrize("method", [Method.PROOF, Method.INDUCTION])
@pytest.mark.parametrize(("most", "verdict"), [(20, Verdict.HOLDS), (21, Verdict.FAILS)])
def test_proof_without_a_bound(folder, most, verdict, method):
    harness = Harness(Counter(most))
    harness.check(harness.component.count != 21)
    assert solve(harness.design(), method, folder).verdict is verdict


@pytest.mark.parametrize(("helped", "verdict"), [(True, Verdict.HOLDS), (False, Verdict.OPEN)])
def test_induction_needs_what_keeps_it_off_states_that_are_not_reached(folder, helped, verdict):
    harness = Harness(Counter(20))
    count = harness.component.count
    harness.check(count != 25, helper=count <= 20 if helped else None)
    assert solve(harness.design(), Method.INDUCTION, folder).verdict is verdict


def test_a_helper_is_proved_along(folder):
    for most, verdict in ((20, Verdict.HOLDS), (21, Verdict.FAILS)):
        harness = Harness(Counter(most))
        count = harness.component.count
        harness.check(count != 25, when=harness.component.step, helper=count <= 20)
        assert solve(harness.design(), Method.INDUCTION, folder).verdict is verdict


@pytest.mark.parametrize(("surplus", "verdict"), [(0, Verdict.HOLDS), (1, Verdict.FAILS)])
def test_function_without_registers(folder, surplus, verdict):
    harness = Harness(Multiplier())
    block = harness.component
    expected = block.a * block.b + (surplus & (block.a == 15) & (block.b == 15))
    harness.check(block.product == expected)
    design = harness.design(reset=False)
    assert solve(design, Method.FUNCTION, folder).verdict is verdict


def test_function_with_feedback_is_refused(folder):
    harness = Harness(Multiplier(feedback=True))
    harness.check(harness.component.product == 0)
    with pytest.raises(ToolError, match=r"^yosys refused work, its log is "):
        solve(harness.design(reset=False), Method.FUNCTION, folder)


def test_what_was_left_in_the_folder_plays_no_part(folder):
    for most, verdict in ((20, Verdict.HOLDS), (21, Verdict.FAILS)):
        harness = Harness(Counter(most))
        harness.check(harness.component.count != 21)
        assert solve(harness.design(), Method.PROOF, folder).verdict is verdict
    with pytest.raises(ToolError):
        solve("module nonsense", Method.PROOF, folder)
    assert not (folder / "status.txt").exists()


def test_a_cut_part_may_be_anything(folder):
    class Two(wiring.Component):
        """A counter that never says 21, and its count."""

        count: Out(5)

        def elaborate(self, platform):
            m = Module()
            m.submodules.counter = counter = Counter(20)
            m.d.comb += [counter.step.eq(1), self.count.eq(counter.count)]
            return m

    for cut, verdict in ((False, Verdict.HOLDS), (True, Verdict.FAILS)):
        harness = Harness(Two())
        if cut:
            harness.cut("counter")
        harness.check(harness.component.count != 21)
        assert solve(harness.design(), Method.PROOF, folder).verdict is verdict


def test_what_a_removed_component_drove_is_anything_or_what_drives_it(folder):
    class Two(wiring.Component):
        """A counter that never says 21, and its count."""

        count: Out(5)

        def elaborate(self, platform):
            m = Module()
            m.submodules.counter = counter = Counter(20)
            m.d.comb += self.count.eq(counter.count)
            return m

    for driven, verdict in ((True, Verdict.HOLDS), (False, Verdict.FAILS)):
        harness = Harness(Two())
        counter = harness.stand_in("counter")
        if driven:
            harness.drive(counter.count, 20)
        harness.check(harness.component.count != 21)
        assert solve(harness.design(reset=False), Method.FUNCTION, folder).verdict is verdict


def test_a_constant_stays_and_may_be_anything(folder):
    for value, verdict in ((None, Verdict.HOLDS), (13, Verdict.FAILS)):
        harness = Harness(Counter(20))
        constant = harness.constant(4, "constant")
        if value is None:
            started = harness.past(1, "started")
            harness.check(constant == harness.past(constant, "before"), when=started)
        else:
            harness.check(constant != value)
        assert solve(harness.design(), Method.PROOF, folder).verdict is verdict


@pytest.mark.parametrize(("most", "verdict"), [(21, Verdict.HOLDS), (20, Verdict.FAILS)])
def test_a_state_is_reached(folder, most, verdict):
    def build(mutant):
        harness = Harness(Counter(most))
        harness.check(harness.component.count != 21)
        return harness

    reaches = Property(
        component="Counter",
        name="reaches",
        statement="it reaches 21",
        method=Method.PROOF,
        harness=build,
        reaches=True,
    )
    assert decide(reaches, build=folder).answer.verdict is verdict


def test_paths_that_name_nothing_are_refused():
    harness = Harness(SkidBuffer(4))
    names = "full, i__payload, i__ready, i__valid, kept, o__payload, o__ready, o__valid, payload"
    with pytest.raises(
        ValueError, match=re.escape(f"path must name one signal of {names}, not 'word'")
    ):
        harness.opened.signal("word")
    with pytest.raises(
        ValueError, match=r"^path must name a signal that is driven there, not 'i__valid'$"
    ):
        harness.opened.override("i__valid", 0)


def test_a_part_of_a_port_is_refused():
    harness = Harness(SkidBuffer(4))
    with pytest.raises(ValueError, match=r"^port must be a whole one, not \(slice .*\)$"):
        harness.drive(harness.component.i.payload[1:], 0)


def test_a_design_with_an_output_is_refused(folder):
    harness = Harness(SkidBuffer(4))
    harness.m.d.comb += harness.component.i.payload[1:].eq(0)
    harness.check(1)
    with pytest.raises(ToolError, match=r"^work must have no output, not 4$"):
        solve(harness.design(), Method.PROOF, folder)


def test_states_by_their_names():
    class Turns(wiring.Component):
        """A machine of two states."""

        step: In(1)

        def elaborate(self, platform):
            m = Module()
            with m.FSM():
                with m.State("first"):
                    with m.If(self.step):
                        m.next = "second"
                with m.State("second"):
                    m.next = "first"
            return m

    opened = Harness(Turns()).opened
    assert repr(opened.state("fsm_state", "second")) == "(== (sig fsm_state) (const 1'd1))"
    with pytest.raises(ValueError, match=r"^name must be one of first, second, not 'third'$"):
        opened.state("fsm_state", "third")
