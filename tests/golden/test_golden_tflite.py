# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Golden layers against tensors that TensorFlow Lite's reference kernels made."""

import importlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from golden_tflite import Addition, Operator, read_additions, read_operators


def _comparable(
    operator: Operator, additions: list[Addition], recorded: Mapping[str, Any], result: Any
) -> tuple[Any, Any]:
    """Our result and the recorded one, taken behind an addition that overwrote the latter.

    The runtime's ADD may write its result over an operand; the recorded tensor then is the sum,
    equal to the tensor of the sum.
    """
    expected = recorded[f"t{operator.result.index}"]
    result = result.reshape(expected.shape)
    for addition in additions:
        indices = [tensor.index for tensor in addition.operands]
        total = recorded[f"t{addition.result.index}"]
        if operator.result.index in indices and np.array_equal(total, expected):
            operands = [
                result if index == operator.result.index else recorded[f"t{index}"]
                for index in indices
            ]
            return addition.run(*operands), total
    return result, expected


def test_every_layer_of_the_development_models(oracle, models: Path) -> None:
    schema = importlib.import_module(f"{oracle('tflite').__name__}.schema_py_generated")
    outputs, layers = Counter(), Counter()
    files = 0
    for model in json.loads((models / "manifest.json").read_text())["models"]:
        tensors = model["tests"][0].get("layers")
        if tensors is None:
            continue
        files += 1
        recorded = np.load(models / tensors)
        additions = list(read_additions(schema, models / model["file"]))
        for operator in read_operators(schema, models / model["file"]):
            source = recorded[f"t{operator.source.index}"]
            ours, expected = _comparable(operator, additions, recorded, operator.run(source))
            different = np.argwhere(ours != expected)
            assert len(different) == 0, (
                f"{model['id']}, {operator.kind} to tensor {operator.result.index}: "
                f"{len(different)} of {expected.size} differ, first at {different[0].tolist()}"
            )
            outputs[operator.kind] += expected.size
            layers[operator.kind] += 1
    for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        print(f"\n{kind}: {layers[kind]} layers, {outputs[kind]} outputs, 0 mismatches", end="")
        assert layers[kind] > 0
    print(f"\n{files} models")
    assert files >= 17
