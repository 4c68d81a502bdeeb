# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A component with its inside laid open: signals by name, parts cut away, faults put in."""

from collections.abc import Iterator
from contextlib import suppress

from amaranth.hdl import Fragment, Module, Signal, Value
from amaranth.lib import wiring

__all__ = ["Opened", "components"]


class Opened:
    """The elaborated ``component``, for harnesses that look inside and for mutants of it.

    Paths are names of submodules and, last, of a signal, with dots between them:
    ``queue.stored``. A source is never edited: a mutant is the component with one more statement,
    behind all others, which therefore wins.

    ``fragment`` stands in a harness as a submodule; ``loose`` are the signals that `cut` left
    without a driver.
    """

    def __init__(self, component: wiring.Component):
        self.fragment = Fragment.get(component, None)
        self.loose: list[Signal] = []

    def _part(self, names: list[str]) -> Fragment:
        part = self.fragment
        for name in names:
            part = part.find_subfragment(name)
        return part

    def signal(self, path: str) -> Signal:
        """The signal at ``path``; ``ValueError`` with the names there if it is not just one."""
        *names, last = path.split(".")
        part = self._part(names)
        signals = list(_signals(part))
        found = [signal for signal in signals if signal.name == last]
        # Ports of submodules may have the same name.
        inner = {each for child, _, _ in part.subfragments for each in _ports(child)}
        found = [signal for signal in found if id(signal) not in inner] or found
        if len(found) != 1:
            there = ", ".join(sorted({signal.name for signal in signals}))
            raise ValueError(f"path must name one signal of {there}, not {path!r}")
        return found[0]

    def state(self, path: str, name: str) -> Value:
        """Whether the state machine whose state is the signal at ``path`` is in the state ``name``;
        ``ValueError`` if it has no such state."""
        signal = self.signal(path)
        names = list(_states(signal))
        if name not in names:
            raise ValueError(f"name must be one of {', '.join(names)}, not {name!r}")
        return signal == names.index(name)

    def override(self, path: str, value, *, when=1) -> None:
        """A fault: where ``when`` holds, the signal at ``path`` is given ``value``, whatever else
        drives it. ``ValueError`` if no statement of its module drives it."""
        signal = self.signal(path)
        part = self._part(path.split(".")[:-1])
        driving = (
            domain
            for domain, statements in part.statements.items()
            if signal in statements._lhs_signals()
        )
        domain = next(driving, None)
        if domain is None:
            raise ValueError(f"path must name a signal that is driven there, not {path!r}")
        fault = Module()
        with fault.If(when):
            fault.d[domain] += signal.eq(value)
        part.statements[domain] += Fragment.get(fault, None).statements[domain]

    def remove(self, path: str) -> Fragment:
        """Takes the submodule at ``path`` out, and leaves what it drove without a driver."""
        *names, last = path.split(".")
        owner = self._part(names)
        removed = owner.find_subfragment(last)
        owner.subfragments = [entry for entry in owner.subfragments if entry[0] is not removed]
        return removed

    def cut(self, path: str) -> None:
        """Removes the submodule at ``path``: what it drove may then be anything, each clock. A
        property that still holds, holds for whatever stands there."""
        removed = self.remove(path)
        used = {id(signal) for signal in _signals(self.fragment, deep=True)}
        loose = [signal for signal in _driven(removed) if id(signal) in used]
        if not loose:
            raise ValueError(f"path must name a part that drives another, not {path!r}")
        self.loose += loose


def _states(signal: Signal) -> Iterator[str]:
    """The names of a machine's states in their order; Amaranth puts the number behind each."""
    with suppress(KeyError):
        for code in range(1 << len(signal)):
            yield signal.decoder(code).rpartition("/")[0]


def _signals(part: Fragment, *, deep: bool = False) -> Iterator[Signal]:
    """Every signal that the statements of a part read or drive, once."""
    seen: set[int] = set()
    for each in _parts(part) if deep else [part]:
        for statements in each.statements.values():
            for signal in statements._lhs_signals() | statements._rhs_signals():
                if id(signal) not in seen:
                    seen.add(id(signal))
                    yield signal


def components(part: Fragment) -> list[wiring.Component]:
    """The component that a part was, in a list; none where it was something else."""
    return [each for each in part.origins or () if isinstance(each, wiring.Component)]


def _ports(part: Fragment) -> set[int]:
    """The signals of the interface of the component that a part was."""
    return {
        id(Value.cast(value))
        for component in components(part)
        for _, _, value in component.signature.flatten(component)
    }


def _driven(part: Fragment) -> Iterator[Signal]:
    for each in _parts(part):
        for statements in each.statements.values():
            yield from statements._lhs_signals()


def _parts(part: Fragment) -> Iterator[Fragment]:
    yield part
    for inner, _, _ in part.subfragments:
        yield from _parts(inner)
