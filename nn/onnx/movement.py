# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Those operators of ONNX that move values about, as operators of the graph.

On images they work with the channels last, where the image stands so already.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.graph import operators as op
from macaw.nn.onnx.builder import TO_IMAGE, TO_PLAIN
from macaw.nn.onnx.real import moved
from macaw.nn.onnx.site import Site
from macaw.nn.onnx.values import UNIT, Held, Real, Value
from macaw.nn.shape_checks import broadcast

__all__ = ["MOVEMENT"]


def _identity(site: Site) -> None:
    site.inputs(1, 3 if site.node.kind == "Dropout" else 1)
    site.results(1)
    moved(site, lambda label, held: held)


def _reshaped(site: Site, shape: Callable[[tuple[int, ...]], tuple[int, ...]]) -> None:
    """The same values in the same order; ``shape`` gives the new shape for the old one."""

    def apply(label: str, held: Held) -> Held:
        wanted = shape(held.shape)
        name = site.builder.plain(held)
        return site.builder.emit(
            label, op.Reshape, (name,), held.dtype, held.quantization, shape=wanted
        )

    moved(site, apply)


def _reshape(site: Site) -> None:
    site.inputs(2)
    wanted = site.integers(1, "shape")
    site.attribute("allowzero", 0, among=(0,))

    def shape(old: tuple[int, ...]) -> tuple[int, ...]:
        copied = [old[n] if size == 0 and n < len(old) else size for n, size in enumerate(wanted)]
        rest = math.prod(size for size in copied if size != -1)
        if copied.count(-1) == 1 and rest > 0:
            copied[copied.index(-1)] = math.prod(old) // rest
        return tuple(copied)

    _reshaped(site, shape)


def _flatten(site: Site) -> None:
    site.inputs(1)

    def shape(old: tuple[int, ...]) -> tuple[int, ...]:
        axis = site.attribute("axis", 1)
        if not -len(old) <= axis <= len(old):
            raise ModelError(f"axis must be in {-len(old)} ... {len(old)}, not {axis}")
        axis += len(old) if axis < 0 else 0
        return math.prod(old[:axis]), math.prod(old[axis:])

    _reshaped(site, shape)


def _axes(site: Site) -> tuple[int, ...] | None:
    """The axes of Squeeze or Unsqueeze, from an attribute, or from an operand since version 13."""
    if site.builder.opset < 13:
        site.inputs(1)
        axes: tuple[int, ...] = site.attribute("axes", ())
        return axes or None
    site.inputs(1, 2)
    return site.integers(1, "axes") if site.has(1) else None


def _squeeze(site: Site) -> None:
    axes = _axes(site)

    def shape(old: tuple[int, ...]) -> tuple[int, ...]:
        if axes is None:
            return tuple(size for size in old if size != 1)
        gone = {site.axis(axis, len(old)) for axis in axes}
        if any(old[axis] != 1 for axis in gone):
            raise ModelError(f"axes must have one value each, not {axes!r} of {old!r}")
        return tuple(size for axis, size in enumerate(old) if axis not in gone)

    _reshaped(site, shape)


def _unsqueeze(site: Site) -> None:
    axes = _axes(site)

    def shape(old: tuple[int, ...]) -> tuple[int, ...]:
        count = len(old) + len(axes or ())
        new = {site.axis(axis, count) for axis in axes or ()}
        if len(new) != len(axes or ()) or count > 8:
            raise ModelError(f"axes must be different ones of {count}, not {axes!r}")
        sizes = iter(old)
        return tuple(1 if axis in new else next(sizes) for axis in range(count))

    _reshaped(site, shape)


def _transpose(site: Site) -> None:
    site.inputs(1)

    def apply(label: str, held: Held) -> Held:
        rank = len(held.shape)
        order = site.attribute("perm", tuple(reversed(range(rank))))
        if sorted(order) != list(range(rank)):
            raise ModelError(f"perm must be of {rank} axes, not {order!r}")
        new = Held(
            label=label,
            shape=tuple(held.shape[axis] for axis in order),
            dtype=held.dtype,
            quantization=held.quantization,
        )
        # Between the layouts: the tensor is there already.
        if order == TO_PLAIN:
            new.image = site.builder.plain(held)
            return new
        if order == TO_IMAGE:
            new.plain = site.builder.image(held)
            return new
        name = site.builder.plain(held)
        return site.builder.emit(
            label, op.Transpose, (name,), held.dtype, held.quantization, permutation=order
        )

    moved(site, apply)


def _per_axis(image: bool, values: list[int] | tuple[int, ...]) -> tuple[int, ...]:
    """A number for each axis, in the order of a layout."""
    return tuple(values[axis] for axis in TO_IMAGE) if image else tuple(values)


