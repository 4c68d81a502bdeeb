# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs compiled convolutions on the compute core's RTL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from macaw.arch.program import CoreProgram
from macaw.hw import Conv2dCore
from macaw.sim.layer_gate import LOADED, LayerGate
from macaw.sim.netlist import Netlist
from macaw.sim.streams import StreamRun, run

__all__ = ["Conv2dRun", "core_streams", "run_conv2d", "run_conv2d_sequence"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv2dRun:
    """A layer's result on the RTL: ``result`` is int8 or uint8 [height, width, channels], int32
    where the program's ``result_bytes`` is 4; ``cycles`` counts from the first image word to the
    last result word."""

    result: np.ndarray
    cycles: int
    streams: StreamRun


def _rows_to_words(rows: np.ndarray, lanes: int, words: int) -> np.ndarray:
    """[rows, bytes] as [rows * words, lanes], each row filled up with zeros."""
    padded = np.zeros((len(rows), words * lanes), np.uint8)
    padded[:, : rows.shape[1]] = rows.view(np.uint8)
    return padded.reshape(-1, lanes)


def core_streams(program: CoreProgram, image: np.ndarray) -> dict[str, Any]:
    """The words of the core's input streams for ``program`` and an NHWC ``image`` without its
    N, in the form that `macaw.sim.packing` takes."""
    config, shape = program.config, program.shape
    lanes, columns = config.array.lanes, config.array.columns
    expected = (shape.height, shape.width, shape.in_channels)
    dtype = np.int8 if program.input_signed else np.uint8
    if image.shape != expected or image.dtype != dtype:
        raise ValueError(
            f"{program.name}: image must be {np.dtype(dtype)} of shape {expected}, "
            f"not {image.dtype} of shape {image.shape}"
        )
    beats = len(program.weights) * columns
    rows = np.ascontiguousarray(image).reshape(shape.height, -1)
    return {
        "weights": {
            "address": np.arange(beats),
            "data": program.weights.reshape(beats, lanes).view(np.uint8),
        },
        "parameters": {
            "address": np.arange(len(program.parameters["bias"])),
            "parameters": program.parameters,
        },
        "table": {
            "address": np.arange(len(program.table)),
            "entry": _columns(program.table),
        },
        "descriptor": _columns((program.descriptor,)),
        "image": _rows_to_words(rows, lanes, program.image_row_words),
    }


def _columns(rows: tuple[dict[str, int], ...]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}


def run_conv2d(
    program: CoreProgram,
    image: np.ndarray,
    *,
    netlist: Netlist | None = None,
    idle: float = 0.0,
    stall: float = 0.0,
    seed: int = 1,
    progress: Callable[[int, int], None] | bool = False,
    waves: Path | None = None,
    waves_cycles: tuple[int, int] = (0, 1024),
) -> Conv2dRun:
    """The layer's result for ``image``, computed by the RTL of ``program.config``, or by
    ``netlist``, which was made of it.

    ``idle``, ``stall``, ``seed``, ``progress``, ``waves`` and ``waves_cycles`` are those of
    `macaw.sim.streams.run`; the first clocks load the layer, and a 16x16 array's waveform takes
    about 160 kB a clock.
    Raises ``ValueError`` for an image that does not fit, and what that function raises.
    """
    shape = program.shape
    words = shape.output_height * program.result_row_words
    streams = run(
        Conv2dCore(program.config),
        core_streams(program, image),
        {"result": words},
        parameters=program.config,
        netlist=netlist,
        after={
            "descriptor": ("weights", "parameters", "table"),
            "image": ("weights", "parameters", "table"),
        },
        idle=idle,
        stall=stall,
        seed=seed,
        quiet_cycles=_quiet_cycles(program),
        progress=progress,
        waves=waves,
        waves_cycles=waves_cycles,
    )
    result = _result(program, streams.words["result"])
    first = streams.transfers["image"].first_cycle
    last = streams.transfers["result"].last_cycle
    return Conv2dRun(result=result, cycles=last - first + 1, streams=streams)


#: Clocks without a word after which a core hangs, beside those that a row of results takes.
_QUIET_CYCLES = 100_000


def _quiet_cycles(program: CoreProgram) -> int:
    """Clocks after which a core hangs in which no stream moves: no word may come in, and none
    goes out before a row of results is complete."""
    shape, config = program.shape, program.config
    results = shape.output_width * shape.out_channels * config.requantizer.interval
    steps = shape.output_width * shape.out_channels * shape.taps // config.array.columns
    return _QUIET_CYCLES + 2 * (results + steps)


def _result(program: CoreProgram, words: np.ndarray) -> np.ndarray:
    """The result as a tensor, from the words of its stream."""
    shape = program.shape
    rows = words.reshape(shape.output_height, -1)
    rows = rows[:, : shape.output_width * shape.out_channels].astype(np.uint8)
    result = rows.reshape(shape.output_height, shape.output_width, shape.out_channels)
    if program.result_bytes == 4:
        return np.ascontiguousarray(result).view("<i4").astype(np.int32, copy=False)
    return result.view(np.int8) if program.output_signed else result


def run_conv2d_sequence(
    programs: Sequence[CoreProgram],
    images: Sequence[np.ndarray],
    *,
    idle: float = 0.0,
    stall: float = 0.0,
    seed: int = 1,
    quiet_cycles: int = 100_000,
) -> list[np.ndarray]:
    """The results of several layers, one after the other on one core without a reset between
    them; each layer takes its own image.

    The words of a layer's image wait at the core before the layer is known to it. ``idle``,
    ``stall``, ``seed`` and ``quiet_cycles`` are those of `macaw.sim.streams.run`. Raises
    ``ValueError`` for an image that does not fit, for programs of different configurations or
    none, or as many images as there are no programs; and what that function raises.
    """
    if not programs or len(programs) != len(images):
        raise ValueError(
            f"programs must be at least one, with an image each, not {len(programs)} programs "
            f"and {len(images)} images"
        )
    config = programs[0].config
    for program in programs:
        if program.config != config:
            raise ValueError(
                f"programs must be for one configuration ({config.name}), "
                f"not for {program.config.name}"
            )
    layers = [core_streams(*pair) for pair in zip(programs, images, strict=True)]
    for layer in layers:
        for name in LOADED:
            last = np.zeros(len(layer[name]["address"]), np.uint8)
            last[-1] = 1
            layer[name] = {"word": layer[name], "last": last}
    counts = [program.shape.output_height * program.result_row_words for program in programs]
    streams = run(
        LayerGate(config),
        {name: _join([layer[name] for layer in layers]) for name in layers[0]},
        {"result": sum(counts)},
        parameters=config,
        idle=idle,
        stall=stall,
        seed=seed,
        quiet_cycles=quiet_cycles,
    )
    ends = np.cumsum(counts)[:-1]
    parts = np.split(streams.words["result"], ends)
    return [_result(program, part) for program, part in zip(programs, parts, strict=True)]


def _join(parts: list[Any]) -> Any:
    """Words in the form of `macaw.sim.packing`, one behind the other."""
    if isinstance(parts[0], dict):
        return {name: _join([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)
