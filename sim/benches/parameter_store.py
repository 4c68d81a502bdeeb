# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Testbench of `macaw.hw.parameter_store.ParameterStore`: groups entered and left at random."""

import random
from collections import deque
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from macaw.sim.drivers import start_clock
from macaw.sim.run import parameters

__all__ = ["gives_each_value_its_channel"]

_MOST_CYCLES = 50_000
_FLAGS = ("valid", "last", "finish", "leave")
_STARTS = ("start", "enter_start", "value_start")


class _Bench:
    """Drives one parameter store, in the middle of each clock."""

    def __init__(self, top: Any, values: dict[str, Any]):
        self._top, self._values = top, values
        self._random = random.Random(cocotb.RANDOM_SEED)
        self._entry_bits = len(top.parameters) // values["lanes"]
        self._entries: list[int] = []
        self._entered: deque[int] = deque()  # the cycles from which values may be valid
        self._expected: deque[tuple[int, dict[int, int]]] = deque()
        self._cycle = 0
        self.overlaps = self.checked = self.ahead = 0

    async def run(self, layers: list[dict[str, Any]]) -> None:
        """Layers one after the other, with the same entries: groups entered, and the parameters of
        their values checked. In other than compact hardware a layer is copied and entered while
        values of the one before still come."""
        await self._write()
        top, compact = self._top, self._values["compact"]
        # The layers that are copied, entered and have values: how many have begun.
        copied = entered = valued = 0
        steps: dict[str, int] = {}  # the cycles in which a start is given
        waiting: deque[tuple[int, int]] = deque()
        values: Iterator[dict[str, int]] = iter(())
        quiet = 0  # the cycle from which nothing is left of the values' layer
        entered_at, lead = self._cycle, self._values["lead"]
        on_the_way = lead + self._values["latency"]
        finished = True
        while valued < len(layers) or not finished or self._expected:
            await self._clock()
            self._check()
            for name in _STARTS:
                getattr(top, name).value = int(steps.get(name) == self._cycle)
            if steps.get("start") == self._cycle:
                copied += 1
            if steps.get("enter_start") == self._cycle:
                layer = layers[entered]
                waiting.extend([tuple(group) for group in layer["groups"]] * layer["rows"])
                entered += 1
            if steps.get("value_start") == self._cycle:
                layer = layers[valued]
                groups = [tuple(group) for group in layer["groups"]] * layer["rows"]
                values, finished = self._values_of(groups, layer["pixels"], layer["window"]), False
                valued += 1
            # What may begin next, some clocks after its descriptor has come.
            free = finished and self._cycle >= quiet
            over = not waiting and entered == copied and self._cycle > entered_at + on_the_way
            if copied < len(layers) and valued == copied and self._past(steps, "start"):
                begins = over and free if compact else over or bool(top.complete.value)
                if begins and self._random.random() < 0.3:
                    top.layer.value = layers[copied]["word"]
                    steps["start"] = self._cycle + 2
                    self.ahead += not over
                    if compact:
                        top.value_layer.value = layers[copied]["word"]
                        steps["enter_start"] = steps["value_start"] = self._cycle + 2
            if not compact:
                if entered < copied and not waiting and self._past(steps, "enter_start"):
                    steps["enter_start"] = self._cycle + self._random.randint(1, 4)
                if valued < entered and free and self._past(steps, "value_start"):
                    top.value_layer.value = layers[valued]["word"]
                    steps["value_start"] = self._cycle + 2
            enters = bool(waiting) and bool(top.loaded.value)
            enters = enters and steps["enter_start"] < self._cycle
            enters = enters and self._random.random() >= self._values["wait"]
            top.enter.value = int(enters)
            flags = dict.fromkeys(_FLAGS, 0)
            if not finished and steps["value_start"] < self._cycle:
                found = next(values, None)
                finished = found is None
                quiet = self._cycle + 3
                flags |= found or {}
            for name in _FLAGS:
                getattr(top, name).value = flags[name]
            if enters:
                self.overlaps += bool(self._entered) or bool(flags["valid"])
                waiting.popleft()
                entered_at = self._cycle
                self._entered.append(self._cycle + lead)

    def _past(self, steps: dict[str, int], name: str) -> bool:
        """Whether the last start of this name has been given."""
        return steps.get(name, 0) < self._cycle

    async def _write(self) -> None:
        """All entries, in any order, some of them twice: the last value counts."""
        top = self._top
        count = self._values["entries"]
        order = [*range(count), *self._random.choices(range(count), k=count // 4)]
        self._random.shuffle(order)
        self._entries = [0] * count
        for address in order:
            self._entries[address] = self._random.getrandbits(self._entry_bits)
            top.write__payload.value = self._entries[address] << (count - 1).bit_length() | address
            top.write__valid.value = 1
            await self._clock()
            top.write__valid.value = 0
            top.write__payload.value = self._random.getrandbits(len(top.write__payload))
            if self._random.random() < 0.2:
                await self._clock()

    def _values_of(
        self, groups: list[tuple[int, int]], pixels: int, window: bool
    ) -> Iterator[dict[str, int]]:
        """The flags of each clock; notes the entries that they ask for."""
        portions, lanes = self._values["portions"], self._values["lanes"]
        interval = self._values["interval"]
        half = self._values["pair_channels"]
        phases = self._values["phases"] if window else 1
        for first, channels in groups:
            while not self._entered or self._cycle < self._entered[0]:
                yield {}
            for turn in range(pixels * phases):
                while self._random.random() < self._values["gap"]:
                    yield {}
                phase = turn % phases
                finish = phase == phases - 1
                for portion in range(portions):
                    columns = range(portion * lanes, (portion + 1) * lanes)
                    wanted = [phase * half + c % half if window else c for c in columns]
                    entries = {
                        lane: first + channel
                        for lane, channel in enumerate(wanted)
                        if channel < channels
                    }
                    arrival = self._cycle + self._values["latency"]
                    self._expected += [(arrival + held, entries) for held in range(interval)]
                    last = portion == portions - 1
                    leave = last and turn == pixels * phases - 1
                    if leave:
                        self._entered.popleft()
                    yield {"valid": 1, "last": last, "finish": finish, "leave": leave}
                    for _ in range(interval - 1):
                        yield {}

    def _check(self) -> None:
        while self._expected and self._expected[0][0] == self._cycle:
            _, wanted = self._expected.popleft()
            found = int(self._top.parameters.value)
            for lane, address in wanted.items():
                entry = found >> lane * self._entry_bits & (1 << self._entry_bits) - 1
                assert entry == self._entries[address], (
                    f"lane {lane} has {entry:#x}, not entry {address}, "
                    f"{self._entries[address]:#x}, in cycle {self._cycle} "
                    f"(seed {cocotb.RANDOM_SEED})"
                )
                self.checked += 1

    async def _clock(self) -> None:
        await FallingEdge(self._top.clk)
        self._cycle += 1
        assert self._cycle < _MOST_CYCLES * self._values["interval"], (
            f"nothing moves (seed {cocotb.RANDOM_SEED})"
        )


@cocotb.test()
async def gives_each_value_its_channel(top: Any) -> None:
    """Every value meets the entry of its channel, for one layer after the other.

    Parameters: ``latency``, ``lanes``, ``portions``, ``interval``, ``pair_channels``, ``phases``
    and ``entries`` of the component, and whether it is ``compact``; ``layers`` with their
    descriptor's ``word``, ``window``, ``rows``, ``pixels`` (or pairs) and ``groups``, each (first
    entry, channels); ``wait`` and ``gap``, how probably a group waits for a clock although it is
    loaded, and values pause.
    """
    values = parameters()
    inputs = ("layer", "value_layer", "enter", "write__valid", "write__payload")
    for name in (*inputs, *_STARTS, *_FLAGS):
        getattr(top, name).value = 0
    await start_clock(top)
    bench = _Bench(top, values)
    half = len(values["layers"]) // 2
    await bench.run(values["layers"][:half])
    await bench.run(values["layers"][half:])
    assert bench.checked, "no value was checked"
    assert bench.overlaps >= 20, f"only {bench.overlaps} groups came before the one in use left"
    assert bench.ahead or values["compact"], "no layer was copied while groups of another came"
