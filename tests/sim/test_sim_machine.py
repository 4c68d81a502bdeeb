# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on a machine beside the simulator's memory: words, clocks, orders, and every failure."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sim_both import BURSTS, Both
from sim_copier import BURST, CONFIG, COPY, END, KEY, Copier, instruction
from sim_copies import SEED, SLOW, WORDS, copied, copies, copy, memory_of, words_clocks

from macaw.arch import preset
from macaw.arch.machine import Error
from macaw.hw.stream import SkidBuffer
from macaw.sim.errors import MachineFault, MachineTimeout, StreamError
from macaw.sim.machine import run_machine
from macaw.sim.machine_files import Job, Patch
from macaw.sim.memory_model import MEMORY_MODELS, MemoryModel, memory_model

BODY = 8


@pytest.mark.parametrize("model", [*MEMORY_MODELS.values(), SLOW, MemoryModel(bursts=1, gap=0.9)])
@pytest.mark.parametrize("enable", [0xFF, 0x5A])
def test_words_are_copied_with_every_memory(model, enable):
    run = copy(model=model, enable=enable)
    assert run.counters["outer_reads"] == run.transfers["words"].words == 102
    assert run.counters["outer_writes"] == run.transfers["write"].words == 100
    assert run.transfers["read"].words == 2 + -(-100 // BURST)
    assert run.stale_words == 0


@pytest.mark.parametrize("latency", [1, 2, 13, 40])
def test_the_first_word_comes_after_the_latency(latency):
    clocks, first = words_clocks(latency=latency)
    assert first == latency
    # Bursts enough wait for their words to hide it.
    assert clocks <= 400 + latency


def test_one_burst_at_a_time_waits_for_each():
    clocks, _ = words_clocks(latency=13, bursts=1)
    assert clocks >= 400 + 12 * (400 // BURST - 1)


@pytest.mark.parametrize("rate", [2048, 1024, 900, 512, 333, 100])
def test_reads_and_writes_share_the_rate(rate):
    clocks, _ = words_clocks(words_per_1024=rate)
    expected = 2 * 400 * 1024 / rate
    assert expected - 30 * 1024 / rate < clocks < expected + 30


@pytest.mark.parametrize("rate", [2048, 1500, 1024, 700, 128])
def test_reads_and_writes_take_turns(rate):
    """Where both want all, each gets its half, and nothing is lost."""
    run = run_machine(
        CONFIG, memory_of(), 0, machine=Both(CONFIG), model=MemoryModel(words_per_1024=rate)
    )
    count = 16 * BURSTS
    expected = 2 * count * 1024 / rate
    for name in ("words", "write"):
        each = run.transfers[name]
        assert each.words == count
        assert abs(each.last_cycle - expected) < 0.03 * expected + 10, name
    assert not run.memory[count : 2 * count].any()
    assert run.stale_words == 0


def test_words_are_not_saved_up():
    """Not even where a memory rests for longer than its words take."""
    clocks, _ = words_clocks(latency=60, bursts=1, words_per_1024=512)
    bursts = 400 // BURST
    assert clocks > (bursts - 1) * (60 + 3 * BURST)


def test_the_rate_in_bytes():
    assert words_clocks(bytes_per_clock=2) == words_clocks(words_per_1024=256)
    assert MemoryModel(bytes_per_clock=2).rate(16) == 128
    assert MemoryModel(bytes_per_clock=1e9).rate(16) == 2048
    assert MemoryModel(bytes_per_clock=1e-9).rate(16) == 1


def test_gaps_come_with_their_probability_and_seed():
    def clocks(seed, gap=0.0):
        memory = memory_of((0, copies(400)))
        model = MemoryModel(gap=gap)
        run = run_machine(CONFIG, memory, 0, machine=Copier(), model=model, seed=seed)
        return run.programs[0].cycles

    assert clocks(1, 0.5) == clocks(1, 0.5) != clocks(2, 0.5)
    assert clocks(1) == clocks(2)
    # A word passes where neither it nor its place has a gap, and may wait for either.
    assert 1.9 * clocks(1) < clocks(1, 0.5) < 4.1 * clocks(1)


def test_a_dead_memory_hangs_the_machine():
    message = (
        r"^program 0, at word 0x0: after \d+ cycles nothing moves "
        r"\(a burst waits for the memory\); the machine counts cycles 9\d\d, "
    )
    with pytest.raises(MachineTimeout, match=message) as raised:
        copy(model=MemoryModel(dead_after=20, bursts=1), quiet_cycles=900)
    assert "outer_reads 20, outer_writes 19" in str(raised.value)
    assert copy(model=MemoryModel(dead_after=102))


def test_a_limit_of_all_cycles():
    with pytest.raises(MachineTimeout, match=r"after 50 cycles it is not complete; the machine "):
        copy(timeout_cycles=50)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"source": WORDS - 10, "count": 20},
            f"the machine asks for a burst of 16 words from word {WORDS - 10:#x}, in cycle ",
        ),
        (
            {"to": WORDS - 10, "count": 20},
            f"the machine asks for a write to word {WORDS:#x}, in cycle ",
        ),
    ],
)
def test_words_outside_of_memory_end_the_run(fields, message):
    memory = memory_of((0, copies(**fields)))
    with pytest.raises(MachineFault, match=f"^{re.escape(message)}\\d+, and memory has 0x400 "):
        run_machine(CONFIG, memory, 0, machine=Copier())
    assert np.array_equal(memory, memory_of((0, copies(**fields))))


