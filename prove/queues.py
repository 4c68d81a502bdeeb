# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Counts that proofs share: what a `CreditQueue` inside a component holds, and clocks."""

from collections.abc import Iterable

from amaranth.hdl import Mux, Signal, Value

from macaw.prove.harness import Harness

__all__ = ["counted", "places_agree", "queue_level"]


def counted(harness: Harness, name: str, clocks: int, condition) -> Signal:
    """Whether ``condition`` held in each of the last ``clocks`` clocks."""
    count = Signal(range(clocks + 1), name=name)
    harness.m.d.sync += count.eq(Mux(condition, Mux(count == clocks, clocks, count + 1), 0))
    return count == clocks


def queue_level(harness: Harness, path: str = "") -> Value:
    """Words in the queue of the component at ``path``, the one that it offers included."""
    signal = harness.opened.signal
    return signal(f"{path}queue.stored") + signal(f"{path}queue.o__valid")


def places_agree(harness: Harness, under_way: Iterable[str], path: str = "") -> Value:
    """Free places, also one that is not counted yet, words ``under_way`` (registers of the
    component) and words in the queue are always all of its places."""
    signal = harness.opened.signal
    budget = signal(f"{path}queue.budget")
    freed = signal(f"{path}queue.freed")
    on_the_way = sum(signal(f"{path}{name}") for name in under_way)
    return budget + freed + on_the_way + queue_level(harness, path) == budget.init
