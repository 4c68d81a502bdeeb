# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Each operator of TensorFlow Lite as one of the graph.

What the kernels do with attributes and shapes is read from tensorflow/lite/kernels; the file of a
kernel has its operator's name.
"""

from collections.abc import Callable
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.shapes import output_shapes
from macaw.nn.tflite.movement import MOVEMENT
from macaw.nn.tflite.site import Site

__all__ = ["CONVERTERS"]


def _images(site: Site, *indices: int) -> list[tuple[int, ...]]:
    """The shapes of tensors that must have four axes."""
    shapes = [site.shape(index) for index in indices]
    for index, shape in zip(indices, shapes, strict=True):
        if len(shape) != 4 or 0 in shape:
            raise ModelError(f"{site.names[index]!r} must have 4 axes, not shape {shape!r}")
    return shapes


def _weights(site: Site, index: int, *, depthwise: bool = False) -> str:
    """The name of the weights, which the graph has in one layout: [out, ..., in]."""
    tensor = site.tensor(index)
    found = tensor.quantization
    if found is None or tensor.data is None:
        raise ModelError(f"weights {tensor.name!r} must be constant, and have a scale")
    if tensor.dtype == DType.INT8 and any(found.zero_point):
        raise ModelError(f"weights {tensor.name!r} must have zero point 0")
    axis = 3 if depthwise else 0
    if found.axis not in (None, axis):
        raise ModelError(
            f"weights {tensor.name!r} must have scales along axis {axis}, not {found.axis}"
        )
    if not depthwise:
        return tensor.name
    return site.add(
        Tensor(
            name=f"{tensor.name}#by_channel",
            shape=(tensor.shape[3], *tensor.shape[1:3], tensor.shape[0]),
            dtype=tensor.dtype,
            quantization=Quantization(
                scale=found.scale,
                zero_point=found.zero_point,
                axis=None if found.axis is None else 0,
            ),
            data=tensor.data.transpose(3, 1, 2, 0),
        )
    )


def _convolution(site: Site, *, depthwise: bool) -> op.Operator:
    operands = site.operands(2, 3)
    image, weights = _images(site, *operands[:2])
    ends = site.ends(operands)
    name = _weights(site, operands[1], depthwise=depthwise)
    if depthwise:
        groups = image[3]
        multiplier = site.options["depth_multiplier"]
        if weights[0] != 1 or weights[3] != groups * multiplier:
            raise ModelError(
                f"depth_multiplier {multiplier} must lead from {groups} channels to the "
                f"{weights[3]} of the weights"
            )
    else:
        groups = image[3] // weights[3]
        if groups * weights[3] != image[3]:
            raise ModelError(f"weights of {weights[3]} channels must divide those of {image!r}")
    return op.Conv2d(
        inputs=(ends["inputs"][0], name, *ends["inputs"][2:]),
        outputs=ends["outputs"],
        stride=site.stride,
        dilation=site.dilation,
        padding=site.padding(image[1:3], weights[1:3], site.stride, site.dilation),
        groups=groups,
        activation=site.activation,
    )


def _transpose_conv(site: Site) -> op.Operator:
    operands = site.operands(3, 4)
    shape, weights, image = operands[:3]
    _, sizes = _images(site, image, weights)
    size = site.integers(shape, "output_shape")
    if len(size) != 4 or min(size) < 1 or max(size) > 1 << 16:
        raise ModelError(f"output_shape must be 4 positive integers, not {size!r}")
    top, _, left, _ = site.padding(size[1:3], sizes[1:3], site.stride)
    _weights(site, weights)
    return op.ConvTranspose2d(
        **site.ends((image, weights, *operands[3:])),
        stride=site.stride,
        offset=(top, left),
        output_size=(size[1], size[2]),
        activation=site.activation,
    )


def _fully_connected(site: Site) -> op.Operator:
    operands = site.operands(2, 3)
    if site.options["weights_format"] != 0:
        raise ModelError("weights_format must be DEFAULT")
    if site.tensor(operands[1]).data is None:
        raise ModelError("weights must be constant")
    return op.Linear(
        **site.ends(operands),
        keep_dimensions=bool(site.options["keep_num_dims"]),
        activation=site.activation,
    )


def _pool(site: Site, kind: type[op.MaxPool2d] | type[op.AveragePool2d]) -> op.Operator:
    operands = site.operands(1)
    (image,) = _images(site, *operands)
    kernel = site.positive("filter_h"), site.positive("filter_w")
    return kind(
        **site.ends(operands),
        kernel=kernel,
        stride=site.stride,
        padding=site.padding(image[1:3], kernel, site.stride),
        activation=site.activation,
    )


def _binary(kind: type[op.Binary]) -> Callable[[Site], op.Operator]:
    def convert(site: Site) -> op.Operator:
        fused = "activation" in site.options
        return kind(
            **site.ends(site.operands(2)),
            activation=site.activation if fused else op.Activation.NONE,
        )

    return convert


def _unary(kind: Any, **attributes: Any) -> Callable[[Site], op.Operator]:
    return lambda site: kind(**site.ends(site.operands(1)), **attributes)


def _reduction(kind: type[op.Reduction]) -> Callable[[Site], op.Operator]:
    def convert(site: Site) -> op.Operator:
        source, axes = site.operands(2)
        rank = len(site.shape(source))
        return kind(
            **site.ends((source,)),
            axes=tuple(sorted({site.axis(axis, rank) for axis in site.integers(axes, "axes")})),
            keep_dimensions=bool(site.options["keep_dims"]),
        )

    return convert


def _quantize(site: Site) -> op.Operator:
    (source,) = site.operands(1)
    kind = op.Quantize if site.tensors[source].dtype == "float32" else op.Requantize
    return kind(**site.ends((source,)))


def _resize(site: Site, kind: type[op.ResizeNearest] | type[op.ResizeBilinear]) -> op.Operator:
    source, size = site.operands(2)
    sizes = site.integers(size, "size")
    if len(sizes) != 2:
        raise ModelError(f"size must be 2 integers, not {sizes!r}")
    return kind(
        **site.ends((source,)),
        size=(sizes[0], sizes[1]),
        align_corners=bool(site.options["align_corners"]),
        half_pixel_centers=bool(site.options["half_pixel_centers"]),
    )


def _arg_max(site: Site) -> op.Operator:
    source, axis = site.operands(2)
    rank = len(site.shape(source))
    return op.ArgMax(**site.ends((source,)), axis=site.axis(site.single(axis, "axis"), rank))


def _detection(site: Site) -> op.Operator:
    """The kernel gives its results their shapes, which files leave out."""
    each = site.options
    if each["max_classes_per_detection"] != 1:
        # The order of equal scores is then that of std::partial_sort.
        raise ModelError(
            f"max_classes_per_detection must be 1, not {each['max_classes_per_detection']}"
        )
    operator = op.BoxDetection(
        **site.ends(site.operands(3), 4),
        detections=each["max_detections"],
        classes=each["num_classes"],
        scales=(each["y_scale"], each["x_scale"], each["h_scale"], each["w_scale"]),
        score_threshold=each["nms_score_threshold"],
        overlap_threshold=each["nms_iou_threshold"],
        by_class=each["use_regular_nms"],
        detections_per_class=each["detections_per_class"],
    )
    shapes = output_shapes(operator, [site.shape(index) for index in site.operands(3)])
    for index, shape in zip(site.results(4), shapes, strict=True):
        record = site.tensors[index]
        if record.dtype != "float32" or record.data is not None:
            raise ModelError(f"result {site.names[index]!r} must be float32, and no constant")
        site.add(Tensor(name=site.names[index], shape=shape, dtype=DType.FLOAT32))
    return operator


#: The conversion of each operator, by its name in the format.
CONVERTERS: dict[str, Callable[[Site], op.Operator]] = {
    **MOVEMENT,
    "ABS": _unary(op.Absolute),
    "ADD": _binary(op.Add),
    "ARG_MAX": _arg_max,
    "AVERAGE_POOL_2D": lambda site: _pool(site, op.AveragePool2d),
    "CAST": _unary(op.Cast),
    "CONV_2D": lambda site: _convolution(site, depthwise=False),
    "DEPTHWISE_CONV_2D": lambda site: _convolution(site, depthwise=True),
    "DEQUANTIZE": _unary(op.Dequantize),
    "DIV": _binary(op.Divide),
    "ELU": _unary(op.Elu),
    "FLOOR_DIV": _binary(op.FloorDivide),
    "FULLY_CONNECTED": _fully_connected,
    "HARD_SWISH": _unary(op.HardSwish),
    "LEAKY_RELU": lambda site: op.LeakyRelu(
        **site.ends(site.operands(1)), alpha=float(site.options["alpha"])
    ),
    "LOGISTIC": _unary(op.Logistic),
    "MAXIMUM": _binary(op.Maximum),
    "MAX_POOL_2D": lambda site: _pool(site, op.MaxPool2d),
    "MEAN": _reduction(op.Mean),
    "MINIMUM": _binary(op.Minimum),
    "MUL": _binary(op.Multiply),
    "PRELU": lambda site: op.Prelu(**site.ends(site.operands(2))),
    "QUANTIZE": _quantize,
    "REDUCE_MAX": _reduction(op.ReduceMax),
    "REDUCE_MIN": _reduction(op.ReduceMin),
    "RELU": _unary(op.Relu, activation=op.Activation.RELU),
    "RELU6": _unary(op.Relu, activation=op.Activation.RELU6),
    "RELU_N1_TO_1": _unary(op.Relu, activation=op.Activation.RELU_N1_TO_1),
    "RESIZE_BILINEAR": lambda site: _resize(site, op.ResizeBilinear),
    "RESIZE_NEAREST_NEIGHBOR": lambda site: _resize(site, op.ResizeNearest),
    "SOFTMAX": lambda site: op.Softmax(
        **site.ends(site.operands(1)), beta=float(site.options["beta"])
    ),
    "SQRT": _unary(op.Sqrt),
    "SQUARED_DIFFERENCE": _binary(op.SquaredDifference),
    "SUB": _binary(op.Subtract),
    "SUM": _reduction(op.Sum),
    "TANH": _unary(op.Tanh),
    "TFLite_Detection_PostProcess": _detection,
    "TRANSPOSE_CONV": _transpose_conv,
}
