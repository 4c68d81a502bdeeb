# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Long runs of streams: words, cycles, orders, and every way in which a run fails."""

import re

import numpy as np
import pytest
from sim_designs import Adder, Endless, Inverter, Joined
from sim_mac import DotProducts

from macaw.hw.stream import SkidBuffer
from macaw.sim.compare import Difference, check_equal
from macaw.sim.errors import StreamError, StreamTimeout
from macaw.sim.streams import Transfers, run

SEED = 20261125
WORDS = np.random.default_rng(SEED).integers(0, 1 << 16, 200)


def add(words=WORDS, fault=None, offset=3, count=None, **options):
    """A run of the adder, its words checked against numpy."""
    count = len(words) if count is None else count
    result = run(Adder(fault), {"i": words}, {"o": count}, inputs={"offset": offset}, **options)
    expected = ((words + offset) & 0xFFFF)[:, None]
    check_equal(expected, result.words["o"][:, None], axes=("word", "field"), seed=SEED)
    return result


@pytest.mark.parametrize("pauses", [{}, {"idle": 0.5}, {"stall": 0.5}, {"idle": 0.3, "stall": 0.3}])
def test_words_pass_under_all_pauses(pauses):
    result = add(seed=SEED, **pauses)
    assert result.transfers["i"].words == result.transfers["o"].words == 200
    assert result.outputs == {"count": 200, "last": WORDS[-1]}


def test_cycles_without_pauses():
    result = add()
    assert result.transfers["i"] == Transfers(words=200, first_cycle=1, last_cycle=200)
    assert result.transfers["o"] == Transfers(words=200, first_cycle=2, last_cycle=201)
    assert result.cycles == 202 + 64
    assert result.cycles_per_second == result.cycles / result.seconds


def test_pauses_come_with_their_probability_and_seed():
    words = np.arange(20_000) & 0xFFFF

    def cycles(**options):
        return add(words, **options).transfers["o"].last_cycle

    assert cycles(idle=0.5, seed=1) == cycles(idle=0.5, seed=1) != cycles(idle=0.5, seed=2)
    for probability in (0.1, 0.5, 0.9):
        for pauses in ({"idle": probability}, {"stall": probability}):
            expected = len(words) / (1 - probability)
            spread = 6 * np.sqrt(len(words) * probability) / (1 - probability)
            assert abs(cycles(**pauses, seed=SEED) - expected) < spread, f"seed {SEED}"


def test_pauses_by_name():
    plain = add().transfers
    assert add(idle={}, stall={}).transfers == plain
    assert add(idle={"i": 0.5}).transfers != plain
    assert add(stall={"o": 0.5}).transfers != plain


def test_input_ports_hold_their_values():
    add(offset=-128)


