# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Several components in one simulator: building one takes longer than running it."""

from collections.abc import Mapping

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped


class SideBySide(wiring.Component):
    """Holds ``components``; port ``p`` of the one called ``c`` is ``c__p``."""

    def __init__(self, components: Mapping[str, wiring.Component]):
        self._components = dict(components)
        super().__init__(
            {name: In(component.signature.flip()) for name, component in components.items()}
        )

    def elaborate(self, platform):
        m = Module()
        for name, component in self._components.items():
            m.submodules[name] = component
            connect(m, flipped(getattr(self, name)), component)
        return m
