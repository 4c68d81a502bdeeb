# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of a self-test as lines of text."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.self_test import SelfTestPlan
from macaw.hw.self_test.self_test import REPORT

__all__ = ["ReportText"]


class ReportText(wiring.Component):
    """Writes reports as lines such as ``macaw 0.1.0 tiny 0123456789ab layer 1 crc 89abcdef words
    240 pass 12345 cycles round 7``, each ended by CR and LF.

    The beginning is that of ``plan``: version, configuration, digest. A line takes longer than a
    layer, so not every report is written: after a layer's line comes that of the next layer of the
    round, of whatever round. The report of a failure is written again and again.

    Members
    -------
    report : In(REPORT)
        The current report.
    judged : In(1)
        It is new.
    failed : In(1)
        It is the last one.
    characters : Out(stream.Signature(8))
        The text.
    """

    def __init__(self, plan: SelfTestPlan):
        self._plan = instance("plan", plan, SelfTestPlan)
        super().__init__(
            {
                "report": In(REPORT),
                "judged": In(1),
                "failed": In(1),
                "characters": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        plan = self._plan
        report = Signal.like(self.report, reset_less=True)
        wanted = Signal(range(plan.layers))
        writing = Signal()
        counting = Signal()

        places = self._places(report)
        place = Signal(range(len(places)))
        character = Signal(8)
        digit = Signal(4)
        # A zero that leads a decimal number is left out.
        is_digit = Signal()
        may_skip = Signal()
        skip = Signal()
        with m.Switch(place):
            for index, (kind, value) in enumerate(places):
                with m.Case(index):
                    if kind == "character":
                        m.d.comb += character.eq(value)
                    else:
                        m.d.comb += [digit.eq(value), is_digit.eq(1), may_skip.eq(kind == "lead")]
        m.d.comb += [
            skip.eq(may_skip & ~counting & (digit == 0)),
            self.characters.valid.eq(writing & ~skip),
            self.characters.payload.eq(character),
        ]
        with m.If(is_digit):
            letter = digit + (ord("a") - 10)
            m.d.comb += self.characters.payload.eq(Mux(digit < 10, digit + ord("0"), letter))

        with m.If(~writing):
            m.d.sync += place.eq(0)
            with m.If(self.failed | (self.judged & (self.report.layer == wanted))):
                m.d.sync += [report.eq(self.report), writing.eq(1)]
                m.d.sync += wanted.eq(Mux(wanted == plan.layers - 1, 0, wanted + 1))
        with m.Elif(skip | self.characters.ready):
            m.d.sync += [
                counting.eq(is_digit & (counting | ~skip)),
                place.eq(place + 1),
                writing.eq(place != len(places) - 1),
            ]
        return m

    def _places(self, report: data.View) -> list[tuple[str, Value | int]]:
        """What stands at each place of a line: a ``character``, a ``digit``, or a decimal digit
        that may ``lead`` its number."""

        def text(words):
            return [("character", ord(each)) for each in words]

        def decimal(digits):
            count = len(digits)
            return [
                ("lead" if place else "digit", digits[place]) for place in reversed(range(count))
            ]

        def verdict():
            pairs = zip("pass", "fail", strict=True)
            return [("character", Mux(report.passed, ord(a), ord(b))) for a, b in pairs]

        plan = self._plan
        crc = [("digit", report.crc.word_select(place, 4)) for place in reversed(range(8))]
        return [
            *text(f"macaw {plan.version} {plan.config.name} {plan.config.digest} layer "),
            ("digit", report.layer + 1),
            *text(" crc "),
            *crc,
            *text(" words "),
            *decimal(report.words),
            *text(" "),
            *verdict(),
            *text(" "),
            *decimal(report.cycles),
            *text(" cycles round "),
            *decimal(report.round),
            *text("\r\n"),
        ]
