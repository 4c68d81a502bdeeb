# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Between numpy arrays and the words of ports: the one place that knows bit positions.

A word is ``word_bytes(shape)`` bytes, little endian, its unused high bits zero. What an array
looks like follows the shape; ``n`` is the number of words:

========================================  ====================================================
``unsigned(w)``, ``signed(w)``, w <= 64   integers ``(n,)``
wider scalars                             ``uint8`` bytes ``(n, word_bytes)``
``ArrayLayout(element, k)``               the element's array with an axis ``k`` after ``n``
``StructLayout`` and ``data.Struct``      a dictionary of such arrays, by field
========================================  ====================================================
"""

from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import data

__all__ = ["pack", "unpack", "word_bytes"]


def word_bytes(shape: Any) -> int:
    """The bytes of one word of ``shape``.

    >>> word_bytes(12)
    2
    """
    return -(-Shape.cast(shape).width // 8)


def pack(values: Any, shape: Any, what: str = "values") -> np.ndarray:
    """``values`` as words: ``uint8`` of shape ``(n, word_bytes(shape))``.

    Raises ``TypeError`` for values that are no integers and ``ValueError`` for values out of
    the range of ``shape`` or in another arrangement than it asks for; both name ``what``.

    >>> pack(np.array([1, 258]), 12).tolist()
    [[1, 0], [2, 1]]
    >>> pack(np.array([-1, 258]), 12)
    Traceback (most recent call last):
    ValueError: values must be in 0 ... 4095, not -1
    """
    layout = _layout(shape)
    if layout is None:
        return _scalar_bytes(values, Shape.cast(shape), what)
    if isinstance(layout, data.ArrayLayout) and _whole_bytes(layout.elem_shape):
        return _array_bytes(values, layout, what)
    return np.packbits(_bits(values, shape, what), axis=1, bitorder="little")


def unpack(words: np.ndarray, shape: Any) -> Any:
    """The inverse of `pack`: integers have the narrowest numpy type that holds ``shape``.

    >>> pair = data.ArrayLayout(Shape(5, signed=True), 2)
    >>> unpack(pack(np.array([[1, -2], [3, -4]]), pair), pair).tolist()
    [[1, -2], [3, -4]]
    """
    layout = _layout(shape)
    if layout is None:
        return _scalar_values(words, Shape.cast(shape))
    if isinstance(layout, data.ArrayLayout) and _whole_bytes(layout.elem_shape):
        return _array_values(words, layout)
    width = Shape.cast(shape).width
    return _values(np.unpackbits(words, axis=1, count=width, bitorder="little"), shape)


def _layout(shape: Any) -> data.Layout | None:
    try:
        return data.Layout.cast(shape)
    except TypeError:
        return None


def _whole_bytes(shape: Any) -> bool:
    """Whether an array of such elements is the bytes of its elements in a row."""
    layout = _layout(shape)
    if isinstance(layout, data.ArrayLayout):
        return _whole_bytes(layout.elem_shape)
    width = Shape.cast(shape).width
    return layout is None and width % 8 == 0 and width > 0


def _integers(values: Any, what: str) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{what} must be integers, not {array.dtype}")
    return array


def _unsigned(container_bits: int) -> np.dtype:
    return np.dtype(f"<u{container_bits // 8}")


def _container_bits(width: int) -> int:
    return next(bits for bits in (8, 16, 32, 64) if width <= bits)


def _checked(values: Any, shape: Shape, what: str) -> np.ndarray:
    """``values`` as unsigned numbers of ``shape.width`` bits."""
    array = _integers(values, what)
    low = -(1 << (shape.width - 1)) if shape.signed and shape.width else 0
    high = (1 << (shape.width - shape.signed)) - 1 if shape.width else 0
    if array.size:
        for value in (int(array.min()), int(array.max())):
            if not low <= value <= high:
                raise ValueError(f"{what} must be in {low} ... {high}, not {value}")
    container = _unsigned(_container_bits(shape.width))
    return array.astype(container) & container.type((1 << shape.width) - 1)


def _scalar_bytes(values: Any, shape: Shape, what: str) -> np.ndarray:
    size = word_bytes(shape)
    if shape.width > 64:
        array = _integers(values, what)
        if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != size:
            raise ValueError(
                f"{what} must be uint8 bytes of shape (n, {size}), "
                f"not {array.dtype} of shape {array.shape}"
            )
        if shape.width % 8 and (array[:, -1] >> (shape.width % 8)).any():
            raise ValueError(f"{what} must fit into {shape.width} bits")
        return array
    array = _checked(values, shape, what)
    if array.ndim != 1:
        raise ValueError(f"{what} must have the shape (n,), not {array.shape}")
    return np.ascontiguousarray(array).view(np.uint8).reshape(len(array), -1)[:, :size]


def _scalar_values(words: np.ndarray, shape: Shape) -> np.ndarray:
    if shape.width > 64:
        return words
    bits = _container_bits(shape.width)
    padded = np.zeros((len(words), bits // 8), np.uint8)
    padded[:, : words.shape[1]] = words
    return _signed(padded.view(_unsigned(bits))[:, 0], shape)


def _signed(array: np.ndarray, shape: Shape) -> np.ndarray:
    if not shape.signed:
        return array
    signed = array.view(array.dtype.str.replace("u", "i"))
    surplus = 8 * array.dtype.itemsize - shape.width
    return (signed << surplus) >> surplus if surplus else signed


def _dimensions(layout: data.ArrayLayout) -> tuple[tuple[int, ...], Any]:
    inner = _layout(layout.elem_shape)
    if isinstance(inner, data.ArrayLayout):
        lengths, element = _dimensions(inner)
        return (layout.length, *lengths), element
    return (layout.length,), layout.elem_shape


def _expect(array: np.ndarray, lengths: tuple[int, ...], what: str) -> None:
    if array.shape[1:] != lengths or array.ndim != 1 + len(lengths):
        wanted = ", ".join(map(str, ("n", *lengths)))
        raise ValueError(f"{what} must have the shape ({wanted}), not {array.shape}")


def _array_bytes(values: Any, layout: data.ArrayLayout, what: str) -> np.ndarray:
    lengths, element = _dimensions(layout)
    shape = Shape.cast(element)
    if shape.width > 64:
        lengths = (*lengths, word_bytes(shape))
        shape = Shape(8)
    array = _integers(values, what)
    _expect(array, lengths, what)
    array = np.ascontiguousarray(_checked(array, shape, what))
    size = word_bytes(shape)
    elements = array.view(np.uint8).reshape(len(array), -1, array.dtype.itemsize)
    return np.ascontiguousarray(elements[:, :, :size]).reshape(len(array), -1)


def _array_values(words: np.ndarray, layout: data.ArrayLayout) -> np.ndarray:
    lengths, element = _dimensions(layout)
    shape = Shape.cast(element)
    if shape.width > 64:
        return words.reshape(len(words), *lengths, word_bytes(shape))
    flat = np.ascontiguousarray(words).reshape(-1, word_bytes(shape))
    return _scalar_values(flat, shape).reshape(len(words), *lengths)


def _bits(values: Any, shape: Any, what: str) -> np.ndarray:
    """The bits of words, ``uint8`` zeros and ones of shape ``(n, width)``."""
    layout = _layout(shape)
    width = Shape.cast(shape).width
    if layout is None:
        words = _scalar_bytes(values, Shape.cast(shape), what)
        return np.unpackbits(words, axis=1, count=width, bitorder="little")
    if isinstance(layout, data.ArrayLayout):
        bits = _bits(_flat(values, layout.length, what), layout.elem_shape, what)
        return bits.reshape(len(bits) // layout.length, width)
    names = [name for name, _ in layout]
    if not isinstance(values, dict) or set(values) != set(names):
        raise ValueError(f"{what} must be a dictionary with the fields {', '.join(names)}")
    parts = {name: _bits(values[name], field.shape, f"{what}.{name}") for name, field in layout}
    lengths = {len(part) for part in parts.values()}
    if len(lengths) > 1:
        raise ValueError(f"{what} must have fields of one length, not {sorted(lengths)}")
    bits = np.zeros((lengths.pop() if lengths else 0, width), np.uint8)
    for name, field in layout:
        bits[:, field.offset : field.offset + field.width] = parts[name]
    return bits


def _values(bits: np.ndarray, shape: Any) -> Any:
    layout = _layout(shape)
    if layout is None:
        return _scalar_values(np.packbits(bits, axis=1, bitorder="little"), Shape.cast(shape))
    if isinstance(layout, data.ArrayLayout):
        elements = _values(bits.reshape(len(bits) * layout.length, -1), layout.elem_shape)
        return _folded(elements, len(bits), layout.length)
    return {
        name: _values(bits[:, field.offset : field.offset + field.width], field.shape)
        for name, field in layout
    }


def _flat(values: Any, length: int, what: str) -> Any:
    """Arrays of shape ``(n, length, ...)`` as ``(n * length, ...)``."""
    if isinstance(values, dict):
        return {name: _flat(part, length, f"{what}.{name}") for name, part in values.items()}
    array = np.asarray(values)
    if array.ndim < 2 or array.shape[1] != length:
        raise ValueError(f"{what} must have the shape (n, {length}, ...), not {array.shape}")
    return array.reshape(len(array) * length, *array.shape[2:])


def _folded(elements: Any, count: int, length: int) -> Any:
    """The inverse of `_flat` for ``count`` words."""
    if isinstance(elements, dict):
        return {name: _folded(part, count, length) for name, part in elements.items()}
    return elements.reshape(count, length, *elements.shape[1:])
