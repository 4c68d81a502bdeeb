# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors in words: rows begin with a new word, and nothing else is taken for a tensor."""

import re
from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import preset
from macaw.arch.container import TensorPlace
from macaw.arch.machine import MachineConfig
from macaw.host import pack_tensor, unpack_tensor
from macaw.host.tensors import check_inputs, tensor_words

SEED = 20261128
CONFIG = MachineConfig(name="tiny", core=preset("tiny"))


def place_of(height=2, width=3, channels=3, signed=True, name="x"):
    return TensorPlace(
        name=name, address=0, height=height, width=width, channels=channels, signed=signed
    )


def test_rows_begin_with_a_new_word():
    place = place_of()
    tensor = np.arange(-9, 9, dtype=np.int8).reshape(2, 3, 3)
    words = pack_tensor(CONFIG, place, tensor)
    assert words.dtype == np.uint8
    assert words.view(np.int8).tolist() == [
        [-9, -8, -7, -6, -5, -4, -3, -2],
        [-1, 0, 0, 0, 0, 0, 0, 0],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [8, 0, 0, 0, 0, 0, 0, 0],
    ]
    # Rows one behind the other without gaps would be other words.
    assert words.reshape(-1)[:18].view(np.int8).tolist() != tensor.reshape(-1).tolist()


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 3), (2, 4, 4), (1, 1, 8), (4, 1, 9)])
def test_there_and_back(shape, signed):
    place = place_of(*shape, signed=signed)
    dtype = np.int8 if signed else np.uint8
    tensor = np.random.default_rng(SEED).integers(0, 256, shape, np.uint8).view(dtype)
    words = pack_tensor(CONFIG, place, tensor)
    assert words.shape == (tensor_words(CONFIG, place), CONFIG.word_bytes)
    rows = words.reshape(shape[0], -1)
    rows[:, shape[1] * shape[2] :] = 77
    result = unpack_tensor(CONFIG, place, words)
    assert result.dtype == dtype
    assert np.array_equal(result, tensor)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 3), (2, 4, 4), (1, 9, 1)])
def test_transposed_images(shape):
    """Their columns stand in memory as the rows of the other image do."""
    place = replace(place_of(*shape), transposed=True)
    height, width, channels = shape
    tensor = np.random.default_rng(SEED).integers(-128, 128, shape).astype(np.int8)
    words = pack_tensor(CONFIG, place, tensor)
    other = place_of(width, height, channels)
    assert np.array_equal(words, pack_tensor(CONFIG, other, tensor.swapaxes(0, 1)))
    assert tensor_words(CONFIG, place) == tensor_words(CONFIG, other) == len(words)
    result = unpack_tensor(CONFIG, place, words)
    assert result.flags.c_contiguous
    assert np.array_equal(result, tensor)
    with pytest.raises(ValueError, match=re.escape(f"must be int8 of shape {shape}, not")):
        pack_tensor(CONFIG, place, tensor[None])


def test_the_order_in_memory_does_not_matter():
    tensor = np.random.default_rng(SEED).integers(0, 100, (3, 2, 3)).astype(np.int8)
    turned = tensor.transpose(1, 0, 2)
    words = pack_tensor(CONFIG, place_of(), turned)
    assert np.array_equal(words, pack_tensor(CONFIG, place_of(), turned.copy()))


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (np.zeros((2, 3, 3), np.uint8), "uint8 of shape (2, 3, 3)"),
        (np.zeros((2, 3, 3)), "float64 of shape (2, 3, 3)"),
        (np.zeros((1, 2, 3, 3), np.int8), "int8 of shape (1, 2, 3, 3)"),
        (np.zeros((3, 2, 3), np.int8), "int8 of shape (3, 2, 3)"),
        ([[[0]]], "a list"),
    ],
)
def test_other_tensors_are_refused(tensor, shown):
    message = f"tensor 'x' must be int8 of shape (2, 3, 3), not {shown}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pack_tensor(CONFIG, place_of(), tensor)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("a", "inputs must give every tensor, and lack b"),
        ("", "inputs must give every tensor, and lack a, b"),
        ("abc", "inputs must name tensors among a, b, not 'c'"),
    ],
)
def test_names_of_inputs(names, message):
    places = [place_of(name=name) for name in "ab"]
    check_inputs(places, dict.fromkeys("ba"))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_inputs(places, dict.fromkeys(names))
