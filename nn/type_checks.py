# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the rules of types ask of tensors."""

from collections.abc import Iterable

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Tensor

__all__ = ["BYTES", "INTEGERS", "alike", "demand", "of_types", "same", "scaled"]

#: The types of quantised tensors.
BYTES = (DType.INT8, DType.UINT8)
#: The types of whole numbers.
INTEGERS = (DType.INT32, DType.INT64)


def demand(condition: bool, sentence: str) -> None:
    """Refuse with `ModelError` and its ``sentence`` what does not meet a ``condition``."""
    if not condition:
        raise ModelError(sentence)


def of_types(tensors: Iterable[Tensor], allowed: Iterable[DType]) -> None:
    """Refuse tensors whose type is none of those ``allowed``."""
    names = tuple(allowed)
    for tensor in tensors:
        demand(
            tensor.dtype in names,
            f"tensor {tensor.name!r} must be of type {' or '.join(names)}, not {tensor.dtype}",
        )


def alike(*tensors: Tensor) -> None:
    """Refuse tensors of more than one type."""
    of_types(tensors, (tensors[0].dtype,))


def scaled(*tensors: Tensor) -> None:
    """Refuse tensors that are not of 8 bits with one scale each."""
    of_types(tensors, BYTES)
    for tensor in tensors:
        count = 0 if tensor.quantization is None else len(tensor.quantization.scale)
        demand(count == 1, f"tensor {tensor.name!r} must have one scale, not {count}")


def same(first: Tensor, second: Tensor) -> None:
    """Refuse tensors whose types differ, or what their values mean."""
    alike(first, second)
    if not first.dtype.quantised or first.quantization is None or second.quantization is None:
        return
    a, b = first.quantization, second.quantization
    demand(
        (a.scale, a.zero_point) == (b.scale, b.zero_point),
        f"tensors {first.name!r} and {second.name!r} must have the same scale and zero point",
    )
