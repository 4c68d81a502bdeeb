# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Operators that put values elsewhere."""

from dataclasses import dataclass

from macaw.nn.graph.operators.base import Operator

__all__ = [
    "BatchToSpace",
    "BroadcastTo",
    "Concat",
    "DepthToSpace",
    "Gather",
    "GatherNd",
    "MirrorPad",
    "Pack",
    "Pad",
    "Reshape",
    "Resize2d",
    "ResizeBilinear",
    "ResizeNearest",
    "Slice",
    "SpaceToBatch",
    "SpaceToDepth",
    "Split",
    "Tile",
    "Transpose",
    "Unpack",
]


@dataclass(frozen=True, kw_only=True)
class Pad(Operator):
    """``value``, an integer of the tensor's own type, (before, after) each axis."""

    padding: tuple[tuple[int, int], ...]
    value: int


@dataclass(frozen=True, kw_only=True)
class MirrorPad(Operator):
    """The tensor's own values as a mirror shows them, (before, after) each axis; a mirror stands
    on the last value, or behind it, where it is ``symmetric``."""

    padding: tuple[tuple[int, int], ...]
    symmetric: bool


@dataclass(frozen=True, kw_only=True)
class Tile(Operator):
    """Copies of the whole tensor one behind the other, as many along axis n as
    ``multiples[n]``."""

    multiples: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class BroadcastTo(Operator):
    """Another shape: axes are aligned at the end, and sizes of 1 stretch."""

    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class DepthToSpace(Operator):
    """The channels of a pixel as ``block`` x ``block`` pixels, which lie row by row in them: the
    channels of a new pixel side by side or, where they are ``planar``, the pixels of a new
    channel."""

    block: int
    planar: bool = False


@dataclass(frozen=True, kw_only=True)
class SpaceToDepth(Operator):
    """Of ``block`` x ``block`` pixels one, with the channels of all, row by row."""

    block: int


@dataclass(frozen=True, kw_only=True)
class SpaceToBatch(Operator):
    """Every n-th pixel as an image of its own, n from ``block`` for each axis of pixels: first all
    images that begin at the first pixel. ``value`` stands (before, after) each such axis."""

    block: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    value: int


@dataclass(frozen=True, kw_only=True)
class BatchToSpace(Operator):
    """The reverse of `SpaceToBatch`; of each axis of pixels ``crops`` are cut (before, after)."""

    block: tuple[int, ...]
    crops: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Concat(Operator):
    """All inputs in order along one axis."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Reshape(Operator):
    """The same values in the same order as another shape."""

    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Transpose(Operator):
    """Axis n of the result is axis ``permutation[n]`` of the input."""

    permutation: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Slice(Operator):
    """Of each axis ``sizes`` values, from ``starts`` on in ``steps``; the axes ``removed``,
    which must then have one value, vanish."""

    starts: tuple[int, ...]
    steps: tuple[int, ...]
    sizes: tuple[int, ...]
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Split(Operator):
    """Pieces of ``sizes`` along one axis, each an output."""

    axis: int
    sizes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Unpack(Operator):
    """The slices along one axis, which vanishes; each slice is an output."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Pack(Operator):
    """All inputs side by side along a new axis."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Gather(Operator):
    """Of (values, indices): the slices of the values along one axis that the indices name."""

    axis: int


class GatherNd(Operator):
    """Of (values, indices): the last axis of the indices names places on the first axes of the
    values."""


@dataclass(frozen=True, kw_only=True)
class Resize2d(Operator):
    """What both changes of an image's size have.

    ``align_corners`` lets the centres of the corner pixels stay at the corners;
    ``half_pixel_centers`` lets pixels have their centres at one half.
    """

    size: tuple[int, int]
    align_corners: bool = False
    half_pixel_centers: bool = False


class ResizeNearest(Resize2d):
    """Copies of the nearest pixel."""


class ResizeBilinear(Resize2d):
    """Means of the four nearest pixels."""
