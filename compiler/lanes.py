# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Window mode of the narrow core: channels on the lanes, a tap at a time."""

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.steps import Groups, Step, Walk, flagged

__all__ = ["narrow_cycles", "walk_lanes"]

#: Bits of a step's stride.
_STRIDE_BITS = 12


def narrow_cycles(body: list[Step]) -> int:
    """The clocks that the narrow core takes for the steps of a pixel: one for each read, and one
    more behind a last step of a single read."""
    return sum(step.reads for step in body) + (body[-1].reads == 1)


def walk_lanes(shape: Conv2dShape, parts: list[np.ndarray], config: AcceleratorConfig) -> Walk:
    """The walk of a depthwise layer whose weights are the int8 ``parts``, in turn.

    A step is a kernel row, a read each of its taps for the channels of one group. The weight of
    channel l stands on lane l of column ``l % 2``, as `macaw.hw.narrow.lane_array.LaneArray`
    wants it.
    """
    lanes, columns = config.array.lanes, config.array.columns
    channels, kernel_width = shape.in_channels, shape.kernel_width
    outer = -(-channels // lanes)
    groups = Groups(
        outer=outer,
        inner=1,
        channels=lanes,
        inner_channels=lanes,
        final_channels=channels - (outer - 1) * lanes,
        input_step=lanes,
    )
    apart = shape.dilation[1] * channels
    together = kernel_width if apart < 1 << _STRIDE_BITS else 1
    steps = [
        Step(
            offset=column * apart,
            kernel_row=row,
            reads=together,
            stride=apart if together > 1 else 0,
            flags=frozenset({"evaluate"}),
        )
        for row in range(shape.kernel_height)
        for column in range(0, kernel_width, together)
    ]
    body = steps * len(parts)
    body[0] = flagged(body[0], "first")
    body[-1] = flagged(body[-1], "last")

    words = np.zeros(
        (outer, len(parts), shape.kernel_height, kernel_width, columns, lanes), np.int8
    )
    for channel in range(channels):
        group, lane = divmod(channel, lanes)
        for part, weights in enumerate(parts):
            words[group, part, :, :, lane % 2, lane] = weights[channel, :, :, 0]
    return Walk(
        window=True,
        groups=groups,
        prologue=(),
        body=tuple(body),
        weights=words.reshape(-1, columns, lanes),
        pixels=shape.output_width,
        pixel_stride=shape.stride[1] * channels,
        pixel_cycles=narrow_cycles(body),
        channel_cycles=config.requantizer.interval,
    )