@pytest.mark.parametrize("width", [1, 63, 64, 65, 2048])
def test_words_of_any_width(width):
    generator = np.random.default_rng(SEED)
    size = -(-width // 8)
    words = generator.integers(0, 256, (300, size), dtype=np.uint8)
    words[:, -1] &= 255 >> (-width % 8)
    if width <= 64:
        padded = np.zeros((300, 8), np.uint8)
        padded[:, :size] = words
        words = padded.view("<u8")[:, 0]
    result = run(SkidBuffer(width), {"i": words}, {"o": 300}, idle=0.2, stall=0.2, seed=SEED)
    assert np.array_equal(result.words["o"], words), f"seed {SEED}"


def test_a_source_waits_for_others():
    first, second = np.arange(0, 50), np.arange(50, 100)
    for after, expected in (
        ({"b": ["a"]}, np.arange(100)),
        ({"a": ["b"]}, np.r_[second, first]),
    ):
        result = run(
            Joined(), {"a": first, "b": second}, {"o": 100}, after=after, idle=0.3, seed=SEED
        )
        assert np.array_equal(result.words["o"], expected), f"seed {SEED}"


def test_a_stream_may_send_nothing():
    result = run(Joined(), {"b": [7]}, {"o": 1})
    assert result.words["o"].tolist() == [7]
    assert result.transfers["a"] == Transfers(words=0, first_cycle=None, last_cycle=None)


def test_a_flipped_bit_is_reported_in_coordinates():
    message = (
        "result: 1 of 200 values differ; the first at word 3, field 0: "
        f"expected {WORDS[3] + 3}, got {(WORDS[3] + 3) ^ 0x20} (seed {SEED})"
    )
    with pytest.raises(Difference, match=f"^{re.escape(message)}$"):
        add(fault="flip")


@pytest.mark.parametrize(
    ("fault", "options", "kind", "message"),
    [
        (
            "hang",
            {"quiet_cycles": 500},
            StreamTimeout,
            (
                "no stream moves: source i has sent 4 of 200 words, and the component is not "
                "ready; sink o has 4 of 200 words, and the component sends nothing (seed 1)"
            ),
        ),
        (
            "drop",
            {"quiet_cycles": 500},
            StreamTimeout,
            (
                "no stream moves: sink o has 199 of 200 words, and the component sends nothing "
                "(seed 1)"
            ),
        ),
        (
            None,
            {"timeout_cycles": 100},
            StreamTimeout,
            (
                "not complete: source i has sent 99 of 200 words, and the component is ready; "
                "sink o has 98 of 200 words, and its word is not taken (seed 1)"
            ),
        ),
        ("repeat", {}, StreamError, "stream o sent 1 words more than the 200 expected (seed 1)"),
        (
            "retract",
            {"stall": 0.5},
            StreamError,
            "stream o takes back valid or changes its payload before ready",
        ),
        (
            "change",
            {"stall": 0.5},
            StreamError,
            "stream o takes back valid or changes its payload before ready",
        ),
    ],
)
def test_faults_of_a_component_are_named(fault, options, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        add(fault=fault, **options)


def test_too_few_expected_words_are_surplus():
    with pytest.raises(StreamError, match=r"^stream o sent 5 words more than the 195 expected"):
        add(count=195)


def test_surplus_words_without_an_end_end_the_run():
    with pytest.raises(StreamError, match=r"^stream o sent \d+ words more than the 3 expected"):
        run(Endless(), {"i": [1]}, {"o": 3}, quiet_cycles=100, timeout_cycles=100_000)


def test_a_circle_of_waiting_sources_is_named():
    with pytest.raises(StreamTimeout, match="source a has sent 0 of 1 words, and it waits for"):
        run(
            Joined(), {"a": [1], "b": [2]}, {"o": 2}, after={"a": ["b"], "b": ["a"]},
            quiet_cycles=100,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sources": {"x": [1]}}, "sources must name streams among i, not 'x'"),
        ({"sinks": {}}, "sinks must name every output stream, and lack o"),
        ({"sinks": {"o": -1}}, "words of o must be in 0 ... 4611686018427387904, not -1"),
        ({"inputs": {}}, "inputs must give every input port, and lack offset"),
        ({"inputs": {"offset": 128}}, "offset must be in -128 ... 127, not 128"),
        ({"inputs": {"offset": 1, "x": 1}}, "inputs must name ports among offset, not 'x'"),
        ({"idle": 1.0}, "idle must be at least 0 and less than 1, not 1.0"),
        ({"stall": {"i": 0.5}}, "stall must name streams among o, not 'i'"),
        ({"after": {"i": ["o"]}}, "after must name streams among i, not 'o'"),
        ({"after": {"i": "i"}}, "after must map to a list of names, not 'i'"),
        ({"quiet_cycles": 0}, "quiet_cycles must be in 1 ... 4611686018427387904, not 0"),
    ],
)
def test_refusals(arguments, message):
    given = {"sources": {"i": [1]}, "sinks": {"o": 1}, "inputs": {"offset": 1}} | arguments
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}$"):
        run(Adder(), given.pop("sources"), given.pop("sinks"), **given)


def test_a_component_without_streams_ends_at_once():
    assert run(Inverter(8), {}, {}, inputs={"a": 0x0F}).outputs == {"y": 0xF0}


def test_progress_and_a_window_of_waves(tmp_path, capsys):
    reports = []
    waves = tmp_path / "adder"
    add(progress=lambda done, total: reports.append((done, total)), waves=waves,
        waves_cycles=(50, 60))  # fmt: skip
    assert reports[-1] == (400, 400)
    (written,) = tmp_path.iterdir()
    assert f"waveform: {written} (look at it with: gtkwave" in capsys.readouterr().out
    if written.suffix == ".vcd":
        times = [int(time) for time in re.findall(r"^#(\d+)$", written.read_text(), re.MULTILINE)]
        assert (times[0], times[-1]) == (100, 121)


def test_an_array_of_multipliers_is_exact_and_shows_its_speed(capsys):
    generator = np.random.default_rng(SEED)
    weights = generator.integers(-128, 128, (16, 16))
    vectors = generator.integers(-128, 128, (200_000, 16))
    result = run(
        DotProducts(16, 16), {"w": weights, "i": vectors}, {"o": len(vectors)}, after={"i": ["w"]}
    )
    check_equal(vectors @ weights.T, result.words["o"], axes=("vector", "column"), seed=SEED)
    with capsys.disabled():
        print(f"\n16x16 array: {result.cycles_per_second:,.0f} simulated cycles a second")
