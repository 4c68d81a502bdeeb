# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Open boards: what Macaw must know of each to build a bitstream for it."""

from macaw.hw.boards.board import BOARDS, Board, board
from macaw.hw.boards.top import BoardTop

__all__ = ["BOARDS", "Board", "BoardTop", "board"]
