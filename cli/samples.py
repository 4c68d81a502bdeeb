# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs with labels: a folder for each class, or the arrays of one file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from macaw.cli.images import IMAGE_SUFFIXES
from macaw.cli.inputs import DAMAGED, read_array
from macaw.nn import ModelError, Semantics
from macaw.nn.graph import Tensor

__all__ = ["ARRAYS", "ReadInput", "Samples", "read_samples"]

#: What the arrays of inputs, labels and outputs are called, if nothing else is said.
ARRAYS = ("x", "y", "expected")

#: Reads an input's file for a tensor, as `macaw.cli.loading.read_input` does.
ReadInput = Callable[[Path, Tensor | None, Semantics], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Inputs of one tensor, and the class of each.

    ``labels`` are int64 [count]. ``read`` gives an input by its index, ``names`` says how it is
    called. ``classes`` are the classes' names, where there are some. ``expected`` is what a runtime
    made of the inputs, [count, ...], called ``origin``.
    """

    labels: np.ndarray
    read: Callable[[int, Tensor | None, Semantics], np.ndarray]
    names: Sequence[str]
    classes: Sequence[str] = ()
    expected: np.ndarray | None = None
    origin: str = ""


def read_samples(
    data: Path,
    *,
    labels: np.ndarray | None,
    classes: Sequence[str],
    arrays: Sequence[str],
    read: ReadInput,
) -> Samples:
    """The inputs of a folder, or of a ``.npz`` or ``.npy`` file.

    A folder has one of images or ``.npy`` files for each class, which bears its name: one of
    ``classes``, or its index; else classes are numbered in the order of their names. In a file the
    first of ``arrays`` is the array of inputs, along its first axis, the second that of their
    labels, unless ``labels`` are given, and the third, if there is one, that of the outputs that
    are expected; of `ARRAYS` it may be missing.

    Raises `ModelError` for what is missing or damaged, and what does not go together.
    """
    if data.is_dir():
        if labels is not None:
            raise ModelError(f"labels of the folder {data} must be a text with a class a line")
        return _folder(data, classes, read)
    if data.suffix == ".npy":
        return _arrays(data, {arrays[0]: read_array(data)}, labels, classes, arrays)
    try:
        # Opened here, for numpy leaves a damaged file open.
        with data.open("rb") as opened:
            file = np.load(opened, allow_pickle=False)
            if isinstance(file, np.ndarray):
                raise ValueError("it holds one array")
            found = {name: file[name] for name in arrays if name in file.files}
            known = sorted(file.files)
    except DAMAGED as error:
        raise ModelError(f"{data} must be a folder, a .npz or a .npy file: {error}") from None
    needed = set(arrays[:1]) if labels is not None else set(arrays[:2])
    # What was named is meant, and not left out for a slip of the pen.
    if tuple(arrays) != ARRAYS:
        needed |= set(arrays[2:])
    missing = [name for name in arrays if name in needed and name not in found]
    if missing:
        raise ModelError(
            f"{data} must have an array {missing[0]!r}, and has {', '.join(known)}: name its "
            "arrays with --arrays"
        )
    return _arrays(data, found, labels, classes, arrays)


def _arrays(
    data: Path,
    found: dict[str, np.ndarray],
    labels: np.ndarray | None,
    classes: Sequence[str],
    arrays: Sequence[str],
) -> Samples:
    inputs = found[arrays[0]]
    if labels is None:
        if len(arrays) < 2 or arrays[1] not in found:
            raise ModelError(f"{data} has no labels: give them with --labels, as a .npy file")
        labels = found[arrays[1]]
    if labels.dtype.kind not in "iu" or labels.ndim != 1 or len(labels) == 0:
        raise ModelError(
            f"labels must be whole numbers, one for each input, not {labels.dtype} of shape "
            f"{labels.shape}"
        )
    expected = found.get(arrays[2]) if len(arrays) > 2 else None
    for what, array in (("inputs", inputs), ("outputs", expected)):
        if array is not None and (array.ndim == 0 or len(array) != len(labels)):
            raise ModelError(
                f"{what} must be as many as the {len(labels)} labels, not of shape {array.shape}"
            )
    return Samples(
        labels=labels.astype(np.int64),
        read=lambda index, tensor, semantics: _fitted(inputs[index], tensor),
        names=[f"{data.name}[{index}]" for index in range(len(labels))],
        classes=classes,
        expected=expected,
        origin=arrays[2] if expected is not None else "",
    )


def _fitted(array: np.ndarray, tensor: Tensor | None) -> np.ndarray:
    """An input with the axis of one that the model may have before it."""
    if tensor is None or array.ndim == len(tensor.shape) - 1:
        return array[np.newaxis]
    return array


def _folder(data: Path, classes: Sequence[str], read: ReadInput) -> Samples:
    folders = sorted(each for each in data.iterdir() if each.is_dir())
    if not folders:
        raise ModelError(f"{data} must have a folder for each class, and has none")
    indices = _indices(data, [each.name for each in folders], classes)
    paths, labels = [], []
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in (*IMAGE_SUFFIXES, ".npy"):
                paths.append(path)
                labels.append(indices[folder.name])
    if not paths:
        raise ModelError(f"{data} must have images or .npy files in its folders, and has none")
    return Samples(
        labels=np.array(labels, np.int64),
        read=lambda index, tensor, semantics: _fitted(
            read(paths[index], tensor, semantics), tensor
        ),
        names=[str(path.relative_to(data)) for path in paths],
        classes=classes or [name for name in indices if not name.isdecimal()],
    )


def _indices(data: Path, names: list[str], classes: Sequence[str]) -> dict[str, int]:
    """The class that each folder is of."""
    if classes:
        unknown = [name for name in names if name not in classes]
        if unknown:
            raise ModelError(f"{data / unknown[0]} must be called as one of the labels is")
        return {name: list(classes).index(name) for name in names}
    if all(name.isdecimal() for name in names):
        return {name: int(name) for name in names}
    return {name: index for index, name in enumerate(names)}
