# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Images as inputs of models: what their bytes mean is stated, never guessed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from macaw.nn import ModelError
from macaw.nn.graph import Semantics, Tensor

__all__ = ["IMAGE_SUFFIXES", "Pixels", "image_input", "is_image"]

#: How the names of images end.
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")

#: Pillow's name of the form of so many channels.
_FORMS = {1: "L", 3: "RGB", 4: "RGBA"}

#: Files of these have their channels last.
_CHANNELS_LAST = (Semantics.TFLITE, Semantics.LITERT)


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """What the bytes of an image mean.

    The real number of a byte is ``(byte * scale - mean) / std``, computed in float64, with one
    ``mean`` and one ``std``, or one for each channel. It is rounded once: to float32, or, where the
    input is quantised, to the nearest integer, ties to even, saturated. With ``raw`` the byte is
    the input, less 128 where that is int8.
    """

    raw: bool = False
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not all(map(np.isfinite, (self.scale, *self.mean, *self.std))) or 0 in self.std:
            raise ValueError("scale, mean and std must be finite, and std not 0")


def is_image(path: Path) -> bool:
    """Whether a file's name is that of an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def image_input(
    path: Path, tensor: Tensor, semantics: Semantics, pixels: Pixels | None
) -> np.ndarray:
    """An image as the input ``tensor`` of a model of ``semantics``, of its type and shape.

    The image is turned as its file says, scaled, bilinearly, to cover the input's height and width,
    and cut to it around its middle. The axes are [1, height, width, channels] for TensorFlow Lite,
    and [1, channels, height, width] for others, unless only their last axis can be channels.

    Raises `ModelError` for an input that is no image, without ``pixels``, for a file that is
    damaged or has more than 8 bits a channel, and where Pillow is not installed.
    """
    height, width, channels, last = _axes(tensor, semantics)
    if pixels is None:
        raise ModelError(
            f"{path.name}: state what the bytes of an image mean: --raw, or --scale, --mean and "
            f"--std; input {tensor.name!r} is {tensor.dtype}{_scale(tensor)}"
        )
    image = _meaning(tensor, _pixels(path, height, width, channels), pixels)
    return np.ascontiguousarray(image if last else image.transpose(2, 0, 1))[np.newaxis]


def _scale(tensor: Tensor) -> str:
    found = tensor.quantization
    return f", scale {found.scale[0]:.6g}, zero point {found.zero_point[0]}" if found else ""


def _axes(tensor: Tensor, semantics: Semantics) -> tuple[int, int, int, bool]:
    """Height, width and channels of an input, and whether channels are last."""
    shape = tensor.shape
    if len(shape) == 4 and shape[0] == 1:
        last = semantics in _CHANNELS_LAST or (shape[1] not in _FORMS and shape[3] in _FORMS)
        height, width, channels = shape[1:] if last else (*shape[2:], shape[1])
        if channels in _FORMS:
            return height, width, channels, last
    raise ModelError(
        f"input {tensor.name!r} of shape {shape} is no image of 1, 3 or 4 channels: give a .npy "
        "file"
    )


def _pixels(path: Path, height: int, width: int, channels: int) -> np.ndarray:
    """The bytes of an image, uint8 [height, width, channels]."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ModelError(
            f"{path.name}: images need Pillow: pip install macaw[images], or give a .npy file"
        ) from None
    try:
        with Image.open(path) as file:
            if file.mode.startswith(("I", "F")):
                raise ValueError(f"it has more than 8 bits a channel, in mode {file.mode}")
            turned = ImageOps.exif_transpose(file).convert(_FORMS[channels])
        scaled = ImageOps.fit(turned, (width, height), Image.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ModelError(f"{path} must be an image of 8 bits a channel: {error}") from None
    return np.asarray(scaled, dtype=np.uint8).reshape(height, width, channels)


def _meaning(tensor: Tensor, image: np.ndarray, pixels: Pixels) -> np.ndarray:
    """The image's bytes in the type of the input."""
    dtype = np.dtype(tensor.dtype.value)
    if pixels.raw:
        if not tensor.dtype.quantised:
            raise ModelError(
                f"--raw needs an input of 8 bits, and {tensor.name!r} is {dtype}: state --scale, "
                "--mean and --std"
            )
        return image if dtype == np.uint8 else (image ^ 0x80).view(np.int8)
    channels = image.shape[2]
    for what, values in (("--mean", pixels.mean), ("--std", pixels.std)):
        if len(values) not in (1, channels):
            raise ModelError(
                f"{what} must have 1 value, or one for each of the {channels} channels of input "
                f"{tensor.name!r}, not {len(values)}"
            )
    real: np.ndarray = (image * np.float64(pixels.scale) - pixels.mean) / pixels.std
    if dtype.kind == "f":
        return np.asarray(real, dtype)
    if not tensor.dtype.quantised or tensor.quantization is None:
        raise ModelError(
            f"input {tensor.name!r} is {dtype} without a scale: state --raw, or give a .npy file"
        )
    limits = np.iinfo(dtype)
    rounded = np.rint(real / tensor.scale) + tensor.zero_point
    found: np.ndarray = np.clip(rounded, limits.min, limits.max).astype(dtype)
    return found
