# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A tree of registers that brings one value to many places, each register with few loads."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer
from macaw.hw.delay import delay

__all__ = ["COPY_PREFIX", "FanOut", "fan_out", "load"]

#: Every copy is a submodule whose name starts so; its RTLIL module is called
#: ``<path>.<COPY_PREFIX><level>_<index>``. Synthesis merges registers that hold the same value,
#: also across submodules that it flattens, so a synthesis script that wants the copies has to set
#: ``keep_hierarchy`` on the modules ``*.fanout_copy_*``, to unset it after technology mapping,
#: and to flatten and clean without merging again.
COPY_PREFIX = "fanout_copy_"


_ARITY = 4


class _Copy(wiring.Component):
    """One register of ``shape``: ``copy`` is ``value`` one clock ago."""

    def __init__(self, shape):
        self._shape = shape
        super().__init__({"value": In(shape), "copy": Out(shape)})

    def elaborate(self, platform):
        m = Module()
        register = Signal(self._shape, reset_less=True)
        m.d.sync += register.eq(self.value)
        m.d.comb += self.copy.eq(register)
        return m


class FanOut(wiring.Component):
    """Brings ``value`` to ``leaves`` places through a tree of registers with at most ``arity``
    loads each. The tree is as shallow as that allows, or has ``levels`` levels, the surplus
    ones at the root. Copies with neighbouring indices share their parents.

    With ``compact`` all leaves are one register, behind a chain of ``levels`` (0 if not given).

    Without a level (one leaf, ``levels`` 0 or not given) the leaf is ``value`` itself.

    Raises ``TypeError`` or ``ValueError`` for ``leaves`` outside 1 ... 4096, ``arity`` outside
    2 ... 64, and for ``levels`` that are fewer than needed or more than 16.

    Members
    -------
    value : In(shape)
    copies : Out(shape).array(leaves)
        Each is ``value`` as it was `latency` clocks ago.
    """

    def __init__(self, shape, leaves, *, arity=_ARITY, levels=None, compact=False):
        self._leaves = integer("leaves", leaves, 1, 4096)
        self._arity = integer("arity", arity, 2, 64)
        self._compact = instance("compact", compact, bool)
        self._levels = 0 if compact else self.levels_needed(leaves, arity=arity)
        if levels is not None:
            self._levels = integer("levels", levels, self._levels, 16)
        self._shape = shape
        super().__init__({"value": In(shape), "copies": Out(shape).array(leaves)})

    @staticmethod
    def levels_needed(leaves, *, arity=_ARITY):
        """The smallest number of levels that reaches ``leaves`` places."""
        levels = 0
        while arity**levels < leaves:
            levels += 1
        return levels

    @property
    def latency(self):
        """Clocks from ``value`` to ``copies``: the number of levels."""
        return self._levels

    def elaborate(self, platform):
        m = Module()
        level = [self.value]
        for depth in range(1, self._levels + 1):
            count = -(-self._leaves // self._arity ** (self._levels - depth))
            if self._compact:
                count = 1
            parents, level = level, []
            for index in range(count):
                copy = _Copy(self._shape)
                m.submodules[f"{COPY_PREFIX}{depth}_{index}"] = copy
                m.d.comb += copy.value.eq(parents[index * len(parents) // count])
                level.append(copy.copy)
        for index, leaf in enumerate(self.copies):
            m.d.comb += leaf.eq(level[index * len(level) // self._leaves])
        return m


def fan_out(m, name, value, leaves, *, clocks=None, compact=False):
    """Copies of ``value`` for ``leaves`` places, through a `FanOut` that stands in ``m`` as
    ``name`` and takes ``clocks``, or as many as it needs; ``value`` keeps its shape. With no
    clocks to take, the copies are ``value`` itself.

    ``compact`` gives all places the same register, and takes no clocks where none are named.
    """
    if compact or clocks == 0:
        return [delay(m, value, clocks or 0, name=f"{name}_value")] * leaves
    shape = value.shape() if isinstance(value, data.View) else Value.cast(value).shape()
    tree = FanOut(shape, leaves, levels=clocks, arity=_arity(leaves, clocks))
    m.submodules[name] = tree
    m.d.comb += tree.value.eq(value)
    return tree.copies


def load(m, name, register, value, *, following, parts, compact=False):
    """Loads ``value`` into ``register`` in the clock after ``following``, with enables that stand
    in registers: each of ``parts`` parts of the bits has its own, made by `fan_out`.
    """
    register, value = Value.cast(register), Value.cast(value)
    size = -(-len(register) // parts)
    for index, enable in enumerate(fan_out(m, name, following, parts, clocks=1, compact=compact)):
        bits = slice(index * size, min((index + 1) * size, len(register)))
        with m.If(enable):
            m.d.sync += register[bits].eq(value[bits])


def _arity(leaves, clocks):
    """The smallest arity that reaches ``leaves`` places in ``clocks``, at least the usual one."""
    arity = _ARITY
    while clocks and arity**clocks < leaves:
        arity += 1
    return arity
