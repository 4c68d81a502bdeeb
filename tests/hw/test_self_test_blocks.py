# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The blocks of the self-test, each against a model of its own."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import preset
from macaw.arch.self_test import Message, MessageKind, SelfTestPlan
from macaw.hw.self_test import SelfTest, SelfTestTop
from macaw.hw.self_test.decimal_counter import DecimalCounter
from macaw.hw.self_test.messages import MessageReader, message_layouts, message_words
from macaw.hw.self_test.random_words import RandomWords
from macaw.hw.self_test.report_text import ReportText
from macaw.hw.self_test.result_checksum import ResultChecksum
from macaw.hw.self_test.uart import UartTransmitter
from macaw.sim.vectors import apply

SEED = 20261125
TINY = preset("tiny")
EXPECTATION = {
    "layer": 0, "image_words": 9, "result_words": 6, "row_words": 1, "last_bytes": 7, "crc": 1,
}  # fmt: skip


def xorshift(state):
    """One step of a generator, by Python's integers."""
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ state << 5 & 0xFFFFFFFF


def test_random_words():
    rng = np.random.default_rng(SEED)
    restart, step = rng.random(500) < 0.02, rng.random(500) < 0.7
    found = apply(RandomWords(16), {"restart": restart, "step": step}, latency=0)["word"]
    seeds = [int(index * 2**32 / 1.618033988749895) % 2**32 for index in range(1, 5)]
    first = found[0].view("<u4").tolist()
    assert all(abs(a - b) < 2**12 for a, b in zip(first, seeds, strict=True))
    states = first
    for clock, word in enumerate(found):
        assert word.view("<u4").tolist() == states, f"clock {clock}"
        if restart[clock]:
            states = first
        elif step[clock]:
            states = [xorshift(state) for state in states]


def test_decimal_counter():
    rng = np.random.default_rng(SEED)
    clear, enable = rng.random(4000) < 0.0005, rng.random(4000) < 0.9
    inputs = {"clear": clear, "enable": enable}
    digits = apply(DecimalCounter(3), inputs, latency=0)["count"].astype(int)
    count, wraps = 0, 0
    for clock in range(4000):
        assert digits[clock] @ [1, 10, 100] == count, f"clock {clock}"
        wraps += count == 999
        count = 0 if clear[clock] else (count + int(enable[clock])) % 1000
    assert wraps


@pytest.mark.parametrize("bit_cycles", [2, 7])
def test_uart(bit_cycles):
    """Each bit has its clocks, and a byte that waits follows without a gap."""
    rng = np.random.default_rng(SEED)
    valid = np.repeat(rng.random(100) < 0.6, 9 * bit_cycles)
    payload = rng.integers(0, 256, len(valid), np.uint8)
    inputs = {"bytes__payload": payload, "bytes__valid": valid}
    found = apply(UartTransmitter(bit_cycles), inputs, latency=0)
    line, left = [], 0
    for clock in range(len(valid)):
        ready = left == 0
        assert found["bytes__ready"][clock] == ready, f"clock {clock}"
        bits = line[-left] if left else 1
        assert found["tx"][clock] == bits, f"clock {clock}"
        if not ready:
            left -= 1
        elif valid[clock]:
            frame = [0, *(int(payload[clock]) >> bit & 1 for bit in range(8)), 1]
            line = [bit for bit in frame for _ in range(bit_cycles)]
            left = len(line)
    assert found["bytes__ready"].sum() > 20


def test_checksum():
    """Of rows of two words, whose last word has three bytes; and words beyond the expected ones."""
    rng = np.random.default_rng(SEED)
    count = 400
    clear, valid = rng.random(count) < 0.05, rng.random(count) < 0.5
    clear[0] = True
    words = rng.integers(0, 256, (count, 8), np.uint8)
    expectation = {name: np.full(count, value) for name, value in EXPECTATION.items()}
    inputs = {"expectation": expectation, "clear": clear, "valid": valid, "word": words}
    checksum = ResultChecksum(TINY)
    found = apply(checksum, inputs, latency={"crc": checksum.latency, "words": 1})
    text, number, most = b"", 0, 0
    for clock in range(count):
        if clear[clock]:
            text, number = b"", 0
        elif valid[clock]:
            text += (
                words[clock].tobytes()
                if number % 2 == 0
                else words[clock, :3].tobytes() + b"\0" * 5
            )
            number += 1
        most = max(most, number)
        if clock + 1 < count and not clear[clock + 1]:
            assert found["crc"][clock] == zlib.crc32(text), f"clock {clock}"
        assert found["words"][clock] == min(number, EXPECTATION["result_words"] + 1)
    assert most > EXPECTATION["result_words"] + 1


