# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Boards and their clocks; what is refused."""

import sys
from dataclasses import replace

import pytest

from macaw.arch import PRESETS
from macaw.arch.changes import changed
from macaw.hw.boards import BOARDS, BoardTop, board
from macaw.hw.boards.pll import Ecp5Clock, Ecp5Pll

PLL = {"input_hz": 25_000_000, "input_divider": 1, "feedback_divider": 3, "output_divider": 8}


def test_boards():
    assert set(BOARDS) == {"ulx3s_85f", "icebreaker"}
    for name, each in BOARDS.items():
        assert each.name == name
        changed(PRESETS[each.preset], dict(each.changes))
        assert each.clock_hz / 115_200 > 100  # the error of a bit is below half a percent


def test_unknown_board_is_refused():
    sentence = r"^board must be one of ulx3s_85f, icebreaker, not 'arty'$"
    with pytest.raises(ValueError, match=sentence):
        board("arty")


def test_board_s_clock_is_the_oscillator_s_or_the_pll_s():
    pytest.importorskip("amaranth_boards", reason="boards absent: install the extra 'boards'")
    for each in BOARDS.values():
        oscillator = each.make_platform().default_clk_frequency
        assert oscillator == (each.pll.input_hz if each.pll else each.clock_hz)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"family": "ecp3"}, ValueError, "family must be one of ecp5, ice40, not 'ecp3'"),
        ({"clock_hz": 80_000_000}, ValueError,
         r"clock_hz of ulx3s_85f must be what its PLL makes \(75000000\), not 80000000"),
        ({"clock_hz": 12e6}, TypeError, "clock_hz must be an integer, not 12000000.0"),
    ],
)  # fmt: skip
def test_board_refuses(changes, error, sentence):
    with pytest.raises(error, match=f"^{sentence}$"):
        replace(BOARDS["ulx3s_85f"], **changes)


def test_boards_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "amaranth_boards", None)
    with pytest.raises(ImportError, match=r"^amaranth-boards is not installed: .*\.\[boards\]"):
        BOARDS["icebreaker"].make_platform()


def test_pll():
    assert Ecp5Pll(**PLL).output_hz == 75_000_000
    assert Ecp5Pll(**PLL | {"input_divider": 2, "feedback_divider": 5}).output_hz == 62_500_000


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"input_divider": 0}, ValueError, "input_divider must be in 1 ... 128, not 0"),
        ({"input_hz": 25e6}, TypeError, "input_hz must be an integer, not 25000000.0"),
        ({"input_divider": 3, "feedback_divider": 4}, ValueError,
         "output_hz must be a whole number, not 25000000 . 4 / 3"),
        ({"input_divider": 5}, ValueError,
         "phase detector must be in 10000000 ... 400000000 Hz, not 5000000"),
        ({"output_divider": 5}, ValueError,
         "oscillator must be in 400000000 ... 800000000 Hz, not 375000000"),
        ({"output_divider": 11}, ValueError,
         "oscillator must be in 400000000 ... 800000000 Hz, not 825000000"),
    ],
)  # fmt: skip
def test_pll_refuses(changes, error, sentence):
    with pytest.raises(error, match=f"^{sentence}$"):
        Ecp5Pll(**PLL | changes)


def test_parts_of_a_board_refuse():
    with pytest.raises(TypeError, match="^pll must be a Ecp5Pll, not 75$|^pll must be an Ecp5Pll"):
        Ecp5Clock(75)
    with pytest.raises(TypeError, match="^top must be a SelfTestTop, not None$"):
        BoardTop(None, BOARDS["icebreaker"])
