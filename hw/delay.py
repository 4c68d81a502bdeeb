# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A value some clocks later."""

from amaranth import *

from macaw.arch.checks import integer

__all__ = ["delay"]


def delay(m: Module, value, clocks: int, *, name: str | None = None, reset_less: bool = True):
    """``value`` as it was ``clocks`` clocks ago (0 gives ``value`` itself), in its own shape.

    The registers are called ``name``, by default that of ``value``, with ``_later`` behind for
    each clock. Flags that must be low after reset take ``reset_less=False``. Raises
    ``TypeError`` or ``ValueError`` for ``clocks`` outside 0 ... 1024.
    """
    if name is None:
        name = getattr(Value.cast(value), "name", "value")
    for _ in range(integer("clocks", clocks, 0, 1 << 10)):
        name += "_later"
        later = Signal.like(value, name=name, reset_less=reset_less)
        m.d.sync += later.eq(value)
        value = later
    return value