def _slice(site: Site) -> None:
    site.inputs(3, 5)
    begin, end = site.integers(1, "starts"), site.integers(2, "ends")
    axes = site.integers(3, "axes") if site.has(3) else tuple(range(len(begin)))
    steps = site.integers(4, "steps") if site.has(4) else (1,) * len(begin)
    if not len(begin) == len(end) == len(axes) == len(steps) or 0 in steps:
        raise ModelError("starts, ends, axes and steps must be as many, and no step 0")

    def apply(label: str, held: Held) -> Held:
        rank = len(held.shape)
        places = [range(size) for size in held.shape]
        chosen = [site.axis(axis, rank) for axis in axes]
        if len(set(chosen)) != len(chosen):
            raise ModelError(f"axes must be different, not {axes!r}")
        for axis, first, last, step in zip(chosen, begin, end, steps, strict=True):
            places[axis] = range(*slice(first, last, step).indices(held.shape[axis]))
        image = site.builder.in_images(held)
        return site.builder.emit(
            label, op.Slice, site.builder.names(held, image=image), held.dtype, held.quantization,
            image=image,
            starts=_per_axis(image, [place.start for place in places]),
            steps=_per_axis(image, [place.step for place in places]),
            sizes=_per_axis(image, [len(place) for place in places]),
        )  # fmt: skip

    moved(site, apply)


