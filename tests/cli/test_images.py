# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Images as inputs: their layout, and what their bytes mean."""

import numpy as np
import pytest
from PIL import Image

from macaw.cli.images import Pixels, image_input
from macaw.nn import ModelError, Semantics
from macaw.nn.graph import DType, Quantization, Tensor

BYTES = np.random.default_rng(5).integers(0, 256, (6, 4, 3), np.uint8)


def tensor(shape=(1, 6, 4, 3), dtype=DType.INT8, scale=0.02, zero_point=-3):
    quantization = None
    if dtype.quantised and scale is not None:
        quantization = Quantization(scale=(float(np.float32(scale)),), zero_point=(zero_point,))
    return Tensor(name="image", shape=shape, dtype=dtype, quantization=quantization)


def made(folder, image, tensor, pixels, semantics=Semantics.TFLITE, name="image.png"):
    Image.fromarray(image).save(folder / name)
    return image_input(folder / name, tensor, semantics, pixels)


def test_raw_bytes(tmp_path):
    unsigned = made(tmp_path, BYTES, tensor(dtype=DType.UINT8), Pixels(raw=True))
    assert unsigned.dtype == np.uint8
    np.testing.assert_array_equal(unsigned[0], BYTES)
    signed = made(tmp_path, BYTES, tensor(), Pixels(raw=True))
    assert signed.dtype == np.int8
    np.testing.assert_array_equal(signed[0], BYTES.astype(np.int16) - 128)


@pytest.mark.parametrize(
    ("semantics", "shape", "axes"),
    [
        (Semantics.TFLITE, (1, 6, 4, 3), (0, 1, 2)),
        (Semantics.LITERT, (1, 6, 4, 3), (0, 1, 2)),
        (Semantics.QNNPACK, (1, 3, 6, 4), (2, 0, 1)),
        (Semantics.ONNXRUNTIME, (1, 3, 6, 4), (2, 0, 1)),
        # Only the last axis can be channels.
        (Semantics.ONNXRUNTIME, (1, 6, 4, 3), (0, 1, 2)),
    ],
)
def test_layouts(tmp_path, semantics, shape, axes):
    image = tensor(shape=shape, dtype=DType.UINT8)
    found = made(tmp_path, BYTES, image, Pixels(raw=True), semantics)
    np.testing.assert_array_equal(found[0], BYTES.transpose(axes))


def test_real_numbers(tmp_path):
    image = tensor(shape=(1, 3, 6, 4), dtype=DType.FLOAT32)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    pixels = Pixels(scale=1 / 255, mean=mean, std=std)
    found = made(tmp_path, BYTES, image, pixels, Semantics.QNNPACK)
    expected = ((BYTES / 255.0 - mean) / std).transpose(2, 0, 1)[np.newaxis]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_quantised_numbers_are_rounded_to_even_and_saturated(tmp_path):
    image = np.array([[0, 1, 2, 3, 5, 255]], np.uint8)[..., np.newaxis].repeat(3, axis=2)
    small = tensor(shape=(1, 1, 6, 3), scale=1.0, zero_point=-3)
    found = made(tmp_path, image, small, Pixels(scale=0.5))
    # Halves of 1, 3 and 5 go to 0, 2 and 2: adding a half and rounding down would give 1, 2 and 3.
    assert found[0, 0, :, 0].tolist() == [-3, -3, -2, -1, -1, 125]
    found = made(tmp_path, image, small, Pixels(scale=-1.0, mean=(100.0,)))
    assert found[0, 0, :, 0].tolist() == [-103, -104, -105, -106, -108, -128]


def test_an_image_covers_the_input_and_is_cut_around_its_middle(tmp_path):
    """Two pixels of each side of a wide image are cut off; scaling it whole would keep them."""
    wide = np.zeros((4, 8, 3), np.uint8)
    wide[:, 2:6] = 200
    found = made(tmp_path, wide, tensor(shape=(1, 4, 4, 3), dtype=DType.UINT8), Pixels(raw=True))
    assert found.min() == 200


def test_an_image_is_turned_as_its_file_says(tmp_path):
    image = Image.fromarray(BYTES)
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(tmp_path / "turned.png", exif=exif)
    found = image_input(
        tmp_path / "turned.png", tensor(shape=(1, 4, 6, 3), dtype=DType.UINT8), Semantics.TFLITE,
        Pixels(raw=True),
    )  # fmt: skip
    np.testing.assert_array_equal(found[0], np.rot90(BYTES, -1))


def test_grey_and_colour(tmp_path):
    grey = tensor(shape=(1, 6, 4, 1), dtype=DType.UINT8)
    found = made(tmp_path, BYTES, grey, Pixels(raw=True))
    np.testing.assert_array_equal(found[0, ..., 0], np.asarray(Image.fromarray(BYTES).convert("L")))
    colour = tensor(dtype=DType.UINT8)
    found = made(tmp_path, BYTES[..., 0], colour, Pixels(raw=True))
    np.testing.assert_array_equal(found[0], BYTES[..., :1].repeat(3, axis=2))


@pytest.mark.parametrize(
    ("image", "pixels", "sentence"),
    [
        (tensor(), None, r"state what the bytes of an image mean: --raw, or --scale, --mean and "),
        (tensor(dtype=DType.FLOAT32), Pixels(raw=True), "8 bits, and 'image' is float32"),
        (tensor(scale=None), Pixels(scale=2.0), "is int8 without a scale: state --raw"),
        (tensor(), Pixels(mean=(1.0, 2.0)), "--mean must have 1 value, or one for each of the 3"),
        (tensor(), Pixels(std=(1.0, 2.0)), "--std must have 1 value, or one for each of the 3"),
        (tensor(shape=(1, 1960)), Pixels(raw=True), r"of shape \(1, 1960\) is no image"),
        (tensor(shape=(1, 6, 4, 2)), Pixels(raw=True), "is no image of 1, 3 or 4 channels"),
        (tensor(shape=(2, 6, 4, 3)), Pixels(raw=True), "is no image"),
    ],
)  # fmt: skip
def test_what_is_not_stated_is_refused(tmp_path, image, pixels, sentence):
    with pytest.raises(ModelError, match=sentence):
        made(tmp_path, BYTES, image, pixels)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    content = path.read_bytes()
    for spoilt in (b"", b"text", content[:20], content[: len(content) // 2]):
        path.write_bytes(spoilt)
        with pytest.raises(ModelError, match=r"image\.png must be an image of 8 bits a channel"):
            image_input(path, tensor(), Semantics.TFLITE, Pixels(raw=True))


def test_sixteen_bits_are_refused(tmp_path):
    with pytest.raises(ModelError, match="more than 8 bits a channel, in mode I;16"):
        made(tmp_path, np.full((6, 4), 1000, np.uint16), tensor(), Pixels(raw=True))


@pytest.mark.parametrize("values", [{"std": (0.0,)}, {"scale": float("nan")}, {"mean": (1e999,)}])
def test_numbers_that_mean_nothing_are_refused(values):
    with pytest.raises(ValueError, match="^scale, mean and std must be finite, and std not 0$"):
        Pixels(**values)
