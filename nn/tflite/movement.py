# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Those operators of TensorFlow Lite that move values about, as operators of the graph."""

from collections.abc import Callable

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.tflite.site import Site

__all__ = ["MOVEMENT"]


def _pad(site: Site) -> op.Operator:
    source, padding, *values = site.operands(2, 3)
    sizes = site.integers(padding, "paddings")
    tensor = site.tensor(source)
    if values:
        data = site.value(values[0])
        if data is None or data.size != 1 or site.tensors[values[0]].dtype != tensor.dtype:
            raise ModelError(f"the value must be one constant {tensor.dtype}")
        if tensor.dtype == DType.FLOAT32:
            raise ModelError("padding of float32 is not supported")
        value = int(data.reshape(()))
    else:
        value = _nothing(tensor)
    return op.Pad(**site.ends((source,)), padding=_pairs(sizes), value=value)


def _pairs(sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(sizes[::2], sizes[1::2], strict=False))


def _nothing(tensor: Tensor) -> int:
    """The number that means 0."""
    if not tensor.dtype.quantised:
        return 0
    if tensor.quantization is None or len(tensor.quantization.scale) != 1:
        raise ModelError("the input must have a zero point")
    return tensor.zero_point


def _mirror_pad(site: Site) -> op.Operator:
    source, padding = site.operands(2)
    mode = site.options["mode"]
    if mode not in (0, 1):
        raise ModelError(f"mode must be REFLECT or SYMMETRIC, not number {mode}")
    return op.MirrorPad(
        **site.ends((source,)),
        padding=_pairs(site.integers(padding, "paddings")),
        symmetric=mode == 1,
    )


def _blocks(site: Site, kind: type[op.DepthToSpace] | type[op.SpaceToDepth]) -> op.Operator:
    return kind(**site.ends(site.operands(1)), block=site.positive("block_size"))


def _space_to_batch(site: Site) -> op.Operator:
    source, block, padding = site.operands(3)
    return op.SpaceToBatch(
        **site.ends((source,)),
        block=site.integers(block, "block_shape"),
        padding=_pairs(site.integers(padding, "paddings")),
        value=_nothing(site.tensor(source)),
    )


def _batch_to_space(site: Site) -> op.Operator:
    source, block, crops = site.operands(3)
    return op.BatchToSpace(
        **site.ends((source,)),
        block=site.integers(block, "block_shape"),
        crops=_pairs(site.integers(crops, "crops")),
    )


def _tile(site: Site) -> op.Operator:
    source, multiples = site.operands(2)
    return op.Tile(**site.ends((source,)), multiples=site.integers(multiples, "multiples"))


def _broadcast_to(site: Site) -> op.Operator:
    source, shape = site.operands(2)
    return op.BroadcastTo(**site.ends((source,)), shape=site.integers(shape, "shape"))


def _concatenation(site: Site) -> op.Operator:
    operands = site.operands(1, 1 << 16)
    if site.activation != op.Activation.NONE:
        raise ModelError(f"the fused activation {site.activation} is not supported")
    axis = site.axis(site.options["axis"], len(site.shape(operands[0])))
    return op.Concat(**site.ends(operands), axis=axis)