def _split(site: Site) -> None:
    labels = site.results()
    sizes: tuple[int, ...] = ()
    if site.builder.opset < 13:
        site.inputs(1)
        sizes = site.attribute("split", ())
    elif len(site.inputs(1, 2)) > 1:
        sizes = site.integers(1, "split")
    value = site.value(0)
    held = value.held if isinstance(value, Real) else value
    if not isinstance(held, Held):
        raise ModelError(
            f"a QuantizeLinear and a DequantizeLinear must stand between {held.kind} and Split"
        )
    axis = site.axis(site.attribute("axis", 0), len(held.shape))
    if site.attribute("num_outputs", len(labels)) != len(labels):
        raise ModelError(f"num_outputs must be the number of outputs, {len(labels)}")
    if not sizes:
        # All are of one size, but the last, which may be smaller.
        size = -(-held.shape[axis] // len(labels))
        sizes = (size,) * (len(labels) - 1)
        sizes = (*sizes, held.shape[axis] - sum(sizes))
    image = site.builder.in_images(held)
    names = site.builder.names(held, image=image)
    place = TO_PLAIN[axis] if image else axis
    pieces = site.builder.emit_all(
        list(labels), op.Split, names, held.dtype, held.quantization,
        image=image, axis=place, sizes=sizes,
    )  # fmt: skip
    for label, piece in zip(labels, pieces, strict=True):
        result: Value = piece
        if isinstance(value, Real):
            result = replace(value, held=piece, moved=True, hidden="Split")
        site.builder.define(label, result)


def _pad(site: Site) -> None:
    site.attribute("mode", "constant", among=("constant",))
    if site.builder.opset < 11:
        site.inputs(1)
        pads: tuple[int, ...] = site.attribute("pads", ())
    else:
        site.inputs(2, 4)
        pads = site.integers(1, "pads")
    chosen = site.integers(3, "axes") if site.has(3) else None
    real = isinstance(site.value(0), Real)
    number: Any = site.attribute("value", 0.0) if site.builder.opset < 11 else 0
    if site.has(2):
        data = site.array(2, "the value")
        if data.size != 1:
            raise ModelError(f"the value must be one number, not {data.size}")
        number = data.reshape(())[()]

    def apply(label: str, held: Held) -> Held:
        if real and (number != 0 or held.quantization is None):
            raise ModelError(f"the value must be 0, not {number!r}")
        value = held.quantization.zero_point[0] if real and held.quantization else int(number)
        if not held.dtype.quantised:
            raise ModelError(f"{held.label!r} must be int8 or uint8, not {held.dtype}")
        rank = len(held.shape)
        axes = range(rank) if chosen is None else [site.axis(axis, rank) for axis in chosen]
        if len(pads) != 2 * len(axes) or len(set(axes)) != len(axes):
            raise ModelError(f"pads must have two numbers for each of {len(axes)} axes")
        before, after = [0] * rank, [0] * rank
        for n, axis in enumerate(axes):
            before[axis], after[axis] = pads[n], pads[n + len(axes)]
        image = site.builder.in_images(held)
        pairs = zip(_per_axis(image, before), _per_axis(image, after), strict=True)
        return site.builder.emit(
            label, op.Pad, site.builder.names(held, image=image), held.dtype, held.quantization,
            image=image, padding=tuple(pairs), value=value,
        )  # fmt: skip

    moved(site, apply)


def _blocks(site: Site) -> None:
    """DepthToSpace and SpaceToDepth."""
    site.inputs(1)
    kind: Any = op.SpaceToDepth
    attributes: dict[str, Any] = {"block": site.attribute("blocksize", 0)}
    if site.node.kind == "DepthToSpace":
        kind = op.DepthToSpace
        attributes["planar"] = site.attribute("mode", "DCR", among=("DCR", "CRD")) == "CRD"

    def apply(label: str, held: Held) -> Held:
        if len(held.shape) != 4:
            raise ModelError(f"{held.label!r} must have 4 axes, not shape {held.shape!r}")
        name = site.builder.image(held)
        return site.builder.emit(
            label, kind, (name,), held.dtype, held.quantization, image=True, **attributes
        )

    moved(site, apply)


def _tile(site: Site) -> None:
    site.inputs(2)
    repeats = site.integers(1, "repeats")

    def apply(label: str, held: Held) -> Held:
        if len(repeats) != len(held.shape):
            raise ModelError(f"repeats must be {len(held.shape)} integers, not {repeats!r}")
        image = site.builder.in_images(held)
        return site.builder.emit(
            label, op.Tile, site.builder.names(held, image=image), held.dtype, held.quantization,
            image=image, multiples=_per_axis(image, repeats),
        )  # fmt: skip

    moved(site, apply)


def _expand(site: Site) -> None:
    site.inputs(2)
    wanted = site.integers(1, "shape")

    def apply(label: str, held: Held) -> Held:
        # Sizes of 1 may stretch on both sides.
        shape = broadcast(held.shape, wanted)
        image = site.builder.in_images(held) and len(shape) == 4
        return site.builder.emit(
            label, op.BroadcastTo, site.builder.names(held, image=image), held.dtype,
            held.quantization, image=image, shape=_per_axis(image, shape),
        )  # fmt: skip

    moved(site, apply)


#: The ways to round coordinates which, at whole factors, mean the same: the pixel above.
_COORDINATES = {
    "asymmetric": ("floor",),
    "half_pixel": ("round_prefer_floor", "round_prefer_ceil"),
    "pytorch_half_pixel": ("round_prefer_floor", "round_prefer_ceil"),
}


def _resize(site: Site) -> None:
    site.inputs(3, 4)
    site.attribute("mode", "nearest", among=("nearest",))
    coordinates = site.attribute(
        "coordinate_transformation_mode", "half_pixel", among=tuple(_COORDINATES)
    )
    site.attribute("nearest_mode", "round_prefer_floor", among=_COORDINATES[coordinates])
    for name in ("antialias", "exclude_outside"):
        site.attribute(name, 0, among=(0,))
    if "axes" in site.node.attributes:
        raise ModelError("axes are not supported")

    def apply(label: str, held: Held) -> Held:
        if len(held.shape) != 4 or not held.dtype.quantised:
            raise ModelError(f"{held.label!r} must be an image of 8 bits")
        held = site.builder.scaled(held, held.quantization or UNIT)
        if site.has(3):
            sizes = site.integers(3, "sizes")
        else:
            scales = site.array(2, "scales").reshape(-1)
            if len(scales) != 4 or any(scale != int(scale) for scale in scales[:4]):
                raise ModelError("scales must be 4 whole numbers")
            sizes = tuple(int(scale) * size for scale, size in zip(scales, held.shape, strict=True))
        if len(sizes) != 4 or sizes[:2] != held.shape[:2]:
            raise ModelError(f"sizes must be those of the image but for the last two: {sizes!r}")
        if any(size % old or not size for size, old in zip(sizes, held.shape, strict=True)):
            raise ModelError(f"sizes must be multiples of {held.shape!r}, not {sizes!r}")
        name = site.builder.image(held)
        return site.builder.emit(
            label, op.ResizeNearest, (name,), held.dtype, held.quantization,
            image=True, size=(sizes[2], sizes[3]),
        )  # fmt: skip

    moved(site, apply)


#: The conversion of each such operator, by its name.
MOVEMENT: dict[str, Callable[[Site], None]] = {
    "DepthToSpace": _blocks,
    "Dropout": _identity,
    "Expand": _expand,
    "Flatten": _flatten,
    "Identity": _identity,
    "Pad": _pad,
    "Reshape": _reshape,
    "Resize": _resize,
    "Slice": _slice,
    "SpaceToDepth": _blocks,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
