# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of `macaw.hw.elementwise.Elementwise`: one operation after the other."""

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

from macaw.sim.drivers import Pause, StreamMonitor, StreamSink, StreamSource, start_clock
from macaw.sim.run import parameters

__all__ = ["operations_give_their_results"]

#: The streams of operands.
OPERANDS = ("first", "second")

#: Clocks from the last result word to ``idle``, at most.
_IDLE_CYCLES = 3


async def _takes_nothing_while_idle(top: Any) -> None:
    """Whatever waits there, and with it the operands of all operations to come."""
    while True:
        await RisingEdge(top.clk)
        if not top.rst.value:
            idle = bool(top.idle.value)
            for name in OPERANDS:
                ready = bool(getattr(top, f"{name}__ready").value)
                assert not (idle and ready), (
                    f"a {name} operand is taken while there is no operation"
                )
            assert idle == bool(top.operation__ready.value), "an operation is not taken while idle"


@cocotb.test()
async def operations_give_their_results(top: Any) -> None:
    """Every word, exactly as many as the operation has, and then ``idle``.

    Parameters: ``operations`` with the ``writes`` that come before each, its ``word``, its
    ``first`` and ``second`` operand and its ``results``; the pauses ``idle``, of each stream by
    itself, and ``stall``; for each operation ``most_cycles`` or ``None``, from its first operand to
    its last result.
    """
    values = parameters()
    seed = cocotb.RANDOM_SEED
    lookup = StreamSource(top, "lookup", Pause(values["idle"], f"{seed} lookup"))
    operation = StreamSource(top, "operation")
    operands = {
        name: StreamSource(top, name, Pause(values["idle"], f"{seed} {name}")) for name in OPERANDS
    }
    sink = StreamSink(top, "result", Pause(values["stall"], f"{seed} stall"))
    names = ("lookup", "operation", *OPERANDS, "result")
    monitors = {name: StreamMonitor(top, name) for name in names}
    await start_clock(top)
    cocotb.start_soon(_takes_nothing_while_idle(top))

    await RisingEdge(top.clk)
    for each in values["operations"]:
        for name, source in operands.items():
            source.send(each[name])
    due = dict.fromkeys(OPERANDS, 0)
    for number, each in enumerate(values["operations"]):
        where = f"operation {number} (seed {seed})"
        lookup.send(each["writes"])
        await lookup.sent(timeout_cycles=10_000)
        operation.send([each["word"]])
        await operation.sent(timeout_cycles=10)
        started = get_sim_time("step")
        most = 200 * len(each["results"]) + 1000
        received = await sink.receive(len(each["results"]), timeout_cycles=most)
        cycles = (get_sim_time("step") - started) // 2
        wrong = [i for i, word in enumerate(each["results"]) if received[i] != word]
        assert not wrong, (
            f"{where}: word {wrong[0]} is {received[wrong[0]]:#x}, "
            f"not {each['results'][wrong[0]]:#x}; {len(wrong)} differ"
        )
        limit = each["most_cycles"]
        assert limit is None or cycles <= limit, f"{where} took {cycles} cycles, not {limit}"
        for _ in range(_IDLE_CYCLES):
            await RisingEdge(top.clk)
        assert top.idle.value, f"{where}: its last word has left, and it is not idle"
        for name in OPERANDS:
            due[name] += len(each[name])
            taken = len(monitors[name].words)
            assert taken == due[name], (
                f"{where}: {taken} words of the {name} operand were taken, not {due[name]}"
            )
    await sink.expect_nothing(cycles=40)
    for name, source in operands.items():
        assert not source.waiting, f"{source.waiting} words of the {name} operand were not taken"
