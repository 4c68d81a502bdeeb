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

#: Clocks from the last result word to ``idle``, at most.
_IDLE_CYCLES = 3


async def _takes_nothing_while_idle(top: Any) -> None:
    """Whatever waits there, and with it the operands of all operations to come."""
    while True:
        await RisingEdge(top.clk)
        if not top.rst.value:
            idle, ready = bool(top.idle.value), bool(top.operands__ready.value)
            assert not (idle and ready), "an operand is taken while there is no operation"
            assert idle == bool(top.operation__ready.value), "an operation is not taken while idle"


@cocotb.test()
async def operations_give_their_results(top: Any) -> None:
    """Every word, exactly as many as the operation has, and then ``idle``.

    Parameters: ``operations`` with the ``writes`` that come before each, its ``word``, its
    ``operands`` and its ``results``; the pauses ``idle``, ``stall``; for each operation
    ``most_cycles`` or ``None``, from its first operand to its last result.
    """
    values = parameters()
    seed = cocotb.RANDOM_SEED
    lookup = StreamSource(top, "lookup", Pause(values["idle"], f"{seed} lookup"))
    operation = StreamSource(top, "operation")
    operands = StreamSource(top, "operands", Pause(values["idle"], f"{seed} operands"))
    sink = StreamSink(top, "result", Pause(values["stall"], f"{seed} stall"))
    monitors = [StreamMonitor(top, name) for name in ("lookup", "operation", "operands", "result")]
    await start_clock(top)
    cocotb.start_soon(_takes_nothing_while_idle(top))

    await RisingEdge(top.clk)
    for each in values["operations"]:
        operands.send(each["operands"])
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
    await sink.expect_nothing(cycles=40)
    assert not operands.waiting, f"{operands.waiting} words of operands were not taken"
    assert len(monitors[2].words) == sum(len(each["operands"]) for each in values["operations"])
