# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a plan's layers on a compute core, and judges each of them."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from macaw.arch.checks import instance
from macaw.arch.self_test import CYCLE_DIGITS, MessageKind, SelfTestPlan
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.self_test.decimal_counter import DecimalCounter
from macaw.hw.self_test.messages import MessageReader
from macaw.hw.self_test.random_words import RandomWords
from macaw.hw.self_test.result_checksum import ResultChecksum

__all__ = ["REPORT", "SelfTest"]

_WORD_DIGITS = 6
_ROUND_DIGITS = 8

#: What is known of a layer when it is done: its place in the round, the checksum of its result,
#: the result's words, the cycles from its first image word to its last result word, the round,
#: and whether all was as expected. Counts are decimal, the lowest digit first.
REPORT = data.StructLayout(
    {
        "layer": 4,
        "crc": 32,
        "words": data.ArrayLayout(4, _WORD_DIGITS),
        "cycles": data.ArrayLayout(4, CYCLE_DIGITS),
        "round": data.ArrayLayout(4, _ROUND_DIGITS),
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
    report : Out(REPORT)
        Of the layer that was judged last.
    judged : Out(1)
        `report` is new; for one clock.
    passed : Out(1)
        A whole round has passed, and nothing has failed.
    failed : Out(1)
        A layer has failed.
    """

    def __init__(self, plan: SelfTestPlan, core: wiring.Component | None = None):
        self._plan = instance("plan", plan, SelfTestPlan)
        self._core = instance("core", core or Conv2dCore(plan.config), wiring.Component)
        super().__init__(
            {"report": Out(REPORT), "judged": Out(1), "passed": Out(1), "failed": Out(1)}
        )

    def elaborate(self, platform):
        m = Module()
        plan, lanes = self._plan, self._plan.config.array.lanes
        m.submodules.core = core = self._core
        m.submodules.reader = reader = MessageReader(plan)
        m.submodules.random = random = RandomWords(lanes)
        m.submodules.checksum = checksum = ResultChecksum(plan.config)
        m.submodules.cycles = cycles = DecimalCounter(CYCLE_DIGITS)
        m.submodules.words = words = DecimalCounter(_WORD_DIGITS)
        m.submodules.rounds = rounds = DecimalCounter(_ROUND_DIGITS)

        expected = Signal.like(checksum.expectation, reset_less=True)
        image_left = Signal.like(expected.image_words)
        last_cycles = Signal.like(self.report.cycles)
        begun, result_before, first_layer = Signal(), Signal(), Signal()
        waited = Signal(range(plan.timeout_cycles + 1))
        late = Signal()
        drained = Signal(range(checksum.latency + 2))
        image_moves, result_moves = Signal(), Signal()

        # What the messages write to the core. Others than the current kind see no valid.
        begin = Signal()
        message, kind = reader.message, reader.message.payload.kind
        loading = Signal()
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
            if each is not MessageKind.WEIGHTS:
                m.d.comb += stream.payload.eq(reader.payload(each))
        beat = reader.payload(MessageKind.WEIGHTS)
        m.d.comb += [
            core.weights.payload.address.eq(beat.address),
            *(
                core.weights.payload.data[lane].eq(Mux(beat.mask[lane], random.word[lane], 0))
                for lane in range(lanes)
            ),
            begin.eq(loading & message.valid & (kind == MessageKind.EXPECTATION)),
            message.ready.eq(begin | Cat(moves.values()).any()),
        ]

        # An expectation begins a layer, the first one of a round begins the random bytes as well.
        now = reader.payload(MessageKind.EXPECTATION)
        m.d.comb += [
            first_layer.eq(now.layer == 0),
            checksum.expectation.eq(expected),
            checksum.clear.eq(begin),
            cycles.clear.eq(begin),
            words.clear.eq(begin),
            rounds.enable.eq(begin & first_layer),
            random.restart.eq(begin & first_layer),
            random.step.eq(moves[MessageKind.WEIGHTS] | image_moves),
        ]

        # The image goes in, the result comes out.
        m.d.comb += [
            core.image.payload.eq(random.word),
            image_moves.eq(core.image.valid & core.image.ready),
            result_moves.eq(core.result.valid & core.result.ready),
            checksum.word.eq(core.result.payload),
            checksum.valid.eq(result_moves),
            words.enable.eq(result_moves),
            cycles.enable.eq(begun | image_moves),
        ]
        m.d.sync += result_before.eq(result_moves)
        with m.If(image_moves):
            m.d.sync += [begun.eq(1), image_left.eq(image_left - 1)]
        with m.If(result_before):
            m.d.sync += last_cycles.eq(cycles.count)
        with m.If(begin):
            m.d.sync += [
                expected.eq(now),
                image_left.eq(now.image_words),
                last_cycles.eq(0),
                begun.eq(0),
            ]

        m.d.sync += self.judged.eq(0)
        good = Signal()
        m.d.comb += good.eq(
            (checksum.crc == expected.crc)
            & (checksum.words == expected.result_words)
            & (image_left == 0)
            & ~late
        )
        # Once late, a layer stays late.
        with m.If(~late):
            m.d.sync += [waited.eq(waited + 1), late.eq(waited == plan.timeout_cycles - 1)]
        with m.FSM():
            with m.State("load"):
                m.d.comb += loading.eq(1)
                with m.If(late):
                    m.next = "judge"
                with m.Elif(moves[MessageKind.DESCRIPTOR]):
                    m.next = "run"
            with m.State("run"):
                m.d.comb += [core.image.valid.eq(image_left != 0), core.result.ready.eq(1)]
                m.d.sync += drained.eq(0)
                # An idle core has sent its last result.
                with m.If(late):
                    m.next = "judge"
                with m.Elif(core.idle):
                    m.next = "drain"
            with m.State("drain"):
                m.d.comb += core.result.ready.eq(1)
                m.d.sync += drained.eq(drained + 1)
                with m.If(drained == checksum.latency + 1):
                    m.next = "judge"
            with m.State("judge"):
                m.d.sync += [
                    self.report.layer.eq(expected.layer),
                    self.report.crc.eq(checksum.crc),
                    self.report.words.eq(words.count),
                    self.report.cycles.eq(last_cycles),
                    self.report.round.eq(rounds.count),
                    self.report.passed.eq(good),
                    self.judged.eq(1),
                    waited.eq(0),
                ]
                with m.If(good):
                    m.d.sync += late.eq(0)
                    with m.If(expected.layer == plan.layers - 1):
                        m.d.sync += self.passed.eq(1)
                    m.next = "load"
                with m.Else():
                    m.d.sync += [self.passed.eq(0), self.failed.eq(1)]
                    m.next = "stop"
            with m.State("stop"):
                pass
        return m
