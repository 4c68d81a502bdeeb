# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random operators that sum: convolutions of all kinds, fully connected layers, means."""

import math

import numpy as np
from growing_graph import Growing, demand

from macaw.nn.graph import DType, Quantization, Semantics
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation


def activation(graph: Growing) -> Activation:
    if graph.semantics == Semantics.ONNXRUNTIME:
        return Activation.NONE
    if graph.torch:
        return graph.one_of(Activation.NONE, Activation.RELU)
    return graph.one_of(*Activation)


def _weights(graph: Growing, source: str, shape) -> tuple[str, float]:
    """Weights for an image, and their middle scale."""
    rng, image = graph.rng, graph.tensors[source]
    dtype = DType.INT8 if graph.torch else image.dtype
    if graph.semantics == Semantics.ONNXRUNTIME and dtype == DType.UINT8:
        dtype = graph.one_of(DType.INT8, DType.UINT8)
    limits = np.iinfo(dtype.value)
    data = rng.integers(limits.min, limits.max + 1, shape).astype(dtype.value)
    if graph.chance(0.2):
        data[rng.random(shape) < 0.7] = 0
    channels = shape[0]
    per_channel = graph.chance(0.5) and not (
        graph.semantics == Semantics.TFLITE and dtype == DType.UINT8
    )
    scales = np.float32(rng.uniform(0.002, 0.02, channels if per_channel else 1))
    zero_point = 0 if dtype == DType.INT8 else 128
    with_point = graph.semantics in (Semantics.QNNPACK, Semantics.FBGEMM)
    if dtype == DType.UINT8 or (with_point and graph.chance(0.2)):
        zero_point = graph.whole(limits.min // 2, limits.max)
    quantization = Quantization(
        scale=tuple(float(each) for each in scales),
        zero_point=(zero_point,) * len(scales),
        axis=0 if per_channel else None,
    )
    return graph.tensor(shape, dtype, quantization, data), float(np.median(scales))


def _bias(graph: Growing, source: str, weights: str, taps: int) -> tuple[str, ...]:
    if graph.chance(0.25):
        return ()
    count = graph.tensors[weights].shape[0]
    whole = graph.rng.normal(0, 5000 * math.sqrt(taps), count)
    if graph.chance(0.05):
        whole[0] = 1 << 30
    if not graph.torch:
        return (graph.tensor((count,), DType.INT32, data=np.round(whole).astype(np.int32)),)
    quantization = graph.tensors[weights].quantization
    assert quantization is not None
    unit = graph.tensors[source].scale * np.array(quantization.scale)
    return (graph.tensor((count,), DType.FLOAT32, data=(whole * unit).astype(np.float32)),)


def _result(graph: Growing, source: str, shape, unit: float, taps: int, given=None) -> str:
    """A result whose values spread over its range, more or less."""
    image = graph.tensors[source]
    spread = image.scale * unit * math.sqrt(taps) * 100 * graph.rng.uniform(0.3, 2)
    quantization = given or graph.quantization(image.dtype, spread)
    return graph.tensor(shape, image.dtype, quantization)


def convolution(
    graph: Growing, *, kernel, stride=(1, 1), dilation=(1, 1), padding=(0, 0, 0, 0), groups=1,
    outputs: int, source: str | None = None, given: Quantization | None = None,
) -> str:  # fmt: skip
    source = source or graph.image()
    batch, height, width, channels = graph.tensors[source].shape
    demand(channels % groups == 0 and outputs % groups == 0)
    weights, unit = _weights(graph, source, (outputs, *kernel, channels // groups))
    taps = math.prod(kernel) * channels // groups
    more = {"stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
    operator = op.Conv2d(inputs=(source, weights), outputs=("",), **more)
    try:
        shape = operator.shape((batch, height, width, channels), graph.tensors[weights].shape)
    except ValueError:
        demand(False)
    size = (batch, shape.output_height, shape.output_width, outputs)
    result = _result(graph, source, size, unit, taps, given)
    inputs = (source, weights, *_bias(graph, source, weights, taps))
    return graph.add(
        op.Conv2d(inputs=inputs, outputs=(result,), activation=activation(graph), **more)
    )


def _padding(graph: Growing, kernel) -> tuple[int, int, int, int]:
    return (
        graph.whole(0, kernel[0] - 1), graph.whole(0, kernel[0] - 1),
        graph.whole(0, kernel[1] - 1), graph.whole(0, kernel[1] - 1),
    )  # fmt: skip


def _kernel(graph: Growing, most: int = 4) -> tuple[int, int]:
    if graph.chance(0.4):
        return 3, 3
    return graph.whole(1, most), graph.whole(1, most)


def dense(graph: Growing) -> str:
    kernel = _kernel(graph)
    stride = graph.one_of((1, 1), (1, 1), (2, 2), (1, 2), (3, 1))
    return convolution(graph, kernel=kernel, stride=stride, padding=_padding(graph, kernel),
                 outputs=graph.whole(1, 20))  # fmt: skip


def pointwise(graph: Growing, source: str | None = None, outputs: int = 0, given=None) -> str:
    return convolution(graph, kernel=(1, 1), outputs=outputs or graph.whole(1, 24), source=source,
                 given=given)  # fmt: skip


def dilated(graph: Growing) -> str:
    kernel, dilation = (graph.whole(2, 3), graph.whole(2, 3)), (graph.whole(1, 3), 2)
    return convolution(graph, kernel=kernel, dilation=dilation, padding=(2, 1, 1, 2),
                 outputs=graph.whole(1, 12))  # fmt: skip


def grouped(graph: Growing) -> str:
    source = graph.image()
    channels = graph.tensors[source].shape[3]
    groups = [each for each in range(2, channels) if channels % each == 0]
    demand(groups)
    chosen, kernel = graph.one_of(*groups), _kernel(graph)
    return convolution(graph, kernel=kernel, padding=_padding(graph, kernel), groups=chosen,
                 stride=graph.one_of((1, 1), (2, 2)), outputs=chosen * graph.whole(1, 3),
                 source=source)  # fmt: skip


def depthwise(graph: Growing, multiplier: int = 1) -> str:
    source, kernel = graph.image(), _kernel(graph, 5)
    channels = graph.tensors[source].shape[3]
    demand(channels > 1)
    stride, dilation = graph.one_of((1, 1), (1, 1), (2, 2), (2, 1)), (1, 1)
    if stride == (1, 1) and graph.chance(0.2):
        dilation = (2, 2)
    return convolution(graph, kernel=kernel, padding=_padding(graph, kernel), groups=channels,
                 stride=stride, dilation=dilation, outputs=channels * multiplier,
                 source=source)  # fmt: skip


def multiplied(graph: Growing) -> str:
    """Depthwise with a channel multiplier."""
    return depthwise(graph, graph.whole(2, 3))


def separable(graph: Growing) -> str:
    """A layer and a pointwise one behind it, which may be computed in tiles."""
    first = graph.one_of(dense, depthwise, depthwise, grouped)
    return pointwise(graph, source=first(graph))


def transposed(graph: Growing) -> str:
    demand(graph.semantics != Semantics.ONNXRUNTIME)
    source = graph.image()
    batch, height, width, channels = graph.tensors[source].shape
    kernel = (graph.whole(1, 4), graph.whole(1, 4))
    stride, outputs = graph.one_of((1, 1), (2, 2), (2, 1), (3, 2)), graph.whole(1, 9)
    offset = tuple(graph.whole(0, size - 1) for size in kernel)
    size = tuple(
        (before - 1) * step + taps - 2 * cut + graph.whole(0, step - 1)
        for before, step, taps, cut in zip((height, width), stride, kernel, offset, strict=True)
    )
    demand(min(size) > 0)
    weights, unit = _weights(graph, source, (outputs, *kernel, channels))
    taps = max(1, math.prod(kernel) * channels // math.prod(stride))
    result = _result(graph, source, (batch, *size, outputs), unit, taps)
    return graph.add(
        op.ConvTranspose2d(
            inputs=(source, weights, *_bias(graph, source, weights, taps)), outputs=(result,),
            stride=stride, offset=offset, output_size=size, activation=activation(graph),
        )
    )  # fmt: skip


def linear(graph: Growing) -> str:
    source = graph.source(dtypes=(DType.UINT8,) if graph.torch else (DType.INT8, DType.UINT8))
    shape = graph.tensors[source].shape
    keep = len(shape) == 2 or graph.chance(0.3)
    features, outputs = shape[-1] if keep else math.prod(shape[1:]), graph.whole(1, 12)
    demand(features * outputs <= 4000)
    weights, unit = _weights(graph, source, (outputs, features))
    size = (*shape[:-1], outputs) if keep else (math.prod(shape) // features, outputs)
    result = _result(graph, source, size, unit, features)
    return graph.add(
        op.Linear(
            inputs=(source, weights, *_bias(graph, source, weights, features)), outputs=(result,),
            keep_dimensions=keep, activation=activation(graph),
        )
    )  # fmt: skip


def average_pool(graph: Growing) -> str:
    """Not padded in TensorFlow Lite; onnxruntime's averages are sums of float32 numbers."""
    demand(graph.semantics != Semantics.ONNXRUNTIME)
    source, kernel = graph.image(), _kernel(graph)
    padding = _padding(graph, kernel) if graph.torch or graph.chance(0.3) else (0, 0, 0, 0)
    batch, height, width, channels = graph.tensors[source].shape
    stride = graph.one_of((1, 1), (2, 2), kernel)
    rows = (height + sum(padding[:2]) - kernel[0]) // stride[0] + 1
    columns = (width + sum(padding[2:]) - kernel[1]) // stride[1] + 1
    demand(height + sum(padding[:2]) >= kernel[0] and width + sum(padding[2:]) >= kernel[1])
    result = graph.like(source, (batch, rows, columns, channels))
    fused = Activation.NONE if graph.torch else activation(graph)
    return graph.add(
        op.AveragePool2d(
            inputs=(source,), outputs=(result,), kernel=kernel, stride=stride, padding=padding,
            activation=fused,
        )
    )  # fmt: skip


def adaptive_pool(graph: Growing) -> str:
    demand(graph.torch)
    source = graph.image()
    batch, height, width, channels = graph.tensors[source].shape
    size = tuple(
        graph.one_of(*(each for each in range(1, total + 1) if total % each == 0))
        for total in (height, width)
    )
    result = graph.like(source, (batch, *size, channels))
    return graph.add(op.AdaptiveAveragePool2d(inputs=(source,), outputs=(result,), size=size))


def global_mean(graph: Growing) -> str:
    source = graph.image()
    tensor = graph.tensors[source]
    batch, _, _, channels = tensor.shape
    keep = graph.semantics == Semantics.ONNXRUNTIME or graph.chance(0.5)
    shape = (batch, 1, 1, channels) if keep else (batch, channels)
    if graph.torch:
        result = graph.like(source, shape)
    else:
        unit = graph.quantization(tensor.dtype, tensor.scale * graph.rng.uniform(0.3, 1.5))
        result = graph.tensor(shape, tensor.dtype, unit)
    return graph.add(
        op.Mean(inputs=(source,), outputs=(result,), axes=(1, 2), keep_dimensions=keep)
    )
