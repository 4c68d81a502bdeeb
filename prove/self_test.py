# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The streams of the self-test: its messages, its text, and the line that carries it."""

from functools import partial

from amaranth.hdl import Mux, Signal

from macaw.arch import preset
from macaw.arch.self_test import Message, MessageKind, SelfTestPlan
from macaw.hw.self_test.messages import MessageReader
from macaw.hw.self_test.report_text import ReportText
from macaw.hw.self_test.result_checksum import ResultChecksum
from macaw.hw.self_test.uart import UartTransmitter
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.streams import KEEPS, keeps

__all__ = ["SELF_TEST"]

_TINY = preset("tiny")

#: A plan of one layer; what its messages say matters to no stream.
_PLAN = SelfTestPlan(
    config=_TINY,
    version="0",
    messages=(Message(kind=MessageKind.EXPECTATION, values={}),),
    timeout_bits=1,
)


def _messages(mutant: bool) -> Harness:
    harness = Harness(MessageReader(_PLAN))
    message = harness.component.message
    if mutant:
        harness.opened.override("shown", 0, when=~message.ready)
    keeps(harness, message)
    return harness


def _text(mutant: bool) -> Harness:
    harness = Harness(ReportText(_PLAN))
    characters = harness.component.characters
    if mutant:
        harness.opened.override("writing", 0, when=~characters.ready)
    keeps(harness, characters)
    return harness


def _line(mutant: bool) -> Harness:
    harness = Harness(UartTransmitter(3))
    bits, left = harness.opened.signal("bits"), harness.opened.signal("left")
    if mutant:
        harness.opened.override("bits", bits >> 1, when=harness.opened.signal("clocks") == 0)
    # What helps the proof: behind the bits that are left there are ones.
    good = left <= len(bits)
    for count in range(len(bits)):
        good &= (left != count) | bits[count:].all()
    harness.check(good & (harness.component.tx | (left != 0)))
    return harness


def _checksum(mutant: bool) -> Harness:
    """Words that stay until they are taken, within one result."""
    harness = Harness(ResultChecksum(_TINY))
    checksum = harness.component
    harness.drive(checksum.clear, 0)
    harness.drive(checksum.enable, 1)
    harness.offer(checksum.result, "word")
    if mutant:
        harness.opened.override("part", 0, when=harness.free(1, "again"))
    waited = Signal(range(checksum.parts))
    stream = checksum.result
    harness.m.d.sync += waited.eq(Mux(stream.valid & ~stream.ready, waited + 1, 0))
    harness.check(stream.ready == (waited == checksum.parts - 1), when=stream.valid)
    return harness


_of = partial(stated, config=_TINY)

#: The properties of the self-test's blocks.
SELF_TEST = (
    _of("MessageReader", "output stays", KEEPS, _messages, "one message"),
    _of("ReportText", "output stays", KEEPS, _text),
    _of(
        "ResultChecksum",
        "parts",
        "a word is taken in the last clock of its parts, and no other",
        _checksum,
    ),
    _of(
        "UartTransmitter",
        "idle line",
        "the line is high while there is nothing to send",
        _line,
        "three clocks a bit",
        config=None,
    ),
)
