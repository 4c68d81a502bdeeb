# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's quantised operators without weights, as operators of the graph."""

from collections.abc import Callable
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation
from macaw.nn.torch.memory import (
    check_average,
    check_clamp,
    check_concat,
    check_elu,
    check_mean,
    check_vectors,
)
from macaw.nn.torch.site import TO_PLAIN, Site

__all__ = ["OPERATORS"]


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else tuple(value) * (3 - len(value))
    return int(first), int(second)


def _attributes(site: Site, *names: str, **defaults: Any) -> dict[str, Any]:
    """The attributes of a module or the arguments of a function, by name."""
    module = site.call.module
    if module is not None:
        return {"input": site.call.arguments[0]} | {name: getattr(module, name) for name in names}
    return site.bound("input", *names, **defaults)


def _identity(site: Site) -> None:
    site.draft.alias(site.call.name, site.only, site.facts)


def _border(kind: type[op.Quantize] | type[op.Dequantize]) -> Callable[[Site], None]:
    def convert(site: Site) -> None:
        site.add(kind(**site.in_memory(site.only)))

    return convert


def _binary(kind: type[op.Binary], activation: Activation) -> Callable[[Site], None]:
    def convert(site: Site) -> None:
        values = site.bound("qa", "qb", "scale", "zero_point", scale=None, zero_point=None)
        sources = [site.source(values[name]) for name in ("qa", "qb")]
        shapes = [site.shape(source) for source in sources]
        if kind is op.Add:
            if shapes[0] != shapes[1]:
                raise ModelError(f"operands must have one shape, not {shapes[0]} and {shapes[1]}")
            if not site.qnnpack:
                check_vectors(site, *sources)
        elif len(shapes[0]) != len(shapes[1]):
            raise ModelError(f"operands must have as many axes, not {shapes[0]} and {shapes[1]}")
        ends = site.in_memory(*sources) if kind is op.Add else site.on_either(*sources)
        site.add(kind(**ends, activation=activation))

    return convert


def _concat(site: Site) -> None:
    values = site.bound("tensors", "dim", "scale", "zero_point", dim=0, scale=None, zero_point=None)
    sources = [site.source(value) for value in values["tensors"]]
    check_concat(site, sources)
    rank = len(site.facts.shape)
    axis = int(values["dim"]) % rank
    site.add(op.Concat(**site.in_memory(*sources), axis=TO_PLAIN[axis] if rank == 4 else axis))


def _pooled(size: int, kernel: int, stride: int, padding: int, count: int) -> tuple[int, int]:
    """The padding before and behind an axis that gives ``count`` windows: with ``ceil_mode`` the
    last one may go beyond the padded image."""
    return padding, max((count - 1) * stride + kernel - size - padding, 0)


def _pool_attributes(site: Site, values: dict[str, Any]) -> dict[str, Any]:
    kernel, padding = _pair(values["kernel_size"]), _pair(values["padding"])
    stride = _pair(values["stride"]) if values["stride"] not in (None, (), []) else kernel
    before, after = site.shape(site.source(values["input"]))[2:], site.facts.shape[2:]
    pads: list[int] = []
    for axis in range(2):
        pads += _pooled(before[axis], kernel[axis], stride[axis], padding[axis], after[axis])
        if not values["ceil_mode"]:
            pads[-1] = padding[axis]
    return {"kernel": kernel, "stride": stride, "padding": tuple(pads)}


def _max_pool2d(site: Site) -> None:
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    values = _attributes(
        site, *names, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
    )
    if _pair(values["dilation"]) != (1, 1):
        raise ModelError(f"dilation must be 1, not {values['dilation']!r}")
    attributes = _pool_attributes(site, values)
    site.add(op.MaxPool2d(**site.on_images(site.source(values["input"])), **attributes))


