# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors in the words of a machine's memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from macaw.arch.container import TensorPlace
from macaw.arch.machine import MachineConfig

__all__ = ["check_inputs", "pack_tensor", "tensor_words", "unpack_tensor"]


def tensor_words(config: MachineConfig, place: TensorPlace) -> int:
    """Words of a tensor."""
    return place.rows * config.words(place.row_bytes)


def pack_tensor(config: MachineConfig, place: TensorPlace, tensor: np.ndarray) -> np.ndarray:
    """``tensor``, int8 or uint8 [height, width, channels] as ``place`` has it, as uint8
    [words, word bytes]: each row in memory begins with a new word, and the last one is filled up
    with zeros.

    Raises ``ValueError`` for another type or shape.
    """
    dtype, shape = _form(place)
    if not isinstance(tensor, np.ndarray) or (tensor.dtype, tensor.shape) != (dtype, shape):
        shown = (
            f"{tensor.dtype} of shape {tensor.shape}"
            if isinstance(tensor, np.ndarray)
            else f"a {type(tensor).__name__}"
        )
        raise ValueError(f"tensor {place.name!r} must be {dtype} of shape {shape}, not {shown}")
    row = place.row_bytes
    rows = np.zeros((place.rows, config.words(row) * config.word_bytes), np.uint8)
    image = np.ascontiguousarray(_in_memory(place, tensor))
    rows[:, :row] = image.view(np.uint8).reshape(place.rows, row)
    return rows.reshape(-1, config.word_bytes)


def unpack_tensor(config: MachineConfig, place: TensorPlace, words: np.ndarray) -> np.ndarray:
    """The inverse of `pack_tensor`; what fills up the rows does not matter."""
    dtype, _ = _form(place)
    rows = np.ascontiguousarray(words.reshape(place.rows, -1)[:, : place.row_bytes])
    image = rows.view(dtype).reshape(place.rows, -1, place.channels)
    return np.ascontiguousarray(_in_memory(place, image))


def check_inputs(places: Sequence[TensorPlace], inputs: Mapping[str, Any]) -> None:
    """Raises ``ValueError`` unless ``inputs`` has a tensor for each of ``places`` and no other."""
    names = [place.name for place in places]
    for name in inputs:
        if name not in names:
            raise ValueError(f"inputs must name tensors among {', '.join(names)}, not {name!r}")
    missing = [name for name in names if name not in inputs]
    if missing:
        raise ValueError(f"inputs must give every tensor, and lack {', '.join(missing)}")


def _form(place: TensorPlace) -> tuple[np.dtype[Any], tuple[int, int, int]]:
    dtype = np.dtype(np.int8 if place.signed else np.uint8)
    return dtype, (place.height, place.width, place.channels)


def _in_memory(place: TensorPlace, image: np.ndarray) -> np.ndarray:
    """An image as it stands in memory, or back again."""
    return image.swapaxes(0, 1) if place.transposed else image
