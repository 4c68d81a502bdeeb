# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The blocks of the self-test, each against a model of its own."""

import zlib
from dataclasses import replace
from functools import reduce
from itertools import groupby
from operator import xor

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
    "image_words": 9, "result_words": 0x012, "row_words": 1, "last_bytes": 7, "crc": 1,
}  # fmt: skip


def next_cells(state, constant):
    """One step of a generator, cell by cell."""
    cells = [state >> index & 1 for index in range(32)]
    own = [0x1FE68F02 >> index & 1 for index in range(32)]
    around = [0, *cells, 0]
    return sum(
        (around[i] ^ around[i + 2] ^ (own[i] & cells[i]) ^ (constant >> i & 1)) << i
        for i in range(32)
    )


def test_random_words():
    rng = np.random.default_rng(SEED)
    restart, step = rng.random(500) < 0.02, rng.random(500) < 0.7
    found = apply(RandomWords(16), {"restart": restart, "step": step}, latency=0)["word"]
    constants = [index * 0x9E3779B9 % 2**32 for index in range(1, 5)]
    ratio = [int(index * 2**32 / 1.618033988749895) % 2**32 for index in range(1, 5)]
    assert all(abs(a - b) < 2**12 for a, b in zip(constants, ratio, strict=True))
    states = [0] * 4
    for clock, word in enumerate(found):
        assert word.view("<u4").tolist() == states, f"clock {clock}"
        if restart[clock]:
            states = [0] * 4
        elif step[clock]:
            states = [next_cells(*pair) for pair in zip(states, constants, strict=True)]


