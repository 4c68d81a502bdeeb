# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files with one operator that moves values about, for a comparison with a live runtime."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from operator_parts import Case, Rng, byte_tensor, single_operator
from tflite_files import FileTensor, constant


def _padded(rng: Rng) -> Case:
    given = byte_tensor(rng, (2, 3))
    same = {"scale": given.scale, "zero_point": given.zero_point}
    value = constant([17], "int8", **same)
    result = FileTensor(shape=(2, 6), **same)
    return single_operator(rng, "PADV2", [given, constant([[0, 0], [1, 2]]), value], [result])


def _split_v(rng: Rng) -> Case:
    given = byte_tensor(rng, (2, 6))
    same = {"scale": given.scale, "zero_point": given.zero_point}
    results = [FileTensor(shape=(2, n), **same) for n in (1, 3, 2)]
    operands = [given, constant([1, -1, 2]), constant(1)]
    return single_operator(rng, "SPLIT_V", operands, results, num_splits=3)


def _moved(
    kind: str, shape: tuple[int, ...], result: tuple[int, ...], *operands: Any, **options: Any
) -> Callable[[Rng], Case]:
    """An operator that moves values of int8 about."""
    return lambda rng: _file(rng, kind, "int8", shape, result, *operands, **options)


def _file(
    rng: Rng,
    kind: str,
    dtype: str,
    shape: tuple[int, ...],
    result: tuple[int, ...],
    *operands: Any,
    **options: Any,
) -> Case:
    given = FileTensor(shape=shape, dtype=dtype)
    if dtype in ("int8", "uint8"):
        given = byte_tensor(rng, shape, dtype)
    output = replace(given, shape=result)
    parameters = [constant(operand) for operand in operands]
    return single_operator(rng, kind, [given, *parameters], [output], **options)


def _block(kind: str, dtype: str) -> Callable[[Rng], Case]:
    """DEPTH_TO_SPACE and SPACE_TO_DEPTH."""

    def make(rng: Rng) -> Case:
        block, height, width, channels = (int(n) for n in rng.integers(1, 4, 4))
        deep = (2, height, width, channels * block**2)
        wide = (2, height * block, width * block, channels)
        shapes = (deep, wide) if kind == "DEPTH_TO_SPACE" else (wide, deep)
        return _file(rng, kind, dtype, *shapes, block_size=block, version=1)

    return make


def _batches(kind: str, dtype: str) -> Callable[[Rng], Case]:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, with one axis of pixels or two."""

    def make(rng: Rng) -> Case:
        count = int(rng.integers(1, 3))
        block, sizes = rng.integers(1, 4, count), rng.integers(2, 5, count)
        margins = np.stack([rng.integers(0, block), rng.integers(0, block)], axis=1)
        inner = sizes * block - margins.sum(axis=1)
        margins[inner < 1] = 0
        inner = sizes * block - margins.sum(axis=1)
        many = (2 * int(block.prod()), *map(int, sizes), 3)
        few = (2, *map(int, inner), 3)
        shapes = (few, many) if kind == "SPACE_TO_BATCH_ND" else (many, few)
        return _file(rng, kind, dtype, *shapes, block, margins)

    return make


def _tile(dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        shape, multiples = rng.integers(1, 4, 4), rng.integers(1, 4, 4)
        result = tuple(map(int, shape * multiples))
        return _file(rng, "TILE", dtype, tuple(map(int, shape)), result, multiples)

    return make


def _broadcast_to(dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        result = [int(size) for size in rng.integers(2, 5, 4)]
        shape = [size if rng.integers(2) else 1 for size in result[rng.integers(3) :]]
        return _file(rng, "BROADCAST_TO", dtype, tuple(shape), tuple(result), result)

    return make


def _mirror_pad(dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        symmetric = int(rng.integers(2))
        shape = rng.integers(1, 5, 4)
        padding = rng.integers(0, np.stack([shape + symmetric] * 2, axis=1))
        result = tuple(map(int, shape + padding.sum(axis=1)))
        return _file(
            rng, "MIRROR_PAD", dtype, tuple(map(int, shape)), result, padding, mode=symmetric
        )

    return make


def _concatenation(dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        given = [byte_tensor(rng, (2, n, 30), dtype) for n in (1, 2, 3)]
        result = byte_tensor(rng, (2, 6, 30), dtype)
        if dtype == "int8":
            for tensor in given:
                tensor.scale, tensor.zero_point = result.scale, result.zero_point
        return single_operator(rng, "CONCATENATION", given, [result], axis=-2)

    return make


def _several(
    kind: str, pieces: int, piece: tuple[int, ...], **options: Any
) -> Callable[[Rng], Case]:
    """SPLIT and UNPACK."""

    def make(rng: Rng) -> Case:
        given = byte_tensor(rng, (2, 6, 3))
        same = {"scale": given.scale, "zero_point": given.zero_point}
        results = [FileTensor(shape=piece, **same) for _ in range(pieces)]
        inputs = [constant(1), given] if kind == "SPLIT" else [given]
        return single_operator(rng, kind, inputs, results, **options)

    return make


_TYPES = ("int8", "uint8", "int32", "float32")

#: Makers of cases, by name.
MOVEMENT: dict[str, Callable[[Rng], Case]] = {
    "PADV2": _padded,
    "SPLIT_V": _split_v,
    "CONCATENATION int8": _concatenation("int8"),
    "CONCATENATION uint8": _concatenation("uint8"),
    "SPLIT": _several("SPLIT", 3, (2, 2, 3), num_splits=3),
    "UNPACK": _several("UNPACK", 6, (2, 3), num=6, axis=1),
    "PAD": _moved("PAD", (1, 3, 4, 2), (1, 6, 5, 3), [[0, 0], [1, 2], [0, 1], [1, 0]]),
    "TRANSPOSE": _moved("TRANSPOSE", (2, 3, 4, 5), (5, 2, 4, 3), [3, 0, 2, 1]),
    "SLICE": _moved("SLICE", (4, 5, 6), (2, 5, 3), [1, 0, 3], [2, -1, 3]),
    "STRIDED_SLICE": _moved(
        "STRIDED_SLICE", (4, 5, 6), (2, 6), [3, -2, 1], [0, 0, 4], [-2, 1, 1],
        shrink_axis_mask=2, begin_mask=4, end_mask=4,
    ),
    "GATHER": _moved("GATHER", (4, 5, 6), (4, 2, 2, 6), [[4, 0], [1, 1]], axis=1),
    "GATHER_ND": _moved("GATHER_ND", (4, 5, 6), (2, 6), [[3, 4], [0, 1]]),
    "RESHAPE": _moved("RESHAPE", (4, 5, 6), (2, 60), [2, -1], version=1),
    "EXPAND_DIMS": _moved("EXPAND_DIMS", (4, 5), (4, 1, 5), 1, version=1),
    "SQUEEZE": _moved("SQUEEZE", (1, 4, 1, 5), (1, 4, 5), squeeze_dims=[2], version=1),
    **{f"{kind} {dtype}": _block(kind, dtype)
       for kind in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH") for dtype in _TYPES},
    **{f"{kind} {dtype}": _batches(kind, dtype)
       for kind in ("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND") for dtype in _TYPES},
    **{f"TILE {dtype}": _tile(dtype) for dtype in _TYPES},
    **{f"BROADCAST_TO {dtype}": _broadcast_to(dtype) for dtype in _TYPES},
    **{f"MIRROR_PAD {dtype}": _mirror_pad(dtype) for dtype in _TYPES},
}  # fmt: skip
