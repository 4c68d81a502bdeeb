# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators that mean the same in every runtime: values are moved, not changed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden import movement
from macaw.golden.float32 import float32
from macaw.golden.kernels.place import Arrays, Kernel, Place
from macaw.nn.graph import operators as op

__all__ = ["KERNELS"]


def _split(place: Place, inputs: Arrays) -> list[NDArray[Any]]:
    places = np.cumsum(place.operator.sizes)[:-1]
    return list(np.split(inputs[0], places, axis=place.operator.axis))


def _sqrt(place: Place, inputs: Arrays) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.sqrt(float32(inputs[0]))


#: The golden function of each of these operators.
KERNELS: dict[type[op.Operator], Kernel] = {
    op.ArgMax: lambda place, inputs: np.asarray(
        inputs[0].argmax(axis=place.operator.axis), place.dtype
    ),
    op.BatchToSpace: lambda place, inputs: movement.batch_to_space(
        inputs[0], place.operator.block, place.operator.crops
    ),
    op.BroadcastTo: lambda place, inputs: np.broadcast_to(inputs[0], place.operator.shape),
    op.Cast: lambda place, inputs: movement.cast(inputs[0], place.dtype),
    op.DepthToSpace: lambda place, inputs: movement.depth_to_space(
        inputs[0], place.operator.block, planar=place.operator.planar
    ),
    op.Gather: lambda place, inputs: movement.gather(inputs[0], inputs[1], place.operator.axis),
    op.GatherNd: lambda place, inputs: movement.gather_nd(inputs[0], inputs[1]),
    op.MirrorPad: lambda place, inputs: movement.mirror_pad(
        inputs[0], place.operator.padding, symmetric=place.operator.symmetric
    ),
    op.Pack: lambda place, inputs: np.stack(inputs, axis=place.operator.axis),
    op.Pad: lambda place, inputs: np.pad(
        inputs[0], place.operator.padding, constant_values=place.operator.value
    ),
    op.Reshape: lambda place, inputs: inputs[0].reshape(place.operator.shape),
    op.Slice: lambda place, inputs: movement.take_slice(
        inputs[0], place.operator.starts, place.operator.steps, place.operator.sizes
    ).reshape(place.result.shape),
    op.SpaceToBatch: lambda place, inputs: movement.space_to_batch(
        inputs[0], place.operator.block, place.operator.padding, place.operator.value
    ),
    op.SpaceToDepth: lambda place, inputs: movement.space_to_depth(inputs[0], place.operator.block),
    op.Split: _split,
    op.Sqrt: _sqrt,
    op.Tile: lambda place, inputs: np.tile(inputs[0], place.operator.multiples),
    op.Transpose: lambda place, inputs: inputs[0].transpose(place.operator.permutation),
    op.Unpack: lambda place, inputs: list(np.moveaxis(inputs[0], place.operator.axis, 0)),
}
