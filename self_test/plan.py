# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A self-test's plan for a configuration, with golden's checksums."""

import zlib
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby

import numpy as np

from macaw.arch import AcceleratorConfig, Conv2dShape
from macaw.arch.self_test import (
    MOST_ALIKE,
    Message,
    MessageKind,
    SelfTestPlan,
    decimal_digits,
)
from macaw.compiler.conv2d import Conv2dProgram, compile_conv2d
from macaw.compiler.cost import model_cycles
from macaw.golden import conv2d
from macaw.self_test.layers import LayerMaker, layer_makers
from macaw.self_test.random_words import RandomWords

__all__ = ["SelfTestLayer", "make_layers", "make_plan"]

#: What a weight may be in a probe: one of as many digits, none of which is zero.
_DIGITS = 127

#: A layer may take as many times its modelled cycles, and each of its messages as many.
_PATIENCE = 4
_MESSAGE_CYCLES = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class SelfTestLayer:
    """A layer with its random bytes: its ``program``, whose weights are random where ``mask``,
    bool (words, columns, lanes), says so; the ``image_words``, uint8 (words, lanes), of its image
    stream; the ``image``, NHWC without its N; and golden's ``result``."""

    program: Conv2dProgram
    mask: np.ndarray
    image_words: np.ndarray
    image: np.ndarray
    result: np.ndarray

    @property
    def result_words(self) -> np.ndarray:
        """The result's stream, uint8 (words, lanes), its unused bytes zero."""
        lanes, rows = self.program.config.array.lanes, len(self.result)
        words = np.zeros((rows, self.program.result_row_words * lanes), np.uint8)
        bytes_ = np.ascontiguousarray(self.result).view(np.uint8).reshape(rows, -1)
        words[:, : bytes_.shape[1]] = bytes_
        return words.reshape(-1, lanes)

    @property
    def crc(self) -> int:
        """The CRC-32 of the result's stream."""
        return zlib.crc32(self.result_words.tobytes())


def _places(shape: Conv2dShape, make: LayerMaker, config: AcceleratorConfig) -> np.ndarray:
    """Which weight stands where in the program: its index in the tensor, or -1 where no weight
    stands; int64 (words, columns, lanes)."""
    size = (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    indices = np.arange(np.prod(size), dtype=np.int64).reshape(size)
    places, weight = None, 1
    while places is None or weight < indices.size:
        digits = indices // weight % _DIGITS + 1
        found = compile_conv2d(make(digits.astype(np.int8)), config).weights.astype(np.int64)
        if places is None:
            places = np.where(found > 0, 0, -1)
        places += np.where(found > 0, (found - 1) * weight, 0)
        weight *= _DIGITS
    return places


def _make_layer(
    shape: Conv2dShape, make: LayerMaker, config: AcceleratorConfig, random: RandomWords
) -> SelfTestLayer:
    places = _places(shape, make, config)
    mask = places >= 0
    bytes_ = random.take(places.shape[0] * places.shape[1]).reshape(places.shape).view(np.int8)
    weights = np.zeros(shape.out_channels * shape.taps, np.int8)
    weights[places[mask]] = bytes_[mask]
    size = (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    layer = make(weights.reshape(size))
    program = compile_conv2d(layer, config)
    if not np.array_equal(program.weights, np.where(mask, bytes_, 0)):
        raise ValueError(f"{layer.name}: each weight must stand in one place of the weight memory")
    image_words = random.take(shape.height * program.image_row_words)
    row_bytes = shape.width * shape.in_channels
    rows = image_words.reshape(shape.height, -1)[:, :row_bytes]
    image = np.ascontiguousarray(rows).view(np.int8 if layer.input_signed else np.uint8)
    image = image.reshape(shape.height, shape.width, shape.in_channels)
    result = conv2d(
        image,
        layer.weights,
        shape=shape,
        input_zero_point=layer.input_zero_point,
        weight_zero_point=layer.weight_zero_point,
        requantization=layer.requantization,
    )
    return SelfTestLayer(
        program=program, mask=mask, image_words=image_words, image=image, result=result
    )


def make_layers(config: AcceleratorConfig) -> list[SelfTestLayer]:
    """The layers of a round for ``config``, in order.

    Raises ``ValueError`` where ``config`` is too small for a layer, which it names.
    """
    random = RandomWords(config.array.lanes)
    return [_make_layer(shape, make, config, random) for shape, make in layer_makers(config)]


def _weight_messages(masks: list[int]) -> list[Message]:
    """Writes of weights with ``masks``, each with those that are like it."""
    messages = []
    for mask, run in groupby(masks):
        left = len(list(run))
        while left:
            count = min(left, MOST_ALIKE)
            messages.append(
                Message(kind=MessageKind.WEIGHTS, values={"mask": mask, "more": count - 1})
            )
            left -= count
    return messages


def _messages(layer: SelfTestLayer) -> list[Message]:
    program, lanes = layer.program, layer.program.config.array.lanes
    row_words = program.result_row_words
    row_bytes = program.shape.output_width * program.shape.out_channels
    messages = [Message(kind=MessageKind.TABLE, values={"entry": entry}) for entry in program.table]
    for channel in range(program.shape.out_channels):
        entry = {name: int(values[channel]) for name, values in program.parameters.items()}
        messages.append(Message(kind=MessageKind.PARAMETERS, values={"parameters": entry}))
    messages += _weight_messages(
        [
            sum(1 << lane for lane in range(lanes) if used[lane])
            for used in layer.mask.reshape(-1, lanes)
        ]
    )
    messages.append(Message(kind=MessageKind.DESCRIPTOR, values=dict(program.descriptor)))
    expectation = {
        "image_words": len(layer.image_words),
        "result_words": decimal_digits(len(layer.result_words)),
        "row_words": row_words - 1,
        "last_bytes": (1 << row_bytes - (row_words - 1) * lanes) - 1,
        "crc": layer.crc,
    }
    return [*messages, Message(kind=MessageKind.EXPECTATION, values=expectation)]


def make_plan(config: AcceleratorConfig) -> SelfTestPlan:
    """The self-test of a core of ``config``.

    Raises ``ValueError`` where ``config`` is too small for a layer, which it names, or has no mode
    of requantisation that the layers can use.
    """
    layers = make_layers(config)
    messages = [_messages(layer) for layer in layers]
    timeouts = [
        _PATIENCE * model_cycles(layer.program) + _MESSAGE_CYCLES * len(each)
        for layer, each in zip(layers, messages, strict=True)
    ]
    return SelfTestPlan(
        config=config,
        version=version("macaw"),
        messages=tuple(message for each in messages for message in each),
        timeout_bits=max(timeouts).bit_length(),
    )