def test_the_last_word_of_memory_may_be_used():
    memory = memory_of((0, copies(source=WORDS - 16, to=WORDS - 17, count=16)))
    run_machine(CONFIG, memory, 0, machine=Copier())


def test_what_is_written_under_a_burst_comes_inverted():
    """A word is copied onto the next one, which is in the same burst."""
    memory = memory_of((0, copies(source=100, to=101, count=2)))
    run = run_machine(CONFIG, memory, 0, machine=Copier(), model=MemoryModel(words_per_1024=64))
    assert run.stale_words == 1
    assert np.array_equal(run.memory[101], memory[100])
    assert np.array_equal(run.memory[102], ~memory[100])


def test_a_burst_after_a_write_sees_it():
    """The second copy begins as soon as the last word of the first one is taken."""
    program = [
        instruction(COPY, source=100, to=200, count=17),
        instruction(COPY, source=216, to=300, count=1),
        instruction(END),
    ]
    memory = memory_of((0, program))
    for model in (*MEMORY_MODELS.values(), SLOW):
        run = run_machine(CONFIG, memory, 0, machine=Copier(), model=model, seed=SEED)
        assert np.array_equal(run.memory[300], memory[116])
        assert run.stale_words == 0


def test_programs_run_one_after_the_other_without_a_reset():
    """The prologue's key stays; each body copies other words, and gives them before the next."""
    generator = np.random.default_rng(SEED)
    inputs = [generator.integers(0, 256, (20, CONFIG.word_bytes), np.uint8) for _ in range(3)]
    prologue = [instruction(KEY, source=0xA5), instruction(END)]
    memory = memory_of((0, prologue), (BODY, copies(20)))
    bodies = [
        Job(
            program=BODY,
            patches=(Patch(address=100, words=part[:7]), Patch(address=107, words=part[7:])),
            captures=((500, 3), (503, 17)),
        )
        for part in inputs
    ]
    run = run_machine(CONFIG, memory, [0, *bodies], machine=Copier(), model=SLOW, seed=SEED)
    assert [each.error for each in run.programs] == [Error.DONE] * 4
    assert run.programs[0].captures == ()
    for part, each in zip(inputs, run.programs[1:], strict=True):
        assert [len(words) for words in each.captures] == [3, 17]
        assert np.array_equal(np.concatenate(each.captures), part ^ 0xA5), f"seed {SEED}"
        assert each.counters["outer_writes"] == 20
        assert each.cycles == each.counters["cycles"] + 1
    memory[100:120] = inputs[-1]
    assert np.array_equal(run.memory, copied(memory, 20, key=0xA5))
    # A reset between them would lose the key.
    alone = run_machine(CONFIG, memory, BODY, machine=Copier())
    assert np.array_equal(alone.memory, copied(memory, 20))


