# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The rules by which float32 sums are exact, each at its limit; graphs of exported programs that
no importer gave."""

from dataclasses import replace

import numpy as np
import pytest

from macaw.golden import evaluate, requantization, run
from macaw.nn import ModelError, QuantizedGraph, Semantics, load, save_graph, verify
from macaw.nn.exact import check_average, check_powers, check_sums
from macaw.nn.graph import DType, Quantization, Tensor
from macaw.nn.graph import operators as op


def tensor(name, shape, *, scale=0.25, point=0, dtype=DType.INT8, data=None):
    scales = scale if isinstance(scale, tuple) else (scale,)
    return Tensor(
        name=name,
        shape=shape,
        dtype=dtype,
        quantization=Quantization(
            scale=scales,
            zero_point=(point,) * len(scales),
            axis=0 if len(scales) > 1 else None,
        ),
        data=data,
    )


@pytest.mark.parametrize("scale", [0.3, 0.75, 2.0**-41, 2.0**41])
def test_other_scales_are_refused(scale):
    check_powers(tensor("x", (4,), scale=2.0**-40))
    check_powers(tensor("x", (4,), scale=(0.5, 2.0**40)))
    with pytest.raises(ModelError, match=f"scales of 'x' must be powers of two, not {scale!r}: "):
        check_powers(tensor("x", (4,), scale=(0.5, scale)))


@pytest.mark.parametrize(("dtype", "point", "largest"), [
    (DType.INT8, 0, 128), (DType.INT8, -128, 255), (DType.INT8, 20, 148),
    (DType.UINT8, 0, 255), (DType.UINT8, 200, 200),
])  # fmt: skip
def test_sums_up_to_the_limit(dtype, point, largest):
    """The bias that is still held, and the one beyond it."""
    image = tensor("x", (1, 4, 4, 2), point=point, dtype=dtype)
    data = np.zeros((2, 3, 3, 2), np.int8)
    data[1] = -100
    weights = tensor("w", data.shape, scale=(0.5, 0.25), data=data)
    left = (1 << 24) - 18 * 100 * largest
    check_sums(image, weights, None)
    check_sums(image, weights, np.array([1 << 24, -left], np.int32))
    with pytest.raises(ModelError, match=r"sums of channel 1 must be at most 2\*\*24, .* 16777217"):
        check_sums(image, weights, np.array([1 << 24, -left - 1], np.int32))
    moved = replace(weights, quantization=replace(weights.quantization, zero_point=(0, 1)))
    with pytest.raises(ModelError, match="sums of channel 1"):
        check_sums(image, moved, np.array([0, left], np.int32))


def test_averages_of_many_pixels_are_refused():
    image = tensor("x", (1, 128, 128, 1))
    check_average(image, image, (1 << 14) - 1)
    check_average(image, tensor("y", (1, 1, 1, 1), scale=0.125), (1 << 14) - 1)
    for scale, count in ((0.25, 1 << 14), (1.0, 1 << 12)):
        with pytest.raises(ModelError, match=f"of fewer than 16384 pixels, not {count}, and of"):
            check_average(image, tensor("y", (1, 1, 1, 1), scale=scale), count)
    with pytest.raises(ModelError, match="scales of 'y' must be powers of two"):
        check_average(image, tensor("y", (1, 1, 1, 1), scale=0.3), 4)


def graph_of(operator, *tensors):
    by_name = {each.name: each for each in tensors}
    return QuantizedGraph(
        name="one",
        tensors=by_name,
        operators=(operator,),
        inputs=tuple(name for name in operator.inputs if by_name[name].data is None),
        outputs=operator.outputs,
        semantics=Semantics.PT2E,
    )


def layer(**scales):
    data = np.arange(-6, 6, dtype=np.int8).reshape(2, 6)
    return graph_of(
        op.Linear(inputs=("x", "w"), outputs=("y",)),
        tensor("x", (3, 6), point=3),
        tensor("w", (2, 6), scale=(0.5, 0.25), data=data),
        tensor("y", (3, 2), point=-5, **scales),
    )


def test_the_verifier_asks_for_exact_sums(tmp_path):
    graph = verify(layer(scale=float(np.float32(0.3))))
    wrong = replace(graph.tensors["x"], quantization=Quantization(scale=(0.3125,), zero_point=(3,)))
    with pytest.raises(ModelError, match="scales of 'x' must be powers of two, not 0.3125"):
        verify(replace(graph, tensors={**graph.tensors, "x": wrong}))
    save_graph(graph, tmp_path / "layer.macaw")
    again = load(tmp_path / "layer.macaw")
    assert again.semantics == Semantics.PT2E
    image = np.random.default_rng(1).integers(-128, 128, (3, 6)).astype(np.int8)
    assert np.array_equal(run(graph, [image])["y"], run(again, [image])["y"])


@pytest.mark.parametrize("dtypes", [(DType.INT8, DType.UINT8), (DType.UINT8, DType.INT8)])
def test_layers_may_change_the_type(dtypes):
    graph = layer()
    image = replace(graph.tensors["x"], dtype=dtypes[0])
    result = replace(
        graph.tensors["y"],
        dtype=dtypes[1],
        quantization=Quantization(scale=(0.25,), zero_point=(5,)),
    )
    moved = verify(replace(graph, tensors={**graph.tensors, "x": image, "y": result}))
    values = np.random.default_rng(2).integers(0, 128, (3, 6)).astype(dtypes[0].value)
    found = run(moved, [values])["y"]
    assert found.dtype == dtypes[1].value
    weights = graph.tensors["w"].data.astype(np.float64) * [[0.5], [0.25]]
    exact = np.rint((values.astype(np.float64) - 3) * 0.25 @ weights.T / 0.25) + 5
    limits = np.iinfo(dtypes[1].value)
    np.testing.assert_array_equal(found, np.clip(exact, limits.min, limits.max))


def test_means_of_unlike_windows_run_on_the_host():
    """Golden has them; no mode of the requantiser does."""
    pool = op.AveragePool2d(
        inputs=("x",), outputs=("y",), kernel=(2, 2), stride=(2, 2), padding=(1, 1, 1, 1)
    )
    graph = verify(graph_of(pool, tensor("x", (1, 4, 4, 1)), tensor("y", (1, 3, 3, 1))))
    image = np.arange(16, dtype=np.int8).reshape(1, 4, 4, 1)
    [found] = evaluate(graph, pool, [image])
    np.testing.assert_array_equal(found[0, :, :, 0], [[0, 2, 3], [6, 8, 9], [12, 14, 15]])
    with pytest.raises(ValueError, match="y: windows must have one number of pixels"):
        requantization(graph, pool)
    counted = replace(pool, count_padding=True)
    [found] = evaluate(graph, counted, [image])
    np.testing.assert_array_equal(found[0, :, :, 0], [[0, 1, 1], [3, 8, 4], [3, 7, 4]])
    assert requantization(graph, counted).shift


def test_a_clip_keeps_its_scale():
    clip = op.Clip(inputs=("x",), outputs=("y",), minimum=-1.0, maximum=2.1)
    graph = verify(graph_of(clip, tensor("x", (1, 16)), tensor("y", (1, 16))))
    values = np.arange(-8, 24, 2, dtype=np.int8).reshape(1, 16)
    assert list(run(graph, [values])["y"][0]) == list(np.clip(values[0], -4, 8))
    other = replace(graph.tensors["y"], quantization=Quantization(scale=(0.5,), zero_point=(0,)))
    with pytest.raises(ModelError, match="must have the same scale"):
        verify(replace(graph, tensors={**graph.tensors, "y": other}))
