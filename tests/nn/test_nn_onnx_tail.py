# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files that end in real numbers, without their end."""

import numpy as np
import pytest
from onnx_files import OnnxWriter

from macaw.golden import run
from macaw.nn import ModelError, load


def test_a_tail_of_real_numbers_is_left_out_by_the_library(tmp_path, oracle):
    """As the refusal says, and as docs/models.md does."""
    oracle("onnx")
    from onnx.utils import extract_model

    file = OnnxWriter()
    x = file.input("x", np.float32, (1, 4, 3, 3))
    logits = file.dequantize(file.quantize(x, 0.5, np.int8(3), "q"), 0.5, np.int8(3))
    file.node("Softmax", [logits], "y")
    path, shorter = tmp_path / "model.onnx", tmp_path / "without_tail.onnx"
    path.write_bytes(file.file({"y": np.float32}))
    with pytest.raises(ModelError, match=f"let the file end at '{logits}', which onnx.utils.extr"):
        load(path)
    extract_model(str(path), str(shorter), ["x"], [logits], check_model=False)
    graph = load(shorter)
    assert graph.outputs == (logits,)
    [values] = run(graph, [np.full((1, 4, 3, 3), 2.2, np.float32)]).values()
    assert np.all(values == 2.0)