def test_a_program_with_an_error_is_the_last():
    memory = memory_of((0, copies()), (BODY, [instruction(KEY), instruction(0)]))
    run = run_machine(CONFIG, memory, [0, BODY, 0], machine=Copier())
    assert [each.error for each in run.programs] == [Error.DONE, Error.OPCODE]
    assert (run.error, run.error_index) == (Error.OPCODE, 1)


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("retract", StreamError, "stream memory__read takes back valid or changes its payload"),
        ("change", StreamError, "stream memory__write takes back valid or changes its payload"),
        ("sleep", MachineFault, "the machine must be busy from the clock after its start on"),
        ("restless", MachineFault, "no longer busy, and leaves words that it asked for"),
        ("early", MachineFault, "the machine is no longer busy, and leaves words that it asked"),
        ("hang", MachineTimeout, "nothing moves (a burst waits for the memory, a word waits for"),
    ],
)
def test_faults_of_a_machine_are_named(fault, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        copy(fault=fault, model=SLOW, quiet_cycles=900)


def test_a_payload_without_valid_is_noticed():
    with pytest.raises(AssertionError, match=f"seed {SEED}"):
        copy(fault="blind")


def test_progress_and_waves(tmp_path, capsys):
    calls = []
    memory = memory_of((0, copies()))
    run = run_machine(
        CONFIG, memory, [0, 0], machine=Copier(), progress=lambda *call: calls.append(call),
        waves=tmp_path / "copy", waves_cycles=(0, 50),
    )  # fmt: skip
    assert calls[-1] == (2, 2)
    assert run.waves.stat().st_size > 0
    assert str(run.waves) in capsys.readouterr().out
    assert run.cycles_per_second == run.cycles / run.seconds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"memory": np.zeros((4, 4), np.uint8)}, "memory must be uint8 of shape (words, 8), up"),
        ({"memory": np.zeros((4, 8), np.int8)}, "memory must be uint8 of shape (words, 8), up"),
        ({"memory": np.zeros((0, 8), np.uint8)}, "memory must be uint8 of shape (words, 8), up"),
        ({"programs": []}, "programs must be at least one, not none"),
        ({"programs": WORDS}, "program 0 must be in 0 ... 1023, not 1024"),
        (
            {"programs": [Job(program=0, captures=((1000, 25),))]},
            "captures of program 0 must lie in the 1024 words of the memory, not at words 1000 .",
        ),
        (
            {"programs": [0, Job(program=0, patches=(Patch(address=0, words=np.zeros((1, 4))),))]},
            "patches of program 1 must be uint8 of shape (words, 8), not float64 of shape (1, 4)",
        ),
        ({"quiet_cycles": 0}, "quiet_cycles must be in 1 ... 4611686018427387904, not 0"),
        ({"model": "ideal"}, "model must be a MemoryModel, not 'ideal'"),
        (
            {"machine": SkidBuffer(8)},
            "a machine must have the streams memory__read, memory__words, memory__write, not i, o",
        ),
        (
            {"machine": Copier(replace(CONFIG, address_bits=20))},
            "a machine of copier must have a program of 24 bits, not 20",
        ),
        (
            {"machine": Copier(replace(CONFIG, core=preset("ecp5_85f")))},
            "a machine of copier must have a memory__words of 64 bits, not 128",
        ),
    ],
)
def test_refusals(arguments, message):
    given = {"memory": memory_of(), "programs": 0, "machine": Copier()} | arguments
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}"):
        run_machine(CONFIG, given.pop("memory"), given.pop("programs"), **given)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"latency": 0}, "latency must be in 1 ... 1048576, not 0"),
        ({"words_per_1024": 2049}, "words_per_1024 must be in 1 ... 2048, not 2049"),
        ({"bytes_per_clock": 0}, "bytes_per_clock must be positive, or None for no limit, not 0"),
        ({"bursts": 17}, "bursts must be in 1 ... 16, not 17"),
        ({"gap": 1.0}, "gap must be at least 0 and less than 1, not 1.0"),
        ({"dead_after": -1}, "dead_after must be in 0 ... 4611686018427387904, not -1"),
    ],
)
def test_refused_models(values, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MemoryModel(**values)


def test_models_by_name():
    assert memory_model("board") is MEMORY_MODELS["board"]
    with pytest.raises(ValueError, match=r"^memory model must be one of ideal, wide, board, not "):
        memory_model("fast")
