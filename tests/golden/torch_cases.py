# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Modules of one quantised operator with difficult parameters, for a comparison with PyTorch.

Each maker takes PyTorch, a generator of random numbers and the engine, and gives a module and its
inputs. A part of the scales are powers of two, which gives ties, or their neighbours.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Case = tuple[Any, tuple[Any, ...]]
Maker = Callable[[Any, np.random.Generator, str], Case]


def unit(rng: np.random.Generator, *, relu: bool = False) -> tuple[float, int]:
    """A scale and a zero point; with ``relu`` one that the engines take with a ReLU."""
    scale = np.float32(rng.uniform(0.002, 0.1))
    if rng.random() < 0.5:
        scale = np.float32(2.0 ** rng.integers(-9, -2))
        if rng.random() < 0.3:
            scale = np.nextafter(scale, np.float32(rng.integers(2)))
    points = [0, 128, 2 * rng.integers(0, 127) + 1, rng.integers(0, 255)]
    zero_point = int(rng.choice(points if relu else [*points, 255]))
    return float(scale), zero_point


def tensor(
    torch: Any, rng: np.random.Generator, shape: tuple[int, ...], scale: float, zero_point: int
) -> Any:
    """Random values; images lie with their channels innermost."""
    values = torch.from_numpy(rng.integers(0, 256, shape).astype(np.uint8))
    if len(shape) == 4:
        values = values.contiguous(memory_format=torch.channels_last)
    return torch._make_per_tensor_quantized_tensor(values, scale, zero_point)


