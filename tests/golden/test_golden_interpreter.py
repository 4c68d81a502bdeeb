# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The interpreter of graphs: what it takes, what it gives, and what it remembers."""

import numpy as np
import pytest
from tflite_files import FileOperator, FileTensor, constant, write_file

from macaw.arch import Conv2dShape
from macaw.golden import accumulate_conv2d, run
from macaw.golden.conv_transpose2d import accumulate_conv_transpose2d
from macaw.golden.fixed_point import Affine
from macaw.golden.movement import cast, gather, gather_nd
from macaw.golden.quantize import dequantize, tflite_quantize
from macaw.golden.tables import hard_swish
from macaw.nn import from_tflite

SAME = {"scale": 0.5, "zero_point": 1}


@pytest.fixture(scope="module")
def graph():
    """A pooling, and its sum with itself."""
    tensors = [
        FileTensor(shape=(1, 4, 4, 1), name="image", **SAME),
        FileTensor(shape=(1, 2, 2, 1), name="pooled", **SAME),
        FileTensor(shape=(1, 2, 2, 1), name="sum", **SAME),
    ]
    pool = {"filter_h": 2, "filter_w": 2, "stride_h": 2, "stride_w": 2}
    operators = [
        FileOperator(kind="MAX_POOL_2D", inputs=[0], outputs=[1], options=pool),
        FileOperator(kind="ADD", inputs=[1, 1], outputs=[2]),
    ]
    return from_tflite(write_file(tensors, operators, [0], [2]))


IMAGE = np.arange(16, dtype=np.int8).reshape(1, 4, 4, 1)


def test_outputs(graph):
    results = run(graph, [IMAGE])
    assert list(results) == ["sum"]
    assert results["sum"].ravel().tolist() == [9, 13, 25, 29]
    assert np.array_equal(run(graph, {"image": IMAGE})["sum"], results["sum"])


def test_all_tensors_and_progress(graph):
    seen = []
    results = run(
        graph, [IMAGE], all_tensors=True, progress=lambda index, operator: seen.append(index)
    )
    assert list(results) == ["pooled", "sum"]
    assert results["pooled"].ravel().tolist() == [5, 7, 13, 15]
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("inputs", "error", "sentence"),
    [
        ([], ValueError, "inputs must be 1 arrays, not 0"),
        ({"other": IMAGE}, ValueError, r"inputs must be \['image'\], not \['other'\]"),
        ([IMAGE.astype(np.uint8)], TypeError, "'image' must be an array of int8, not uint8"),
        ([5], TypeError, "'image' must be an array of int8, not int"),
        ([IMAGE[0]], ValueError, r"'image' must have shape \(1, 4, 4, 1\), not \(4, 4, 1\)"),
    ],
)
def test_wrong_inputs_are_refused(graph, inputs, error, sentence):
    with pytest.raises(error, match=sentence):
        run(graph, inputs)


@pytest.fixture(scope="module")
def streaming():
    """Each run gives the input less what the run before had."""
    handle = FileTensor(shape=(1,), dtype="resource", name="handle")
    name = {"container": "", "shared_name": "memory"}
    tensors = [
        FileTensor(shape=(1, 2), name="new", **SAME),
        handle,
        FileTensor(shape=(1, 2), name="old", **SAME),
        FileTensor(shape=(1, 2), name="change", **SAME),
    ]
    operators = [
        FileOperator(kind="CALL_ONCE", inputs=[], outputs=[], options={"init_subgraph_index": 1}),
        FileOperator(kind="VAR_HANDLE", inputs=[], outputs=[1], options=name),
        FileOperator(kind="READ_VARIABLE", inputs=[1], outputs=[2]),
        FileOperator(kind="SUB", inputs=[0, 2], outputs=[3]),
        FileOperator(kind="ASSIGN_VARIABLE", inputs=[1, 0], outputs=[]),
    ]
    first = constant([[1, 1]], "int8", **SAME)
    initial = [
        FileOperator(kind="VAR_HANDLE", inputs=[], outputs=[0], options=name),
        FileOperator(kind="ASSIGN_VARIABLE", inputs=[0, 1], outputs=[]),
    ]
    more = [([handle, first], initial)]
    return from_tflite(write_file(tensors, operators, [0], [3], more=more))


def test_state_is_kept(streaming):
    state = streaming.initial_state()
    values = [np.array([[n, 2 * n]], np.int8) for n in (10, 13, 17)]
    results = [run(streaming, [each], state=state)["change"].ravel().tolist() for each in values]
    assert results == [[10, 20], [4, 7], [5, 9]]
    assert state["memory"].ravel().tolist() == [17, 34]
    # Without a state each run is the first.
    assert run(streaming, [values[1]])["change"].ravel().tolist() == [13, 26]


def test_transposed_convolution_is_the_adjoint():
    """<conv(x), y> = <x, conv_transpose(y)> for the same weights, whatever stride and offset."""
    rng = np.random.default_rng(5)
    for stride, top, left in ((1, 0, 0), (2, 1, 0), (3, 0, 2), (2, 2, 1)):
        x = rng.integers(-20, 20, (1, 9, 8, 3)).astype(np.int8)
        weights = rng.integers(-20, 20, (4, 3, 3, 3)).astype(np.int8)
        shape = Conv2dShape(
            height=9, width=8, in_channels=3, out_channels=4, kernel_height=3, kernel_width=3,
            stride=(stride, stride), padding=(top, 2, left, 2),
        )  # fmt: skip
        sums = accumulate_conv2d(x, weights, shape=shape, input_zero_point=0)
        y = rng.integers(-20, 20, sums.shape).astype(np.int8)
        back = accumulate_conv_transpose2d(
            y, weights.transpose(3, 1, 2, 0), stride=(stride, stride), offset=(top, left),
            output_size=(9, 8), input_zero_point=0,
        )  # fmt: skip
        assert np.sum(sums.astype(np.int64) * y) == np.sum(back.astype(np.int64) * x)


def test_indices_out_of_range_are_refused():
    values = np.arange(6).reshape(2, 3)
    with pytest.raises(ValueError, match=r"indices must be in 0 \.\.\. 2, not 0 \.\.\. 3"):
        gather(values, np.array([0, 3]), 1)
    with pytest.raises(ValueError, match=r"indices must be in 0 \.\.\. 1, not -1 \.\.\. -1"):
        gather_nd(values, np.array([[-1, 0]]))


def test_cast_cuts_towards_zero():
    assert cast(np.float32([1.9, -1.9]), np.int32).tolist() == [1, -1]
    assert cast(np.uint8([200]), np.float32).tolist() == [200.0]


def test_borders():
    reals = np.float32([np.nan, np.inf, -np.inf, 0.25, -0.25])
    assert tflite_quantize(reals, 0.5, 3, dtype=np.uint8).tolist() == [3, 255, 0, 4, 2]
    assert dequantize(np.uint8([3, 4]), 0.5, 3).tolist() == [0.0, 0.5]


def test_hard_swish_refuses_a_small_result_scale():
    with pytest.raises(ValueError, match="the result's scale must be at least"):
        hard_swish(np.zeros(3, np.int8), operand=Affine(1.0, 0), result=Affine(2.0**-9, 0))
