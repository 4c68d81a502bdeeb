# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of classes: which output has them, and what stands first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from macaw.nn import ModelError
from macaw.nn.graph import Tensor

__all__ = ["class_names", "is_scores", "ranking", "real_values"]


def is_scores(tensor: Tensor) -> bool:
    """Whether a tensor looks like the scores of classes: two or more numbers on the last axis, and
    nothing on the others."""
    return bool(tensor.shape) and tensor.size == tensor.shape[-1] >= 2


def ranking(scores: np.ndarray) -> np.ndarray:
    """The classes by their scores, the highest first; of equal ones the lower index, as argmax
    has it.

    >>> ranking(np.array([1, 7, 7, 3])).tolist()
    [1, 2, 3, 0]
    """
    flat = scores.ravel()
    # Negated in a type that holds it: int8 has no 128, and unsigned bytes no sign.
    wide = flat.astype(np.float64 if flat.dtype.kind == "f" else np.int64)
    return np.argsort(-wide, kind="stable")


def real_values(tensor: Tensor, values: np.ndarray) -> np.ndarray:
    """The real numbers that a tensor's values stand for, in float64; the values where it has no
    scale."""
    if tensor.quantization is None:
        return values.astype(np.float64)
    return (values.astype(np.float64) - tensor.zero_point) * tensor.scale


def class_names(path: Path) -> Sequence[str]:
    """The classes that a text file names, a line each, in the order of the scores.

    Raises `ModelError` for a file that is no text, and for names that stand twice.
    """
    try:
        names = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ModelError(f"{path} must be a text with a class a line") from None
    while names and not names[-1].strip():
        names.pop()
    names = [name.strip() for name in names]
    repeated = {name for name in names if names.count(name) > 1}
    if not names or repeated:
        shown = f"{sorted(repeated)[0]!r} twice" if repeated else "nothing"
        raise ModelError(f"{path} must name each class once, a line each, not {shown}")
    return names
