# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the makers of files with one operator share: random tensors, and the file itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tflite_files import NUMBERS, FileOperator, FileTensor, write_file

from macaw.nn.tflite.schema import BUILTINS

Case = tuple[bytes, list[NDArray[Any]]]
Rng = np.random.Generator


def random_values(rng: Rng, shape: tuple[int, ...], dtype: str = "int8") -> NDArray[Any]:
    if dtype == "float32":
        return rng.normal(0, 3, shape).astype(np.float32)
    limits = np.iinfo(dtype)
    low, high = max(limits.min, -1000), min(limits.max, 1000)
    return rng.integers(low, high + 1, shape).astype(dtype)


def byte_tensor(rng: Rng, shape: tuple[int, ...], dtype: str = "int8", **fixed: Any) -> FileTensor:
    """An 8-bit tensor with a random scale; a third are powers of two, so that there are ties."""
    limits = np.iinfo(dtype)
    scale = rng.uniform(0.005, 0.1)
    if rng.random() < 0.33:
        scale = 2.0 ** rng.integers(-7, -2)
    zero_point = int(rng.integers(limits.min, limits.max + 1))
    return FileTensor(
        shape=shape, dtype=dtype, scale=np.float32(scale), **{"zero_point": zero_point, **fixed}
    )


def single_operator(
    rng: Rng,
    kind: str,
    inputs: list[FileTensor],
    outputs: list[FileTensor],
    *,
    version: int = 2,
    **options: Any,
) -> Case:
    """The file of one operator, and random values for those inputs that are no constants."""
    tensors = [*inputs, *outputs]
    free = [index for index, tensor in enumerate(inputs) if tensor.data is None]
    count = len(inputs)
    results = list(range(count, len(tensors)))
    version = min(version, BUILTINS[NUMBERS[kind]][1])
    operator = FileOperator(
        kind=kind, inputs=list(range(count)), outputs=results, options=options, version=version
    )
    content = write_file(tensors, [operator], free, results)
    return content, [random_values(rng, inputs[i].shape, inputs[i].dtype) for i in free]


def random_activation(rng: Rng) -> str:
    return str(rng.choice(["none", "relu", "relu6", "relu_n1_to_1"]))
