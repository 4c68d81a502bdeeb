# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs with the bits of PyTorch's engines, built by hand: what the verifier says of them, and
what golden makes of what no importer gives."""

from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import Float32Bias, Float32Chain, Mode, Requantization
from macaw.golden import requantize, run, torch_pool
from macaw.golden.kernels.place import Place
from macaw.golden.kernels.torch import requantization
from macaw.nn import ModelError, QuantizedGraph, Semantics, verify
from macaw.nn.graph import DType, Quantization, Tensor
from macaw.nn.graph import operators as op
from macaw.nn.shapes import output_shapes

ENGINES = [Semantics.QNNPACK, Semantics.FBGEMM, Semantics.ONEDNN, Semantics.X86]


def tensor(name, shape, dtype=DType.UINT8, *, scale=0.5, data=None):
    quantization = None
    if dtype.quantised:
        quantization = Quantization(scale=(scale,), zero_point=(3 if dtype == DType.UINT8 else 0,))
    return Tensor(name=name, shape=shape, dtype=dtype, quantization=quantization, data=data)


def graph_of(operator, *tensors, semantics=Semantics.FBGEMM):
    by_name = {each.name: each for each in tensors}
    inputs = tuple(n for n in dict.fromkeys(operator.inputs) if by_name[n].data is None)
    return QuantizedGraph(
        name="one",
        tensors=by_name,
        operators=(operator,),
        inputs=inputs,
        outputs=operator.outputs,
        semantics=semantics,
    )


def layer(semantics=Semantics.FBGEMM, *, bias=DType.FLOAT32, weights=DType.INT8, **attributes):
    """A convolution of one pixel and two channels to three."""
    numpy_type = np.dtype(weights.value)
    tensors = [
        tensor("x", (1, 1, 1, 2)),
        tensor("w", (3, 1, 1, 2), weights, data=np.ones((3, 1, 1, 2), numpy_type)),
        tensor("b", (3,), bias, data=np.array([1, 2, 3], bias.value)),
        tensor("y", (1, 1, 1, 3)),
    ]
    operator = op.Conv2d(inputs=("x", "w", "b"), outputs=("y",), **attributes)
    return graph_of(operator, *tensors, semantics=semantics)


@pytest.mark.parametrize("semantics", ENGINES)
def test_layers_have_float_biases_and_signed_weights(semantics):
    graph = layer(semantics)
    assert verify(graph) is graph
    # 2 + 4 less twice the zero point, times a quarter; the bias; and the zero point again.
    result = run(graph, [np.uint8([[[[9, 5]]]])])["y"]
    assert result.ravel().tolist() == [3 + round((8 * 0.25 + n) / 0.5) for n in (1, 2, 3)]
    with pytest.raises(ModelError, match="'b' must be of type float32, not int32"):
        verify(layer(semantics, bias=DType.INT32))
    with pytest.raises(ModelError, match="'w' must be of type int8, not uint8"):
        verify(layer(semantics, weights=DType.UINT8))


def test_other_runtimes_keep_their_rules():
    with pytest.raises(ModelError, match="must be of type uint8, not int8"):
        verify(layer(Semantics.TFLITE))


@pytest.mark.parametrize(
    ("semantics", "kind", "mode"),
    [
        (Semantics.QNNPACK, Requantization, Mode.FLOAT32),
        (Semantics.FBGEMM, Float32Bias, None),
        (Semantics.ONEDNN, Float32Chain, None),
        (Semantics.X86, Float32Chain, None),
    ],
)
def test_requantization_is_that_of_the_engine(semantics, kind, mode):
    graph = layer(semantics, activation=op.Activation.RELU)
    parameters = requantization(Place(graph=graph, operator=graph.operators[0]))
    assert isinstance(parameters, kind)
    assert mode is None or parameters.mode == mode
    assert (parameters.minimum, parameters.out_channels, parameters.signed) == (3, 3, False)


def test_fused_activations_are_none_or_relu():
    graph = layer(activation=op.Activation.RELU6)
    with pytest.raises(ValueError, match="activation must be none or relu, not relu6"):
        run(graph, [np.uint8([[[[9, 5]]]])])


def factors(shape=(2,), dtype=DType.FLOAT32, data=True):
    values = np.ones(shape, dtype.value)
    return [tensor(name, shape, dtype, data=values if data else None) for name in ("f", "o")]


IMAGE, RESULT = tensor("x", (1, 4, 4, 2)), tensor("y", (1, 4, 4, 2))
NORM = op.BatchNorm2d(inputs=("x", "f", "o"), outputs=("y",))
ENDS = {"inputs": ("x",), "outputs": ("y",)}
GRAPHS = [
    (graph_of(NORM, IMAGE, *factors(), RESULT), None),
    (graph_of(NORM, IMAGE, *factors((3,)), RESULT), r"factor and offset must have shape \(2,\), "),
    (graph_of(NORM, IMAGE, *factors(dtype=DType.INT32), RESULT), "must be of type float32, not i"),
    (graph_of(NORM, IMAGE, *factors(data=False), RESULT), "tensor 'f' must be constant"),
    (graph_of(op.Clip(**ENDS, minimum=0.0, maximum=1.0), IMAGE, RESULT), None),
    (
        graph_of(
            op.Clip(**ENDS, minimum=0.0, maximum=1.0), IMAGE, tensor("y", (1, 4, 4, 2), scale=0.25)
        ),
        "must have the same scale and zero point",
    ),
    (graph_of(op.Elu(**ENDS, alpha=float("nan")), IMAGE, RESULT), "attributes must be finite"),
    (graph_of(op.AdaptiveAveragePool2d(**ENDS, size=(4, 4)), IMAGE, RESULT), None),
    (
        graph_of(op.AdaptiveAveragePool2d(**ENDS, size=(0, 4)), IMAGE, RESULT),
        "size must be 2 integers in 1",
    ),
    (
        graph_of(
            op.AveragePool2d(**ENDS, kernel=(1, 1), stride=(1, 1), count_padding=True),
            IMAGE,
            RESULT,
            semantics=Semantics.TFLITE,
        ),
        "count_padding must be False, not True",
    ),
]


@pytest.mark.parametrize(("graph", "sentence"), GRAPHS)
def test_single_operator(graph, sentence):
    if sentence is None:
        assert verify(graph) is graph
        return
    with pytest.raises(ModelError, match=sentence):
        verify(graph)


def test_sums_in_qnnpack_have_scales_near_the_result_s():
    ends = {"inputs": ("x", "x"), "outputs": ("y",)}
    graph = graph_of(
        op.Add(**ends), tensor("x", (2,), scale=256.0), tensor("y", (2,)),
        semantics=Semantics.QNNPACK,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"scales over the result's must be in 2\*\*-14"):
        run(graph, [np.uint8([1, 2])])


ODD, EVEN, PADDED = (3, 3), (2, 4), (1, 1, 1, 1)
MEANS = [
    (op.Mean, {"axes": (1, 2)}, None),
    (op.AdaptiveAveragePool2d, {"size": (2, 4)}, None),
    (op.AdaptiveAveragePool2d, {"size": (5, 4)}, "windows must have one number of pixels"),
    (op.AveragePool2d, {"kernel": ODD, "stride": (1, 1)}, None),
    (op.AveragePool2d, {"kernel": EVEN, "stride": (2, 1)}, None),
    (
        op.AveragePool2d,
        {"kernel": ODD, "stride": (1, 1), "padding": PADDED, "count_padding": True},
        None,
    ),
    (
        op.AveragePool2d,
        {"kernel": ODD, "stride": (1, 1), "padding": PADDED},
        "windows must have one number of pixels",
    ),
]


@pytest.mark.parametrize("semantics", [Semantics.QNNPACK, Semantics.FBGEMM])
@pytest.mark.parametrize("channels", [16, 5])
@pytest.mark.parametrize(("kind", "attributes", "sentence"), MEANS)
def test_means_have_parameters(semantics, channels, kind, attributes, sentence):
    """Sums that are requantised with these parameters are what golden computes, or are refused."""
    operator = kind(**ENDS, **attributes)
    images = np.random.default_rng(3).integers(0, 256, (1, 6, 12, channels)).astype(np.uint8)
    source = tensor("x", images.shape)
    (shape,) = output_shapes(operator, [images.shape])
    graph = graph_of(operator, source, tensor("y", shape), semantics=semantics)
    place = Place(graph=graph, operator=operator)
    padded = attributes.get("padding", (0,) * 4)
    if semantics == Semantics.QNNPACK and kind is op.AveragePool2d:
        sentence = None
    elif semantics == Semantics.FBGEMM and sentence is None:
        pixels = np.prod(attributes.get("kernel", (3, 3)))
        if kind is op.Mean or (pixels % 2 == 0 and channels == 5):
            sentence = "a mean must be of an odd number of pixels, not "
    if sentence is not None:
        with pytest.raises(ValueError, match=f"^y: {sentence}"):
            requantization(place)
        return
    if kind is op.AveragePool2d:
        window = {"kernel": operator.kernel, "stride": operator.stride, "padding": padded}
        sums = torch_pool.window_sums(images, 3, **window)[0]
    elif kind is op.Mean:
        sums = (images.astype(np.int32) - 3).sum(axis=(1, 2), dtype=np.int32)
    else:
        sums = torch_pool.adaptive_sums(images, 3, operator.size)[0]
    assert np.array_equal(requantize(sums, requantization(place)), run(graph, [images])["y"])


@pytest.mark.parametrize("semantics", [Semantics.ONEDNN, Semantics.X86])
@pytest.mark.parametrize("zero_point", [3, 4])
@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        (op.AdaptiveAveragePool2d, {"size": (1, 1)}),
        (op.AdaptiveAveragePool2d, {"size": (4, 2)}),
        (op.Mean, {"axes": (1, 2), "keep_dimensions": True}),
        (op.AveragePool2d, {"kernel": (2, 4), "stride": (1, 1)}),
    ],
)
def test_means_over_powers_of_two_are_chains(semantics, zero_point, kind, attributes):
    """Their ties are those of the sum with the zero point; without it, odd ones go elsewhere."""
    operator = kind(**ENDS, **attributes)
    images = np.random.default_rng(4).integers(0, 256, (9, 8, 8, 12)).astype(np.uint8)
    unit = Quantization(scale=(0.5,), zero_point=(zero_point,))
    (shape,) = output_shapes(operator, [images.shape])
    ends = (
        replace(tensor(name, size), quantization=unit)
        for name, size in (("x", images.shape), ("y", shape))
    )
    graph = graph_of(operator, *ends, semantics=semantics)
    parameters = requantization(Place(graph=graph, operator=operator))
    assert parameters.mode == Mode.FLOAT32_CHAIN
    if kind is op.AveragePool2d:
        window = {"kernel": operator.kernel, "stride": operator.stride, "padding": (0,) * 4}
        sums = torch_pool.window_sums(images, zero_point, **window)[0]
    else:
        size = getattr(operator, "size", (1, 1))
        sums = torch_pool.adaptive_sums(images, zero_point, size)[0]
    expected = run(graph, [images])["y"]
    assert np.array_equal(requantize(sums, parameters), expected)
    if kind is op.AveragePool2d:
        behind = np.rint(sums / 8) + zero_point
        assert np.array_equal(behind, expected) == (zero_point == 4)
