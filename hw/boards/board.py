# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The boards by name. Pins and clocks are those of amaranth-boards."""

import importlib
from dataclasses import dataclass
from typing import Any

from macaw.arch.checks import integer, one_of
from macaw.hw.boards.pll import Ecp5Pll

__all__ = ["BOARDS", "Board", "board"]

_FAMILIES = ("ecp5", "ice40")


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board.

    ``module`` and ``platform`` name its class in amaranth-boards; ``family`` is that of its device,
    ``\"ecp5\"`` or ``\"ice40\"``. ``pll`` makes the clock from the oscillator's, which otherwise is
    the clock itself; ``clock_hz`` is the clock that results. ``alive``, ``passed`` and ``failed``
    name the lamps, as resource and number; ``extensions`` are the platform's lists of resources on
    parts that can be broken off, ``tied_high`` pins that must be high, as resource, number and
    subsignal. ``preset`` names the configuration that is built unless another one is asked for,
    with the fields that ``changes`` gives as `macaw.arch.changes.changed` takes them, and placed
    from ``seed``; ``flash`` is the name that openFPGALoader knows the board by.

    Raises ``TypeError`` or ``ValueError`` for a family or a frequency out of range.
    """

    name: str
    module: str
    platform: str
    family: str
    clock_hz: int
    preset: str
    flash: str
    alive: tuple[str, int]
    passed: tuple[str, int]
    failed: tuple[str, int]
    pll: Ecp5Pll | None = None
    changes: tuple[tuple[str, str], ...] = ()
    seed: int = 1
    extensions: tuple[str, ...] = ()
    tied_high: tuple[tuple[str, int, str], ...] = ()

    def __post_init__(self) -> None:
        one_of("family", self.family, _FAMILIES)
        integer("clock_hz", self.clock_hz, 1_000_000, 400_000_000)
        if self.pll is not None and self.pll.output_hz != self.clock_hz:
            raise ValueError(
                f"clock_hz of {self.name} must be what its PLL makes ({self.pll.output_hz}), "
                f"not {self.clock_hz!r}"
            )

    def make_platform(self) -> Any:
        """A fresh platform of Amaranth, with the resources of the extensions.

        Raises ``ImportError`` without amaranth-boards.
        """
        try:
            import amaranth_boards
        except ImportError:
            raise ImportError(
                "amaranth-boards is not installed: `pip install -e .[boards]` brings it"
            ) from None
        module = importlib.import_module(f"{amaranth_boards.__name__}.{self.module}")
        platform = getattr(module, self.platform)()
        for extension in self.extensions:
            platform.add_resources(getattr(platform, extension))
        return platform


_ALL = (
    Board(
        name="ulx3s_85f",
        module="ulx3s",
        platform="ULX3S_85F_Platform",
        family="ecp5",
        # The core of 16x16 reaches 116 MHz, smaller ones more.
        pll=Ecp5Pll(input_hz=25_000_000, input_divider=1, feedback_divider=3, output_divider=8),
        clock_hz=75_000_000,
        preset="ecp5_25f",
        # Seed 1 reaches 72.1 MHz.
        seed=2,
        flash="ulx3s",
        alive=("led", 0),
        passed=("led", 1),
        failed=("led", 2),
        # Keeps the ESP32 from starting the board anew (ULX3S manual, "wifi_gpio0").
        tied_high=(("esp32", 0, "gpio0"),),
    ),
    Board(
        name="icebreaker",
        module="icebreaker",
        platform="ICEBreakerPlatform",
        family="ice40",
        clock_hz=12_000_000,
        preset="up5k",
        # They serve the self-test's layers; with the preset's 27 it is not routed, and with seed 1
        # nextpnr does not end.
        changes=(("accumulator.bits", "22"),),
        seed=2,
        flash="ice40_generic",
        alive=("led_g", 1),
        passed=("led_g", 0),
        failed=("led_r", 0),
        extensions=("break_off_pmod",),
    ),
)

#: The boards by name.
BOARDS = {each.name: each for each in _ALL}


def board(name: str) -> Board:
    """The board called ``name``; ``ValueError`` with the list of names for any other."""
    return BOARDS[one_of("board", name, tuple(BOARDS))]