def messages():
    rng = np.random.default_rng(SEED)
    found = []
    for kind in (0, 3, 3, 2, 1, 4, 3):
        layout = message_layouts(TINY)[MessageKind(kind)]
        bits = int.from_bytes(rng.bytes(64)) % (1 << layout.size)
        found.append(Message(kind=MessageKind(kind), values=values(layout.from_bits(bits))))
    return tuple(found)


def values(constant):
    """A constant of a structure as a dictionary."""
    found = {}
    for name, field in constant.shape():
        value = constant[name]
        found[name] = (
            values(value) if hasattr(value, "shape") and hasattr(field.shape, "members") else value
        )
    return found


def make_plan(**changes):
    first = Message(kind=MessageKind.EXPECTATION, values=EXPECTATION)
    fields = {"config": TINY, "version": "0.1.0", "messages": (first,), "timeout_cycles": 100}
    return SelfTestPlan(**fields | changes)


@pytest.mark.parametrize("stall", [0, 0.6])
def test_messages_are_read_for_ever(stall):
    plan = make_plan(messages=messages())
    memory = message_words(plan.messages, TINY)
    ready = np.random.default_rng(SEED).random(6 * len(memory)) >= stall
    found = apply(MessageReader(plan), {"message__ready": ready}, latency=0)
    taken = found["message__valid"].astype(bool) & ready
    assert taken.sum() > 2 * len(plan.messages)
    for number, clock in enumerate(np.flatnonzero(taken)):
        message = plan.messages[number % len(plan.messages)]
        assert found["message__payload"]["kind"][clock] == message.kind, f"message {number}"
        bits = int.from_bytes(found["message__payload"]["payload"][clock].tobytes(), "little")
        layout = message_layouts(TINY)[message.kind]
        words = -(-layout.size // 32)
        # The last words to come in are the highest ones.
        bits >>= 8 * found["message__payload"]["payload"].shape[1] - 32 * words
        assert bits == layout.const(message.values).as_bits(), f"message {number}"
    if not stall:
        # Two clocks a word, and one to be taken.
        clocks = np.flatnonzero(taken)
        assert clocks[7] - clocks[0] == 2 * len(memory) + 7


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"config": "tiny"}, TypeError, "config must be an AcceleratorConfig, not 'tiny'"),
        ({"version": 1}, TypeError, "version must be a str, not 1"),
        ({"messages": []}, TypeError, r"messages must be a tuple, not \[\]"),
        ({"messages": ()}, ValueError, "layers must be in 1 ... 9, not 0"),
        ({"timeout_cycles": 0}, ValueError, "timeout_cycles must be in 1 ... 99999999, not 0"),
    ],
)
def test_plan_refuses(changes, error, sentence):
    with pytest.raises(error, match=f"^{sentence}$"):
        make_plan(**changes)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: UartTransmitter(1), ValueError, "bit_cycles must be in 2 ... 65536, not 1"),
        (lambda: DecimalCounter(0), ValueError, "digits must be in 1 ... 16, not 0"),
        (lambda: MessageReader(1), TypeError, "plan must be a SelfTestPlan, not 1"),
        (lambda: ReportText(1), TypeError, "plan must be a SelfTestPlan, not 1"),
        (lambda: SelfTest(1), TypeError, "plan must be a SelfTestPlan, not 1"),
        (lambda: SelfTest(make_plan(), 1), TypeError, "core must be a Component, not 1"),
        (lambda: ResultChecksum(1), TypeError, "config must be an AcceleratorConfig, not 1"),
        (
            lambda: SelfTestTop(make_plan(), clock_hz=100_000),
            ValueError,
            "baud must be in 1 ... 50000, not 115200",
        ),
    ],
)
def test_blocks_refuse(make, error, sentence):
    with pytest.raises(error, match=f"^{sentence}$"):
        make()


def test_bit_is_rounded():
    assert SelfTestTop(make_plan(), clock_hz=75_000_000).bit_cycles == 651
    assert SelfTestTop(replace(make_plan()), clock_hz=12_000_000, baud=9600).bit_cycles == 1250