def _average_pool2d(site: Site) -> None:
    names = (
        "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
    )  # fmt: skip
    values = _attributes(
        site,
        *names,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    )
    attributes = _pool_attributes(site, values)
    top, bottom, left, right = attributes["padding"]
    if values["divisor_override"] is not None:
        raise ModelError(f"divisor_override must be None, not {values['divisor_override']!r}")
    if site.qnnpack and values["ceil_mode"]:
        raise ModelError("ceil_mode must be False in the engine qnnpack")
    # What lies beyond the padded image is never counted.
    count_padding = bool(values["count_include_pad"]) and any(_pair(values["padding"]))
    if (top, left) != (bottom, right) and count_padding:
        raise ModelError("ceil_mode must be False where count_include_pad is True")
    if site.qnnpack and not values["count_include_pad"] and any(attributes["padding"]):
        raise ModelError("count_include_pad must be True: qnnpack takes it so")
    area = attributes["kernel"][0] * attributes["kernel"][1]
    whole = count_padding or not any(attributes["padding"])
    check_average(site, site.source(values["input"]), count=area if whole else 0, native=False)
    site.add(
        op.AveragePool2d(
            **site.on_images(site.source(values["input"])),
            **attributes,
            count_padding=count_padding,
        )
    )


def _adaptive_average_pool2d(site: Site) -> None:
    values = _attributes(site, "output_size")
    source = site.source(values["input"])
    before, size = site.shape(source)[2:], _pair(site.facts.shape[2:])
    whole = before[0] % size[0] == before[1] % size[1] == 0
    count = before[0] * before[1] // (size[0] * size[1]) if whole else 0
    check_average(site, source, count=count, native=not whole or before == size)
    site.add(op.AdaptiveAveragePool2d(**site.on_images(source), size=size))


def _mean(site: Site) -> None:
    values = site.bound("input", "dim", "keepdim", "dtype", keepdim=False, dtype=None)
    source = site.source(values["input"])
    rank = len(site.shape(source))
    given = values["dim"] if isinstance(values["dim"], tuple) else (values["dim"],)
    axes = tuple(sorted(int(axis) % rank for axis in given))
    if rank != 4 or axes != (2, 3):
        raise ModelError(f"dim must be the axes 2 and 3 of an image, not {values['dim']!r}")
    check_mean(site, source)
    keep = bool(values["keepdim"])
    # Without the pixels' axes, both orders are one.
    ends = site.on_images(source) if keep else {"inputs": (site.draft.image(source),)}
    if not keep:
        ends["outputs"] = (site.draft.define(site.call.name, site.facts, image=False),)
    site.add(op.Mean(**ends, axes=(1, 2), keep_dimensions=keep))


def _relu(site: Site, activation: Activation) -> None:
    if activation != Activation.RELU:
        check_clamp(site, site.only)
    site.add(op.Relu(**site.on_either(site.only), activation=activation))


def _clip(site: Site, low: str, high: str) -> None:
    names = (low, high) if site.call.module is not None else (low, high, "inplace")
    values = _attributes(site, *names, **{low: None, high: None, "inplace": False})
    limits = []
    for name, none in ((low, float("-inf")), (high, float("inf"))):
        limits.append(none if values[name] is None else float(values[name]))
    source = site.source(values["input"])
    check_clamp(site, source)
    ends = site.on_either(source)
    site.add(op.Clip(**ends, minimum=limits[0], maximum=limits[1]))


def _table(kind: Any, *, singles: bool) -> Callable[[Site], None]:
    """A function of single values; ``singles`` if qnnpack has a table for it, so that it does not
    matter where values lie."""

    def convert(site: Site) -> None:
        if not (singles and site.qnnpack):
            check_vectors(site, site.only)
        site.add(kind(**site.in_memory(site.only)))

    return convert


def _leaky_relu(site: Site) -> None:
    names = ["negative_slope", "inplace", "output_scale", "output_zero_point"]
    if site.call.module is not None:
        names = names[:1]
    values = _attributes(
        site,
        *names,
        negative_slope=0.01,
        inplace=False,
        output_scale=None,
        output_zero_point=None,
    )
    source = site.source(values["input"])
    check_vectors(site, source)
    site.add(op.LeakyRelu(**site.in_memory(source), alpha=float(values["negative_slope"])))


def _elu(site: Site) -> None:
    names = ["output_scale", "output_zero_point", "alpha", "scale", "input_scale"]
    if site.call.module is not None:
        names = ["alpha"]
    values = _attributes(site, *names, alpha=1.0, scale=1, input_scale=1)
    if (values.get("scale", 1), values.get("input_scale", 1)) != (1, 1):
        raise ModelError("scale and input_scale must be 1")
    source = site.source(values["input"])
    check_elu(site, source)
    site.add(op.Elu(**site.in_memory(source), alpha=float(values["alpha"])))


