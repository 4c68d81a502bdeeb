# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of a self-test as lines of text."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.self_test import ROUND_DIGITS, WORD_DIGITS, SelfTestPlan
from macaw.hw.self_test.self_test import report_layout

__all__ = ["ReportText"]

#: What stands at a place of a line: a character; or a digit, whose ``code`` says whether it is left
#: out while it and those before it are zero. ``last`` ends the line.
_PLACE = data.StructLayout({"code": 7, "digit": 1, "last": 1})

_CRC_DIGITS = 8


def _places(plan: SelfTestPlan, verdict: str) -> list[dict[str, int]]:
    """The places of a line with this ``verdict``."""

    def text(words):
        return [{"code": ord(each), "digit": 0, "last": 0} for each in words]

    def digits(count, leading=False):
        return [
            {"code": int(leading and place < count - 1), "digit": 1, "last": 0}
            for place in range(count)
        ]

    places = [
        *text(f"macaw {plan.version} {plan.config.name} {plan.config.digest} layer "),
        *digits(1),
        *text(" crc "),
        *digits(_CRC_DIGITS),
        *text(" words "),
        *digits(WORD_DIGITS, leading=True),
        *text(f" {verdict} "),
        *digits(plan.cycle_digits, leading=True),
        *text(" cycles round "),
        *digits(ROUND_DIGITS, leading=True),
        *text("\r\n"),
    ]
    places[-1]["last"] = 1
    return places


class ReportText(wiring.Component):
    """Writes reports as lines such as ``macaw 0.1.0 tiny 0123456789ab layer 1 crc 89abcdef words
    240 pass 12345 cycles round 7``, each ended by CR and LF.

    The beginning is that of ``plan``: version, configuration, digest. A line takes longer than a
    layer, so not every report is written: after a layer's line comes that of the next layer of the
    round, of whatever round. The report of a failure is written again and again.

    Members
    -------
    report : In(report_layout(plan))
        The current report, while ``judged`` or ``failed``.
    judged : In(1)
        A layer has passed.
    failed : In(1)
        A layer has failed, and no other one comes.
    characters : Out(stream.Signature(8))
        The text.
    """

    def __init__(self, plan: SelfTestPlan):
        self._plan = instance("plan", plan, SelfTestPlan)
        super().__init__(
            {
                "report": In(report_layout(plan)),
                "judged": In(1),
                "failed": In(1),
                "characters": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        plan, report = self._plan, self.report
        lines = [_places(plan, verdict) for verdict in ("fail", "pass")]
        place = Signal(range(len(lines[0])))
        # A line begins where its number of places has room.
        room = 1 << len(place)
        filled = [line + [{}] * (room - len(line)) for line in lines]
        m.submodules.memory = text = memory.Memory(
            shape=_PLACE, depth=2 * room, init=[each for line in filled for each in line]
        )
        read = text.read_port(domain="sync")
        here = Signal()
        writing = Signal()
        passed = Signal()
        m.d.comb += [read.en.eq(1), read.addr.eq(Cat(place, passed))]

        # The digits in the order of the line, the first one at the upper end.
        shown = Cat(report.round, report.cycles, report.words, report.crc, report.layer)
        digits = Signal(len(shown), reset_less=True)
        digit = digits[-4:]
        wanted = Signal(range(plan.layers + 1), init=1)
        # A zero that leads a decimal number is left out.
        counting, skip, goes_on = Signal(), Signal(), Signal()
        m.d.comb += [
            skip.eq(read.data.digit & read.data.code[0] & ~counting & (digit == 0)),
            self.characters.valid.eq(writing & here & ~skip),
            goes_on.eq(here & (skip | self.characters.ready)),
        ]
        with m.If(read.data.digit):
            letter = digit + (ord("a") - 10)
            m.d.comb += self.characters.payload.eq(Mux(digit < 10, digit + ord("0"), letter))
        with m.Else():
            m.d.comb += self.characters.payload.eq(read.data.code)

        with m.If(~writing):
            m.d.sync += here.eq(0)
            with m.If(self.failed | (self.judged & (report.layer == wanted))):
                m.d.sync += [
                    digits.eq(shown),
                    passed.eq(report.passed),
                    wanted.eq(Mux(wanted == plan.layers, 1, wanted + 1)),
                    writing.eq(1),
                ]
        with m.Elif(goes_on):
            m.d.sync += [
                here.eq(0),
                place.eq(Mux(read.data.last, 0, place + 1)),
                writing.eq(~read.data.last),
                counting.eq(read.data.digit & ~skip),
            ]
            with m.If(read.data.digit):
                m.d.sync += digits.eq(digits << 4)
        with m.Else():
            m.d.sync += here.eq(1)
        return m