def test_random_words_have_the_longest_period():
    """A step without its constant is linear: it comes back after 2**32 - 1 steps, and after no
    number that divides it; and with the constant as late, since one state stays as it is."""
    longest = 2**32 - 1

    def after(steps):
        """Where each cell alone leads in so many steps."""
        once, result = [next_cells(1 << i, 0) for i in range(32)], [1 << i for i in range(32)]
        while steps:
            if steps & 1:
                result = [apply_to(once, state) for state in result]
            once = [apply_to(once, state) for state in once]
            steps >>= 1
        return result

    def apply_to(images, state):
        return reduce(xor, (images[i] for i in range(32) if state >> i & 1), 0)

    same = [1 << i for i in range(32)]
    factors = (3, 5, 17, 257, 65537)
    assert np.prod(factors, dtype=np.int64) == longest
    assert after(longest) == same
    assert all(after(longest // factor) != same for factor in factors)


@pytest.mark.parametrize("start", [0, 7])
def test_decimal_counter(start):
    rng = np.random.default_rng(SEED)
    clear, enable = rng.random(4000) < 0.0005, rng.random(4000) < 0.9
    inputs = {"clear": clear, "enable": enable}
    digits = apply(DecimalCounter(3, start=start), inputs, latency=0)["count"].astype(int)
    count, wraps = start, 0
    for clock in range(4000):
        assert digits[clock] @ [1, 10, 100] == count, f"clock {clock}"
        wraps += count == 999
        count = start if clear[clock] else (count + int(enable[clock])) % 1000
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


ONE_LANE = replace(TINY, requantizer=replace(TINY.requantizer, lanes=1))
STEPPED = preset("up5k")


@pytest.mark.parametrize(
    ("config", "parts"), [(preset("ecp5_85f"), 1), (TINY, 4), (ONE_LANE, 8), (STEPPED, 16)]
)
def test_checksum(config, parts):
    """Of rows of two words, whose last word has three bytes; a word stays until it is taken, with
    pauses before it; and the number of words, right once."""
    rng = np.random.default_rng(SEED)
    checksum = ResultChecksum(config)
    assert checksum.parts == parts
    lanes, count = config.array.lanes, 40 * parts + 200
    words = rng.integers(0, 256, (count, lanes), np.uint8)
    valid, clear, enable = (np.zeros(count, bool) for _ in range(3))
    shown, texts, numbers = np.zeros((count, lanes), np.uint8), [], []
    text, number, part, pause = b"", 0, 0, 0
    for clock in range(count):
        clear[clock] = part == 0 and (clock == 0 or rng.random() < 0.01)
        if clear[clock]:
            text, number = b"", 0
        elif pause:
            pause -= 1
            valid[clock] = rng.random() < 0.5  # while it is not enabled
        else:
            valid[clock] = enable[clock] = True
            shown[clock] = words[number]
            part += 1
            if part == parts:
                used = lanes if number % 2 == 0 else 3
                text += words[number, :used].tobytes() + b"\0" * (lanes - used)
                number, part, pause = number + 1, 0, rng.integers(0, 2)
        texts.append(None if part else text)
        numbers.append(number)
    expectation = {name: np.full(count, value) for name, value in EXPECTATION.items()}
    inputs = {
        "expectation": expectation, "clear": clear, "enable": enable, "result__valid": valid,
        "result__payload": shown,
    }  # fmt: skip
    latency = {"crc": checksum.latency, "words": 1, "complete": 1, "result__ready": 0}
    found = apply(checksum, inputs, latency=latency)
    for clock in range(count - 1):
        # In the clock in which it is cleared the last part is still on its way.
        if texts[clock] is not None and not clear[clock + 1]:
            assert found["crc"][clock] == zlib.crc32(texts[clock]), f"clock {clock}"
        digits = found["words"][clock].astype(int) @ [1, 10, 100]
        assert digits == numbers[clock], f"clock {clock}"
        assert found["complete"][clock] == (digits == 12)
    taken = found["result__ready"].astype(bool) & valid
    assert taken.sum() == sum(np.diff([0, *numbers]) > 0)
    assert max(numbers) > 13


def messages():
    rng = np.random.default_rng(SEED)
    found = []
    for kind in (0, 0, 1, 2, 2, 2, 3, 4, 2):
        layout = message_layouts(TINY)[MessageKind(kind)]
        bits = int.from_bytes(rng.bytes(64)) % (1 << layout.size)
        found.append(Message(kind=MessageKind(kind), values=values(layout.from_bits(bits))))
        if kind == MessageKind.WEIGHTS:
            found[-1].values["more"] = (0, 2, 255, 1)[len(found) % 4]
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
    fields = {"config": TINY, "version": "0.1.0", "messages": (first,), "timeout_bits": 7}
    return SelfTestPlan(**fields | changes)


@pytest.mark.parametrize("stall", [0, 0.6])
def test_messages_are_read_for_ever(stall):
    plan = make_plan(messages=messages())
    memory = message_words(plan.messages, TINY)
    ready = np.random.default_rng(SEED).random(8 * len(memory) + 1600) >= stall
    found = apply(MessageReader(plan), {"message__ready": ready}, latency=0)
    taken = found["message__valid"].astype(bool) & ready
    expected = []
    for kind, run in groupby(plan.messages, key=lambda message: message.kind):
        address = 0
        for message in run:
            for _ in range(message.values.get("more", 0) + 1):
                expected.append((kind, address, message.values))
                address += 1
    clocks = np.flatnonzero(taken)
    assert len(clocks) > 1.5 * len(expected)
    for number, clock in enumerate(clocks):
        kind, address, message = expected[number % len(expected)]
        payload = {name: found["message__payload"][name][clock] for name in ("kind", "address")}
        assert payload == {"kind": kind, "address": address}, f"message {number}"
        held = found["message__payload"]["payload"][clock]
        bits = int.from_bytes(held.tobytes(), "little")
        layout = message_layouts(TINY)[kind]
        # The last words to come in are the highest ones.
        bits >>= 8 * len(held) - 16 * -(-layout.size // 16)
        bits &= (1 << layout.size) - 1
        assert bits == layout.const(message).as_bits(), f"message {number}"
    if not stall:
        # Two clocks for each word of the memory, and one to be taken.
        room = 1 << (len(memory) - 1).bit_length()
        assert clocks[len(expected)] - clocks[0] == 2 * room + len(expected)
        # Before the first one all the words have been read for nothing.
        assert clocks[0] > 2 * room


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"config": "tiny"}, TypeError, "config must be an AcceleratorConfig, not 'tiny'"),
        ({"version": 1}, TypeError, "version must be a str, not 1"),
        ({"messages": []}, TypeError, r"messages must be a tuple, not \[\]"),
        ({"messages": ()}, ValueError, "layers must be in 1 ... 9, not 0"),
        ({"timeout_bits": 0}, ValueError, "timeout_bits must be in 1 ... 32, not 0"),
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
        (lambda: DecimalCounter(1, start=10), ValueError, "start must be in 0 ... 9, not 10"),
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
