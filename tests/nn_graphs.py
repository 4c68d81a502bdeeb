# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Small files and graphs that are right, for tests to spoil."""

import numpy as np
from tflite_files import FileOperator, FileTensor, constant, write_file

from macaw.nn import QuantizedGraph, from_tflite


def parts():
    """A network of eight operators: its tensors, operators, inputs and outputs."""
    rng = np.random.default_rng(11)
    scales = rng.uniform(0.002, 0.01, 4).astype(np.float32)

    def activations(shape, scale=0.05, zero_point=3, **more):
        return FileTensor(shape=shape, scale=scale, zero_point=zero_point, **more)

    def weights(shape, **more):
        return constant(rng.integers(-127, 128, shape), "int8", **more)

    tensors = [
        activations((1, 8, 8, 2), name="image"),
        weights((4, 3, 3, 2), scale=scales, name="weights"),
        constant([1, -2, 3, 400], scale=0.05 * scales, name="bias"),
        activations((1, 4, 4, 4), name="first"),
        weights((1, 3, 3, 4), scale=scales, axis=3, name="depthwise"),
        constant([0, 0, 0, 1 << 30], scale=0.05 * scales, name="bias"),
        activations((1, 4, 4, 4), 0.04, -128, name="second"),
        activations((1, 4, 4, 4), 0.06, name="sum"),
        activations((1, 2, 2, 4), 0.06, name="pooled"),
        constant([1, 16]),
        activations((1, 16), 0.06, name="flat"),
        weights((5, 16), scale=0.004, name="matrix"),
        constant([1, 2, 3, 4, 5], scale=0.06 * 0.004),
        activations((1, 5), 0.1, name="scores"),
        FileTensor(shape=(1, 5), scale=1 / 256, zero_point=-128, name="shares"),
        FileTensor(shape=(1, 5), dtype="float32", name="result"),
    ]
    same = {"stride_h": 2, "stride_w": 2, "activation": "relu"}
    one = {"stride_h": 1, "stride_w": 1, "depth_multiplier": 1}
    pool = {"filter_h": 2, "filter_w": 2, "stride_h": 2, "stride_w": 2, "padding": 1}
    operators = [
        FileOperator(kind="CONV_2D", inputs=[0, 1, 2], outputs=[3], options=same, version=3),
        FileOperator(
            kind="DEPTHWISE_CONV_2D", inputs=[3, 4, 5], outputs=[6], options=one, version=3
        ),
        FileOperator(kind="ADD", inputs=[3, 6], outputs=[7], version=2),
        FileOperator(kind="MAX_POOL_2D", inputs=[7], outputs=[8], options=pool, version=2),
        FileOperator(kind="RESHAPE", inputs=[8, 9], outputs=[10]),
        FileOperator(kind="FULLY_CONNECTED", inputs=[10, 11, 12], outputs=[13], version=4),
        FileOperator(kind="SOFTMAX", inputs=[13], outputs=[14], options={"beta": 1.0}, version=2),
        FileOperator(kind="DEQUANTIZE", inputs=[14], outputs=[15], version=2),
    ]
    return tensors, operators, [0], [15]


def network_file() -> bytes:
    """The file of `parts`."""
    return write_file(*parts())


def network() -> QuantizedGraph:
    """The graph of `parts`."""
    return from_tflite(network_file(), name="network")


def streaming_file() -> bytes:
    """A file with a variable: each run adds its input's two values before the last two."""
    same = {"scale": 0.5, "zero_point": 1}
    handle = FileTensor(shape=(1,), dtype="resource", name="handle")
    name = {"container": "", "shared_name": "memory"}
    tensors = [
        FileTensor(shape=(1, 2), name="new", **same),
        handle,
        FileTensor(shape=(1, 2), name="old", **same),
        FileTensor(shape=(1, 4), name="all", **same),
        constant([0, 0]),
        constant([1, 2]),
        FileTensor(shape=(1, 2), name="kept", **same),
    ]
    operators = [
        FileOperator(kind="CALL_ONCE", inputs=[], outputs=[], options={"init_subgraph_index": 1}),
        FileOperator(kind="VAR_HANDLE", inputs=[], outputs=[1], options=name),
        FileOperator(kind="READ_VARIABLE", inputs=[1], outputs=[2]),
        FileOperator(kind="CONCATENATION", inputs=[0, 2], outputs=[3], options={"axis": 1}),
        FileOperator(kind="SLICE", inputs=[3, 4, 5], outputs=[6]),
        FileOperator(kind="ASSIGN_VARIABLE", inputs=[1, 6], outputs=[]),
    ]
    first = constant([[7, 8]], "int8", **same)
    initial = [
        FileOperator(kind="VAR_HANDLE", inputs=[], outputs=[0], options=name),
        FileOperator(kind="ASSIGN_VARIABLE", inputs=[0, 1], outputs=[]),
    ]
    return write_file(tensors, operators, [0], [3], more=[([handle, first], initial)])