def _reshape(site: Site) -> op.Operator:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the shape is that of the output, which the second
    operand must not contradict."""
    operands = site.operands(1, 2)
    (result,) = site.results()
    shape = site.shape(result)
    if site.record.kind == "RESHAPE":
        wanted = site.options["new_shape"]
        if len(operands) > 1:
            wanted = site.integers(operands[1], "shape")
        fits = len(wanted) == len(shape) and all(
            size in (-1, found) for size, found in zip(wanted, shape, strict=True)
        )
        if not fits and wanted not in ((), (0,)):
            raise ModelError(f"shape {wanted!r} must be that of the output, {shape!r}")
    elif [n for n in site.shape(operands[0]) if n != 1] != [n for n in shape if n != 1]:
        raise ModelError(f"the output's shape must differ in sizes of 1 only, not be {shape!r}")
    return op.Reshape(**site.ends(operands[:1]), shape=shape)


def _transpose(site: Site) -> op.Operator:
    source, order = site.operands(2)
    rank = len(site.shape(source))
    axes = tuple(site.axis(axis, rank) for axis in site.integers(order, "permutation"))
    return op.Transpose(**site.ends((source,)), permutation=axes)


def _slice(site: Site) -> op.Operator:
    source, begin, size = site.operands(3)
    shape = site.shape(source)
    starts, sizes = site.integers(begin, "begin"), site.integers(size, "size")
    if not len(starts) == len(sizes) == len(shape):
        raise ModelError(f"begin and size must have {len(shape)} entries")
    return op.Slice(
        **site.ends((source,)),
        starts=starts,
        steps=(1,) * len(shape),
        sizes=tuple(
            total - start if count == -1 else count
            for start, count, total in zip(starts, sizes, shape, strict=True)
        ),
    )


def _strided_slice(site: Site) -> op.Operator:
    source, *operands = site.operands(4)
    shape = site.shape(source)
    begin, end, steps = (
        site.integers(index, what)
        for index, what in zip(operands, ("begin", "end", "strides"), strict=True)
    )
    for attribute in ("ellipsis_mask", "new_axis_mask", "offset"):
        if site.options[attribute]:
            raise ModelError(f"{attribute} is not supported")
    if not len(begin) == len(end) == len(steps) <= len(shape) or 0 in steps:
        raise ModelError(f"begin, end and strides must have an entry for each axis of {shape!r}")
    starts, sizes, strides, removed = [], [], [], []
    for axis, total in enumerate(shape):
        bit = 1 << axis
        step = steps[axis] if axis < len(steps) else 1
        first = last = None
        if axis < len(steps):
            first = None if site.options["begin_mask"] & bit else begin[axis]
            last = None if site.options["end_mask"] & bit else end[axis]
        if axis < len(steps) and site.options["shrink_axis_mask"] & bit:
            removed.append(axis)
            start = begin[axis] + (total if begin[axis] < 0 else 0)
            places, step = range(start, start + 1), 1
        else:
            places = range(*slice(first, last, step).indices(total))
        starts.append(places.start)
        sizes.append(len(places))
        strides.append(step)
    return op.Slice(
        **site.ends((source,)),
        starts=tuple(starts),
        steps=tuple(strides),
        sizes=tuple(sizes),
        removed=tuple(removed),
    )


def _split(site: Site) -> op.Operator:
    count = len(site.record.outputs)
    if site.record.kind == "SPLIT":
        axis_index, source = site.operands(2)
    else:
        source, sizes_index, axis_index = site.operands(3)
    axis = site.axis(site.single(axis_index, "axis"), len(site.shape(source)))
    total = site.shape(source)[axis]
    if site.record.kind == "SPLIT":
        if count == 0 or total % count:
            raise ModelError(f"{total} values must be split evenly, not by {count}")
        sizes = (total // count,) * count
    else:
        sizes = site.integers(sizes_index, "sizes")
        if sizes.count(-1) == 1:
            sizes = tuple(total - sum(sizes) - 1 if size == -1 else size for size in sizes)
    return op.Split(**site.ends((source,), None), axis=axis, sizes=sizes)


def _unpack(site: Site) -> op.Operator:
    (source,) = site.operands(1)
    axis = site.axis(site.options["axis"], len(site.shape(source)))
    return op.Unpack(**site.ends((source,), None), axis=axis)


def _pack(site: Site) -> op.Operator:
    operands = site.operands(1, 1 << 16)
    axis = site.axis(site.options["axis"], len(site.shape(operands[0])) + 1)
    return op.Pack(**site.ends(operands), axis=axis)


def _gather(site: Site) -> op.Operator:
    operands = site.operands(2)
    if site.options["batch_dims"] != 0:
        raise ModelError(f"batch_dims must be 0, not {site.options['batch_dims']}")
    axis = site.axis(site.options["axis"], len(site.shape(operands[0])))
    return op.Gather(**site.ends(operands), axis=axis)


#: The conversion of each such operator, by its name in the format.
MOVEMENT: dict[str, Callable[[Site], op.Operator]] = {
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "BROADCAST_TO": _broadcast_to,
    "CONCATENATION": _concatenation,
    "DEPTH_TO_SPACE": lambda site: _blocks(site, op.DepthToSpace),
    "EXPAND_DIMS": _reshape,
    "GATHER": _gather,
    "GATHER_ND": lambda site: op.GatherNd(**site.ends(site.operands(2))),
    "MIRROR_PAD": _mirror_pad,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": _reshape,
    "SLICE": _slice,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "SPACE_TO_DEPTH": lambda site: _blocks(site, op.SpaceToDepth),
    "SPLIT": _split,
    "SPLIT_V": _split,
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _strided_slice,
    "TILE": _tile,
    "TRANSPOSE": _transpose,
    "UNPACK": _unpack,
}
