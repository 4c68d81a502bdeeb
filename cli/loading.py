# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A model file and the files of its inputs, read together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from macaw.cli.images import IMAGE_SUFFIXES, Pixels, image_input, is_image
from macaw.cli.inputs import check_count, read_array
from macaw.nn import ExamplesNeeded, ModelError, QuantizedGraph, Semantics, load
from macaw.nn.graph import DType, Tensor

__all__ = [
    "ImageForm",
    "image_tensor",
    "load_model",
    "load_with_inputs",
    "read_input",
]

#: What images are made to: the pixels' meaning, and for a file of ``torch.jit``, which does not say
#: it, (channels, height, width); ``None`` where it was not stated.
ImageForm = tuple[Pixels | None, tuple[int, int, int] | None]


def load_model(
    path: Path,
    *,
    semantics: Semantics | str | None = None,
    engine: str | None = None,
    examples: Sequence[np.ndarray] = (),
) -> QuantizedGraph:
    """The graph of a model file; ``examples`` are inputs by which a file of ``torch.jit`` is read.

    Raises what `macaw.nn.load` does, with the file's name.
    """
    try:
        return load(
            path,
            semantics=Semantics(semantics) if semantics else None,
            example_inputs=tuple(examples) or None,
            engine=engine,
        )
    except ExamplesNeeded:
        raise ExamplesNeeded(
            f"{path} is a file of PyTorch, which is read by running it: give its inputs with "
            "--input"
        ) from None
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def read_input(
    path: Path, tensor: Tensor | None, semantics: Semantics, pixels: Pixels | None
) -> np.ndarray:
    """The array of a ``.npy`` file, as it is, or of an image, as `image_input` makes it for
    ``tensor``; `ModelError` for any other file, and for an image without ``tensor``."""
    if path.suffix == ".npy":
        return read_array(path)
    if not is_image(path):
        raise ModelError(f"input {path} must end in .npy or {', '.join(IMAGE_SUFFIXES)}")
    if tensor is None:
        raise ModelError(
            f"{path.name}: a PyTorch file does not say the form of its images: state --shape, for "
            "example 3x224x224"
        )
    return image_input(path, tensor, semantics, pixels)


def load_with_inputs(
    path: Path,
    inputs: Sequence[Path],
    form: ImageForm,
    *,
    semantics: str | None = None,
    engine: str | None = None,
) -> tuple[QuantizedGraph, list[np.ndarray]]:
    """The graph of a model file, and the arrays of ``inputs``, of which there may be none, but for
    a file of ``torch.jit``.

    Raises `ModelError` for what cannot be read.
    """
    pixels, shape = form
    try:
        graph = load_model(path, semantics=semantics, engine=engine)
    except ExamplesNeeded:
        image = None if shape is None else image_tensor(shape)
        arrays = [read_input(each, image, Semantics.QNNPACK, pixels) for each in inputs]
        return load_model(path, semantics=semantics, engine=engine, examples=arrays), arrays
    if not inputs:
        return graph, []
    check_count("input", inputs, len(graph.inputs))
    return graph, [
        read_input(each, graph.tensors[name], graph.semantics, pixels)
        for each, name in zip(inputs, graph.inputs, strict=True)
    ]


def image_tensor(shape: tuple[int, int, int]) -> Tensor:
    """What a file of ``torch.jit`` takes of images that are made to ``shape``: channels, height,
    width."""
    return Tensor(name="image", shape=(1, *shape), dtype=DType.FLOAT32)
