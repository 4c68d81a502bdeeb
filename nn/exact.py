# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where the float32 arithmetic of PyTorch's exported programs is exact.

A converted program dequantises, sums in float32, and quantises. In which order it sums depends on
the processor, the threads and the memory format, and so do the roundings, unless there are none:
values with scales that are powers of two are integers times a power of two, and so is every sum of
their products, which float32 holds up to 2**24. What may be rounded is refused.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import Tensor

__all__ = ["EXACT_SUM", "check_average", "check_powers", "check_sums"]

#: The largest sum of integers that float32 holds, with all those below it.
EXACT_SUM = 1 << 24

#: Pixels of an average, times two for each time that its scale is doubled: with fewer, what is
#: rounded is smaller than the distance from a tie.
_EXACT_AVERAGE = 1 << 14

#: Within these scales no product of scales leaves float32.
_SMALLEST, _LARGEST = 2.0**-40, 2.0**40

_ADVICE = "quantise with macaw.nn.torch.MacawQuantizer"


def check_powers(tensor: Tensor) -> None:
    """Refuse scales that are no powers of two, with `ModelError`."""
    assert tensor.quantization is not None
    for scale in tensor.quantization.scale:
        if math.frexp(scale)[0] != 0.5 or not _SMALLEST <= scale <= _LARGEST:
            raise ModelError(
                f"scales of {tensor.name!r} must be powers of two, not {scale!r}: the program sums "
                f"others in float32, in an order that is not fixed; {_ADVICE}"
            )


def check_sums(image: Tensor, weights: Tensor, bias: NDArray[Any] | None) -> None:
    """Refuse sums that some image takes beyond what float32 holds, with `ModelError`.

    ``weights`` are constant, output channels first; ``bias`` is [channels], in units of the sums.
    """
    check_powers(image)
    check_powers(weights)
    assert weights.data is not None
    assert weights.quantization is not None
    limits = np.iinfo(image.dtype.value)
    largest = max(image.zero_point - int(limits.min), int(limits.max) - image.zero_point)
    flat = weights.data.reshape(len(weights.data), -1).astype(np.int64)
    points = np.asarray(weights.quantization.zero_point, np.int64).reshape(-1, 1)
    bounds = np.abs(flat - points).sum(axis=1) * largest
    if bias is not None:
        bounds = bounds + np.abs(bias.astype(np.int64))
    channel = int(bounds.argmax())
    if bounds[channel] > EXACT_SUM:
        raise ModelError(
            f"sums of channel {channel} must be at most 2**24, which float32 holds, not "
            f"{int(bounds[channel])}: larger weight scales make them smaller; {_ADVICE}"
        )


def check_average(image: Tensor, result: Tensor, count: int) -> None:
    """Refuse averages of up to ``count`` pixels that may be rounded more than once, with
    `ModelError`."""
    check_powers(image)
    check_powers(result)
    if count * max(1.0, result.scale / image.scale) >= _EXACT_AVERAGE:
        raise ModelError(
            f"an average must be of fewer than {_EXACT_AVERAGE} pixels, not {count}, and of fewer "
            "where the result has a larger scale"
        )
