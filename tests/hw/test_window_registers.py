# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The window registers slide, capture pairs of pixels and offer them phase by phase."""

import numpy as np
from side_by_side import SideBySide

from macaw.arch import ArrayConfig
from macaw.hw.window_registers import WindowRegisters
from macaw.sim.vectors import apply

SEED = 20261205
COUNT = 6_000
FLAGS = ("four", "low", "high", "shift", "capture", "evaluate", "next_phase")
ARRAYS = {
    "tiny": ArrayConfig(lanes=8, columns=4),
    "square": ArrayConfig(lanes=8, columns=8),
    "narrow": ArrayConfig(lanes=16, columns=2),
}
BLOCKS = {
    f"{name}{'_compact' * compact}": (array, WindowRegisters(array, compact=compact))
    for name, array in ARRAYS.items()
    for compact in (False, True)
}


def stimuli(generator, array):
    """Pairs of pixels of random columns, each column by one read of four rows or two of two, with
    pauses, and the phases where they are due; what does not count is random. A third of the pairs
    are made of the window kept from the pair before and a new one."""
    flags = {name: np.zeros(COUNT, np.uint8) for name in FLAGS}
    clock, free, kept = 0, 0, False
    while clock < COUNT - 200:
        for pixel in range(int(kept), 2):
            columns = int(generator.integers(1, 6))
            for column in range(columns):
                kind = generator.choice(["four", "two", "half"])
                for part in ("low", "high") if kind == "two" else (kind,):
                    clock += int(generator.geometric(0.7))
                    completes = part != "low"
                    ends = completes and column == columns - 1
                    evaluates = ends and pixel == 1
                    if evaluates:
                        # The phases of the pair before are over.
                        clock = max(clock, free)
                    flags["four"][clock] = part == "four"
                    flags["low"][clock] = part in ("low", "half")
                    flags["high"][clock] = part == "high"
                    flags["shift"][clock] = completes
                    kept = evaluates and generator.random() < 1 / 3
                    flags["capture"][clock] = ends and (not evaluates or kept)
                    flags["evaluate"][clock] = evaluates
                    if evaluates:
                        free = clock
                        for _ in range(array.phases - 1):
                            free += int(generator.integers(1, 4))
                            flags["next_phase"][free] = 1
                        free += 1
    runs = generator.integers(0, 256, (COUNT, 4, array.lanes), np.uint8)
    return {"runs": runs, **flags}


def expected_windows(array, inputs):
    """(operands, valid, known) [clocks, columns, 4, window columns] of each phase at the clock of
    its read or ``next_phase``; ``known`` leaves out rows that no read brought."""
    half, columns = array.pair_channels, array.window_columns
    window = np.zeros((4, columns, array.lanes), np.uint8)
    brought = np.zeros((4, columns), bool)
    waiting = np.zeros((2, array.lanes), np.uint8)
    first, offered = None, [None, None]
    shape = (COUNT, array.columns, 4, columns)
    operands, valid, known = np.zeros(shape, np.uint8), np.zeros(COUNT, bool), np.zeros(shape, bool)
    phase = 0
    for clock in range(COUNT):
        at = {name: bool(inputs[name][clock]) for name in FLAGS}
        runs = inputs["runs"][clock]
        if at["shift"]:
            window, brought = np.roll(window, -1, axis=1), np.roll(brought, -1, axis=1)
            if at["four"]:
                window[:, -1], brought[:, -1] = runs, True
            elif at["high"]:
                window[:, -1] = np.concatenate([waiting, runs[:2]])
                brought[:, -1] = True
            else:
                window[:2, -1], brought[:, -1] = runs[:2], [True, True, False, False]
        if at["low"]:
            waiting = runs[:2]
        current = (window.copy(), brought.copy())
        if at["evaluate"] or at["next_phase"]:
            phase = 0 if at["evaluate"] else phase + 1
            offered = [first, current] if at["evaluate"] else offered
            valid[clock] = True
            for pixel, (values, mask) in enumerate(offered):
                chosen = values[:, :, phase * half : (phase + 1) * half]
                place = slice(pixel * half, (pixel + 1) * half)
                operands[clock, place] = chosen.transpose(2, 0, 1)
                known[clock, place] = mask
        if at["capture"]:
            first = current
    return operands, valid, known


def test_pairs_of_pixels_are_offered_phase_by_phase():
    generator = np.random.default_rng(SEED)
    blocks = {name: block for name, (_, block) in BLOCKS.items()}
    inputs = {name: stimuli(generator, array) for name, (array, _) in BLOCKS.items()}
    found = apply(
        SideBySide(blocks),
        {f"{name}__{port}": inputs[name][port] for name in blocks for port in inputs[name]},
        latency={f"{name}__window": block.latency for name, block in blocks.items()},
    )
    for name, (array, _) in BLOCKS.items():
        operands, valid, known = expected_windows(array, inputs[name])
        window = found[f"{name}__window"].view(np.uint8).reshape(operands.shape)
        assert known[valid].mean() > 0.5
        wrong = np.argwhere((window != operands) & known & valid[:, None, None, None])
        assert not wrong.size, (
            f"{name}: {len(wrong)} operands differ with seed {SEED}, the first in clock "
            f"{wrong[0][0]}, column {wrong[0][1]}, kernel row {wrong[0][2]}, window column "
            f"{wrong[0][3]}"
        )