def single(torch: Any, function: Any) -> Any:
    """A module whose forward is a function, or another module, of one tensor."""

    class Single(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.function = function

        def forward(self, x: Any) -> Any:
            return self.function(x)

    return Single().eval()


def _double(torch: Any, function: Any) -> Any:
    class Double(torch.nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return function(x, y)

    return Double().eval()


def _binary(name: str, shapes: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> Maker:
    def make(torch: Any, rng: np.random.Generator, engine: str) -> Case:
        result = unit(rng, relu=name.endswith("relu"))
        function = getattr(torch.ops.quantized, name)
        inputs = [tensor(torch, rng, s, *unit(rng)) for s in shapes[rng.integers(len(shapes))]]
        return _double(torch, lambda x, y: function(x, y, *result)), tuple(inputs)

    return make


def _concat(dim: int) -> Maker:
    def make(torch: Any, rng: np.random.Generator, engine: str) -> Case:
        result, first = unit(rng), unit(rng)
        if rng.random() < 0.5:
            result = first
        inputs = (
            tensor(torch, rng, (1, 20, 9, 7), *first),
            tensor(torch, rng, (1, 20, 9, 7), *unit(rng)),
        )
        cat = torch.ops.quantized.cat
        return _double(torch, lambda x, y: cat([x, y], dim, *result)), inputs

    return make


def _unary(function: Callable[[Any, tuple[float, int]], Any]) -> Maker:
    """``function`` takes PyTorch and the unit of the result, and gives a function."""

    def make(torch: Any, rng: np.random.Generator, engine: str) -> Case:
        shape = ((1, 256), (3, 100), (1, 10, 6, 7))[rng.integers(3)]
        values = tensor(torch, rng, shape, *unit(rng))
        return single(torch, function(torch, unit(rng))), (values,)

    return make


def _pool(function: Callable[[Any, Any, dict[str, Any]], Any], **attributes: list[Any]) -> Maker:
    """``function`` of PyTorch, an image, and one of each list of attributes."""

    def make(torch: Any, rng: np.random.Generator, engine: str) -> Case:
        channels = int(rng.choice([3, 16, 24, 40]))
        image = tensor(torch, rng, (2, channels, 12, 8), *unit(rng))
        chosen = {key: values[rng.integers(len(values))] for key, values in attributes.items()}
        return single(torch, lambda x: function(torch, x, chosen)), (image,)

    return make


def _average(torch: Any, x: Any, more: dict[str, Any]) -> Any:
    return torch.nn.functional.avg_pool2d(x, **more)


def _clamp(torch: Any, rng: np.random.Generator, engine: str) -> Case:
    scale, zero_point = unit(rng)
    # Bounds half-way between two values.
    low, high = ((int(n) + 0.5) * scale for n in (rng.integers(-40, 0), rng.integers(0, 40)))
    values = tensor(torch, rng, (1, 256), scale, zero_point)
    return single(torch, lambda x: torch.clamp(x, low, high)), (values,)


def _batch_norm(torch: Any, rng: np.random.Generator, engine: str) -> Case:
    from torch.ao.nn.intrinsic.quantized import BNReLU2d
    from torch.ao.nn.quantized import BatchNorm2d

    count = int(rng.choice([5, 64]))
    layer = (BNReLU2d if rng.random() < 0.5 else BatchNorm2d)(count)
    layer.scale, layer.zero_point = (torch.tensor(number) for number in unit(rng))
    values = [torch.from_numpy(rng.normal(0, 1, count).astype(np.float32)) for _ in range(4)]
    layer.weight.data, layer.bias.data = values[:2]
    layer.running_mean, layer.running_var = values[2], values[3].abs()
    if rng.random() < 0.5:
        # Factors that are powers of two, and half-integers to add: ties.
        layer.eps, layer.running_var = 0.0, torch.ones(count)
        layer.weight.data, layer.running_mean = torch.full((count,), 0.25), torch.zeros(count)
        layer.scale = torch.tensor(2.0**-5)
        layer.bias.data = (torch.arange(count) + 0.5) * 2.0**-5
    return single(torch, layer), (tensor(torch, rng, (2, count, 9, 7), *unit(rng)),)


def _weights(
    torch: Any,
    rng: np.random.Generator,
    shape: tuple[int, ...],
    axis: int | None,
    *,
    ties: bool,
    symmetric: bool,
) -> Any:
    # Small ones: no engine saturates 16 bits.
    values = torch.from_numpy(rng.integers(-60, 61, shape).astype(np.int8))
    count = 1 if axis is None else shape[axis]
    points = torch.from_numpy(rng.integers(-9, 10, count) * (not symmetric))
    scales = [2.0 ** rng.integers(-9, -7) if ties else unit(rng)[0] for _ in range(count)]
    if axis is None:
        return torch._make_per_tensor_quantized_tensor(values, scales[0], int(points[0]))
    return torch._make_per_channel_quantized_tensor(
        values, torch.tensor(scales, dtype=torch.float64), points, axis
    )


def _fill(
    torch: Any,
    rng: np.random.Generator,
    layer: Any,
    shape: tuple[int, ...],
    count: int,
    taps: int,
    engine: str,
) -> tuple[float, int]:
    """Give a layer weights, bias and a result that fills its range; gives the unit of its input.
    In half of the layers all scales are powers of two, and the biases half-integers."""
    transposed = type(layer).__name__ == "ConvTranspose2d"
    ties = rng.random() < 0.5
    scale, zero_point = unit(rng)
    if ties:
        scale = 2.0 ** rng.integers(-7, -4)
    axis = None if transposed or rng.random() < 0.4 else 0
    symmetric = engine == "onednn" or rng.random() < 0.7
    weights = _weights(torch, rng, shape, axis, ties=ties, symmetric=symmetric)
    steps = weights.q_scale() if axis is None else weights.q_per_channel_scales().numpy()
    bias = (rng.integers(-600, 600, count) + 0.5) * scale * steps
    floats = None if rng.random() < 0.2 else torch.from_numpy(bias.astype(np.float32))
    layer.set_weight_bias(weights, floats)
    spread = 35 * 74 * np.sqrt(taps) * scale * np.max(steps)
    layer.scale = 2.0 ** np.round(np.log2(spread / 50)) if ties else float(np.float32(spread / 50))
    layer.zero_point = unit(rng, relu=True)[1]
    return scale, zero_point


#: Groups, and the channels of one: more than 100 groups are a matter of their own for x86.
_GROUPS = [(1, 5, 7), (2, 3, 4), (12, 1, 1), (1, 3, 64), (104, 1, 1)]


def _conv2d(torch: Any, rng: np.random.Generator, engine: str) -> Case:
    from torch.ao.nn.intrinsic.quantized import ConvReLU2d
    from torch.ao.nn.quantized import Conv2d

    groups, inner, outer = _GROUPS[rng.integers(len(_GROUPS))]
    kernel = tuple(int(n) for n in rng.integers(1, 4, 2))
    layer = (ConvReLU2d if rng.random() < 0.5 else Conv2d)(
        groups * inner,
        groups * outer,
        kernel,
        stride=tuple(int(n) for n in rng.integers(1, 3, 2)),
        padding=tuple(int(n) for n in rng.integers(0, 3, 2)),
        dilation=int(rng.integers(1, 3)),
        groups=groups,
    )
    shape, taps = (groups * outer, inner, *kernel), inner * kernel[0] * kernel[1]
    image = _fill(torch, rng, layer, shape, groups * outer, taps, engine)
    return single(torch, layer), (tensor(torch, rng, (2, groups * inner, 9, 11), *image),)


def _linear(torch: Any, rng: np.random.Generator, engine: str) -> Case:
    from torch.ao.nn.intrinsic.quantized import LinearReLU
    from torch.ao.nn.quantized import Linear

    layer = (LinearReLU if rng.random() < 0.5 else Linear)(40, 30)
    given = _fill(torch, rng, layer, (30, 40), 30, 40, engine)
    shape = (50, 40) if rng.random() < 0.5 else (3, 20, 40)
    return single(torch, layer), (tensor(torch, rng, shape, *given),)


def _conv_transpose2d(torch: Any, rng: np.random.Generator, engine: str) -> Case:
    from torch.ao.nn.quantized import ConvTranspose2d

    inner, outer = (4, 6) if engine in ("qnnpack", "fbgemm") else [(4, 1), (1, 6)][rng.integers(2)]
    kernel = tuple(int(n) for n in rng.integers(2, 5, 2))
    more = (0, 0 if engine == "onednn" else int(rng.integers(2)))
    layer = ConvTranspose2d(inner, outer, kernel, stride=2, padding=1, output_padding=more)
    taps = max(1, inner * kernel[0] * kernel[1] // 4)
    image = _fill(torch, rng, layer, (inner, outer, *kernel), outer, taps, engine)
    return single(torch, layer), (tensor(torch, rng, (2, inner, 7, 6), *image),)


def _quantize(torch: Any, rng: np.random.Generator, engine: str) -> Case:
    scale, zero_point = unit(rng)
    values = torch.from_numpy(rng.integers(-600, 600, (4, 500)).astype(np.float32))
    # Halves of the scale, and what lies beside them.
    values = values * np.float32(scale / 2) * (1 + torch.randn(4, 500) * 1e-7)

    def function(x: Any) -> Any:
        return torch.quantize_per_tensor(x, scale, zero_point, torch.quint8)

    return single(torch, function), (values.to(torch.float32),)


_ALIKE = [((2, 10, 9, 7), (2, 10, 9, 7)), ((3, 70), (3, 70)), ((1, 64), (1, 64))]
_STRETCHED = [*_ALIKE, ((2, 10, 9, 7), (2, 10, 1, 1))]

CASES: dict[str, Maker] = {
    "adaptive_avg_pool2d": _pool(
        lambda torch, x, more: torch.nn.functional.adaptive_avg_pool2d(x, **more),
        output_size=[(1, 1), (3, 2), (5, 3), (6, 8)],
    ),
    "add": _binary("add", _ALIKE),
    "add_relu": _binary("add_relu", _ALIKE),
    "avg_pool2d": _pool(_average, kernel_size=[2, (4, 2), 3], stride=[2, 1], padding=[0, 1]),
    "batch_norm2d": _batch_norm,
    "cat of channels": _concat(1),
    "cat of rows": _concat(2),
    "clamp": _clamp,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "elu": _unary(lambda torch, u: lambda x: torch.ops.quantized.elu(x, *u, 0.7)),
    "hardsigmoid": _unary(lambda torch, u: torch.nn.functional.hardsigmoid),
    "hardswish": _unary(lambda torch, u: lambda x: torch.ops.quantized.hardswish(x, *u)),
    "interpolate": _pool(
        lambda torch, x, more: torch.nn.functional.interpolate(x, **more),
        size=[(24, 16), (5, 3), (17, 30)],
    ),
    "leaky_relu": _unary(
        lambda torch, u: lambda x: torch.ops.quantized.leaky_relu(x, 0.1, False, *u)
    ),
    "linear": _linear,
    "max_pool2d": _pool(
        lambda torch, x, more: torch.nn.functional.max_pool2d(x, **more),
        kernel_size=[2, 3],
        stride=[1, 2],
        padding=[0, 1],
        ceil_mode=[False, True],
    ),
    "mul": _binary("mul", _STRETCHED),
    "mul_relu": _binary("mul_relu", _STRETCHED),
    "quantize_per_tensor": _quantize,
    "relu": _unary(lambda torch, u: torch.relu),
    "relu6": _unary(lambda torch, u: lambda x: torch.ops.quantized.relu6(x)),
    "sigmoid": _unary(lambda torch, u: torch.sigmoid),
    "tanh": _unary(lambda torch, u: torch.tanh),
}

#: Cases of images whose pixels lie innermost in memory.
PLANAR: dict[str, Maker] = {
    "mean": _pool(lambda torch, x, more: x.mean([2, 3])),
}
