# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs whole layers on the compute core's RTL, part by part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from macaw.arch.program import CoreLayer
from macaw.sim.conv2d import run_conv2d

__all__ = ["LayerRun", "run_layer"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerRun:
    """The first ``layer.rows`` rows of a layer's result, [batch, rows, width, channels];
    ``cycles`` adds up those of its runs, as `macaw.sim.conv2d.Conv2dRun` counts them, without the
    loading of weights."""

    result: np.ndarray
    cycles: int


def run_layer(
    layer: CoreLayer,
    images: np.ndarray,
    *,
    progress: Callable[[int], None] | None = None,
) -> LayerRun:
    """The layer's result for ``images``, which hold as many values as ``layer.image_shape``.

    ``progress`` is called after each run with its multiply-accumulate operations. Raises what
    `macaw.sim.conv2d.run_conv2d` raises.
    """
    images = images.reshape(layer.image_shape)
    batch, _, width, channels = layer.result_shape
    result, cycles = np.zeros(0), 0
    for index, image in enumerate(images):
        for part in layer.parts:
            run = run_conv2d(part.program, image[part.image])
            if not result.size:
                result = np.zeros((batch, layer.rows, width, channels), run.result.dtype)
            result[index][part.result] = run.result
            cycles += run.cycles
            if progress is not None:
                progress(part.program.shape.macs)
    return LayerRun(result=result, cycles=cycles)
