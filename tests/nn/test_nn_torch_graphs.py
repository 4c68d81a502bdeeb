# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs with the bits of PyTorch's engines, built by hand: what the verifier says of them, and
what golden makes of what no importer gives."""

import numpy as np
import pytest

from macaw.arch import Float32Bias, Float32Chain, Mode, Requantization
from macaw.golden import run
from macaw.golden.kernels.place import Place
from macaw.golden.kernels.torch import requantization
from macaw.nn import ModelError, QuantizedGraph, Semantics, verify
from macaw.nn.graph import DType, Quantization, Tensor
from macaw.nn.graph import operators as op

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