def _interpolate(site: Site) -> None:
    names = ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias")
    values = _attributes(
        site,
        *(names[:5] if site.call.module is not None else names),
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
        antialias=False,
    )
    if values["mode"] != "nearest":
        raise ModelError(f"mode must be 'nearest', not {values['mode']!r}")
    again = bool(values["recompute_scale_factor"])
    _nearest(site, site.source(values["input"]), None if again else values["scale_factor"])


def _upsample(site: Site) -> None:
    """The same, as torch.jit has it."""
    values = site.bound("input", "output_size", "scale_factors", scale_factors=None)
    _nearest(site, site.source(values["input"]), values["scale_factors"])


def _nearest(site: Site, source: str, factors: Any) -> None:
    before, after = site.shape(source)[2:], _pair(site.facts.shape[2:])
    if factors is not None:
        factors = factors if isinstance(factors, tuple | list) else (factors, factors)
        if any(size * float(factor) != whole for size, factor, whole in zip(
            before, factors, after, strict=True
        )):  # fmt: skip
            raise ModelError(f"scale_factor must lead to whole pixels, not {factors!r}")
    site.add(op.ResizeNearest(**site.on_images(source), size=after))


#: The conversion of each kind of call.
OPERATORS: dict[str, Callable[[Site], None]] = {
    "AdaptiveAvgPool2d": _adaptive_average_pool2d,
    "AvgPool2d": _average_pool2d,
    "Dropout": _identity,
    "Dropout2d": _identity,
    "Hardsigmoid": _table(op.HardSigmoid, singles=True),
    "Hardtanh": lambda site: _clip(site, "min_val", "max_val"),
    "Identity": _identity,
    "MaxPool2d": _max_pool2d,
    "ReLU": lambda site: _relu(site, Activation.RELU),
    "ReLU6": lambda site: _relu(site, Activation.RELU6),
    "Sigmoid": _table(op.Logistic, singles=True),
    "Tanh": _table(op.Tanh, singles=True),
    "Upsample": _interpolate,
    "UpsamplingNearest2d": _interpolate,
    "adaptive_avg_pool2d": _adaptive_average_pool2d,
    "avg_pool2d": _average_pool2d,
    "cat": _concat,
    "clamp": lambda site: _clip(site, "min", "max"),
    "contiguous": _identity,
    "dequantize": _border(op.Dequantize),
    "dropout": _identity,
    "hardsigmoid": _table(op.HardSigmoid, singles=True),
    "hardtanh": lambda site: _clip(site, "min_val", "max_val"),
    "interpolate": _interpolate,
    "leaky_relu": _leaky_relu,
    "max_pool2d": _max_pool2d,
    "mean": _mean,
    "quantize_per_tensor": _border(op.Quantize),
    "quantized.DeQuantize": _border(op.Dequantize),
    "quantized.Dropout": _identity,
    "quantized.ELU": _elu,
    "quantized.Hardswish": _table(op.HardSwish, singles=True),
    "quantized.LeakyReLU": _leaky_relu,
    "quantized.MaxPool2d": _max_pool2d,
    "quantized.Quantize": _border(op.Quantize),
    "quantized.ReLU6": lambda site: _relu(site, Activation.RELU6),
    "quantized.Sigmoid": _table(op.Logistic, singles=True),
    "quantized.add": _binary(op.Add, Activation.NONE),
    "quantized.add_relu": _binary(op.Add, Activation.RELU),
    "quantized.cat": _concat,
    "quantized.elu": _elu,
    "quantized.hardswish": _table(op.HardSwish, singles=True),
    "quantized.leaky_relu": _leaky_relu,
    "quantized.mul": _binary(op.Multiply, Activation.NONE),
    "quantized.mul_relu": _binary(op.Multiply, Activation.RELU),
    "quantized.relu6": lambda site: _relu(site, Activation.RELU6),
    "quantized.sigmoid": _table(op.Logistic, singles=True),
    "relu": lambda site: _relu(site, Activation.RELU),
    "relu6": lambda site: _relu(site, Activation.RELU6),
    "relu_": lambda site: _relu(site, Activation.RELU),
    "sigmoid": _table(op.Logistic, singles=True),
    "tanh": _table(op.Tanh, singles=True),
    "upsample_nearest2d": _upsample,
}
