# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a plan's layers on a compute core, and judges each of them."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from macaw.arch.checks import instance
from macaw.arch.self_test import ROUND_DIGITS, WORD_DIGITS, MessageKind, SelfTestPlan
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.self_test.decimal_counter import DecimalCounter
from macaw.hw.self_test.messages import MessageReader
from macaw.hw.self_test.random_words import RandomWords
from macaw.hw.self_test.result_checksum import ResultChecksum

__all__ = ["SelfTest", "report_layout"]


def report_layout(plan: SelfTestPlan) -> data.StructLayout:
    """What is known of a layer when it is done: its place in the round, counted from 1, the
    checksum of its result, the result's words, the cycles from its first image word to the last
    result word that was expected, the round, and whether all was as expected. Counts are decimal,
    the lowest digit first."""
    return data.StructLayout(
        {
            "layer": 4,
            "crc": 32,
            "words": data.ArrayLayout(4, WORD_DIGITS),
            "cycles": data.ArrayLayout(4, plan.cycle_digits),
            "round": data.ArrayLayout(4, ROUND_DIGITS),
            "passed": 1,
        }
    )


class SelfTest(wiring.Component):
    """Loads the layers of a plan into a core one after the other, feeds each with a random image,
    and compares checksum and number of the result's words; round after round, until one fails.

    A layer fails by its result, or by not being done in time, be it that the core takes no more
    words or that it gives none. After that nothing happens any more: `report` stays.

    Parameters
    ----------
    plan : SelfTestPlan
        What to do and what to expect.
    core : wiring.Component
        What is tested; by default a `Conv2dCore` of the plan's configuration. Others have the same
        signature.

    Members
    -------
    report : Out(report_layout(plan))
        Of the current layer, while ``judged`` or ``failed``.
    judged : Out(1)
        A layer has passed; for one clock.
    passed : Out(1)
        A whole round has passed, and nothing has failed.
    failed : Out(1)
        A layer has failed.
    """

    def __init__(self, plan: SelfTestPlan, core: wiring.Component | None = None):
        self._plan = instance("plan", plan, SelfTestPlan)
        self._core = instance("core", core or Conv2dCore(plan.config), wiring.Component)
        super().__init__(
            {
                "report": Out(report_layout(plan)),
                "judged": Out(1),
                "passed": Out(1),
                "failed": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        plan, lanes = self._plan, self._plan.config.array.lanes
        m.submodules.core = core = self._core
        m.submodules.reader = reader = MessageReader(plan)
        m.submodules.random = random = RandomWords(lanes)
        m.submodules.checksum = checksum = ResultChecksum(plan.config)
        m.submodules.cycles = cycles = DecimalCounter(plan.cycle_digits)
        m.submodules.rounds = rounds = DecimalCounter(ROUND_DIGITS, start=1)
        loading, running, draining, good = Signal(), Signal(), Signal(), Signal()
        layer, last_layer = Signal(range(plan.layers + 1), init=1), Signal()

        # What the messages write to the core. Others than the current kind see no valid.
        message, kind = reader.message, reader.message.payload.kind
        streams = {
            MessageKind.TABLE: core.table,
            MessageKind.PARAMETERS: core.parameters,
            MessageKind.WEIGHTS: core.weights,
            MessageKind.DESCRIPTOR: core.descriptor,
        }
        moves = {kind: Signal(name=f"{kind.name.lower()}_moves") for kind in streams}
        for each, stream in streams.items():
            here = loading & message.valid & (kind == each)
            m.d.comb += [stream.valid.eq(here), moves[each].eq(here & stream.ready)]
            if each is not MessageKind.DESCRIPTOR:
                m.d.comb += stream.payload.address.eq(message.payload.address)
        mask = reader.payload(MessageKind.WEIGHTS).mask
        m.d.comb += [
            core.table.payload.entry.eq(reader.payload(MessageKind.TABLE).entry),
            core.parameters.payload.parameters.eq(
                reader.payload(MessageKind.PARAMETERS).parameters
            ),
            core.descriptor.payload.eq(reader.payload(MessageKind.DESCRIPTOR)),
            *(
                core.weights.payload.data[lane].eq(Mux(mask[lane], random.word[lane], 0))
                for lane in range(lanes)
            ),
        ]

        # The expectation stands in the reader from behind the descriptor until it is met.
        told = Signal()
        expected = reader.payload(MessageKind.EXPECTATION)
        m.d.comb += [
            told.eq(message.valid & (kind == MessageKind.EXPECTATION)),
            message.ready.eq(Cat(moves.values()).any() | good),
            checksum.expectation.eq(expected),
        ]

        # The image goes in, the result comes out.
        image_words = Signal.like(expected.image_words)
        image_moves, begun = Signal(), Signal()
        wiring.connect(m, core.result, checksum.result)
        m.d.comb += [
            core.image.valid.eq(running & told & (image_words != expected.image_words)),
            core.image.payload.eq(random.word),
            image_moves.eq(core.image.valid & core.image.ready),
            random.step.eq(moves[MessageKind.WEIGHTS] | image_moves),
            random.restart.eq(good & last_layer),
            checksum.enable.eq((running | draining) & told),
            checksum.clear.eq(good),
            cycles.enable.eq((begun | image_moves) & running & ~checksum.complete),
            cycles.clear.eq(good),
            rounds.enable.eq(good & last_layer),
        ]
        with m.If(good):
            m.d.sync += [image_words.eq(0), begun.eq(0)]
        with m.Elif(image_moves):
            m.d.sync += [image_words.eq(image_words + 1), begun.eq(1)]

        # Once late, a layer stays late.
        waited = Signal(plan.timeout_bits + 1)
        late = waited[-1]
        with m.If(good):
            m.d.sync += waited.eq(0)
        with m.Elif(~late):
            m.d.sync += waited.eq(waited + 1)

        met = Signal()
        m.d.comb += [
            met.eq(
                (checksum.crc == expected.crc)
                & checksum.complete
                & (image_words == expected.image_words)
                & ~late
            ),
            last_layer.eq(layer == plan.layers),
            self.report.layer.eq(layer),
            self.report.crc.eq(checksum.crc),
            self.report.words.eq(checksum.words),
            self.report.cycles.eq(cycles.count),
            self.report.round.eq(rounds.count),
            self.report.passed.eq(met),
            self.judged.eq(good),
        ]
        drained = Signal(range(checksum.latency + 2))
        with m.FSM():
            with m.State("load"):
                m.d.comb += loading.eq(1)
                with m.If(late):
                    m.next = "judge"
                with m.Elif(moves[MessageKind.DESCRIPTOR]):
                    m.next = "run"
            with m.State("run"):
                m.d.comb += running.eq(1)
                m.d.sync += drained.eq(0)
                # An idle core has sent its last result.
                with m.If(late):
                    m.next = "judge"
                with m.Elif(told & core.idle):
                    m.next = "drain"
            with m.State("drain"):
                m.d.comb += draining.eq(1)
                m.d.sync += drained.eq(drained + 1)
                with m.If(drained == checksum.latency + 1):
                    m.next = "judge"
            with m.State("judge"):
                with m.If(met):
                    m.d.comb += good.eq(1)
                    m.d.sync += layer.eq(Mux(last_layer, 1, layer + 1))
                    with m.If(last_layer):
                        m.d.sync += self.passed.eq(1)
                    m.next = "load"
                with m.Else():
                    m.d.sync += [self.passed.eq(0), self.failed.eq(1)]
                    m.next = "stop"
            with m.State("stop"):
                pass
        return m
