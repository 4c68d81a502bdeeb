# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Observers whose scales are powers of two, so that float32 sums are exact.

They are torchao's but for the scales; torchao is imported with the first of them.
"""

from functools import cache
from typing import Any

from macaw.nn.exact import EXACT_SUM

__all__ = ["derived_bias", "image_observer", "weight_observer"]

#: What the weights of a channel may come to, times the widest range of an image: the rest is left
#: to the bias.
_SUM_LIMIT = EXACT_SUM - (1 << 21)
_IMAGE_RANGE, _WEIGHT_LIMIT = 255, 127

#: Scales never leave these exponents.
_LOWEST, _HIGHEST = -39, 39


@cache
def image_observer() -> Any:
    """The class of observers of activations: int8, one scale and zero point for a tensor, the
    smallest power of two that holds all that was seen, and 0."""
    import torch
    from torchao.quantization.pt2e.observer import MinMaxObserver

    class PowerOfTwoObserver(MinMaxObserver):  # type: ignore[misc]
        """Takes the range of all that it sees."""

        def calculate_qparams(self) -> tuple[Any, Any]:
            """The scale, float32, and the zero point, each of one value."""
            low = torch.clamp(self.min_val.double(), max=0.0)
            high = torch.clamp(self.max_val.double(), min=0.0)
            spread = torch.where(torch.isfinite(high - low), high - low, 0.0)
            scale = _power(torch, spread / (self.quant_max - self.quant_min))
            point = self.quant_min - torch.round(torch.where(spread > 0, low, 0.0) / scale)
            point = torch.clamp(point, self.quant_min, self.quant_max)
            return scale.float().reshape(1), point.to(torch.int64).reshape(1)

    return PowerOfTwoObserver


@cache
def weight_observer() -> Any:
    """The class of observers of weights: int8, a scale for each channel, no zero point.

    Of the power of two that holds all of a channel's weights, and the one below it, which cuts some
    off, the better one in the mean square; but as large as the sums of the channel stay exact.
    """
    import torch
    from torchao.quantization.pt2e.observer import PerChannelMinMaxObserver

    # torchao tells by PerChannel in the name that there is an axis.
    class PerChannelPowerOfTwoObserver(PerChannelMinMaxObserver):  # type: ignore[misc]
        """Keeps the last weights that it sees."""

        def forward(self, x: Any) -> Any:
            """``x``, observed."""
            self.weights = x.detach()
            return super().forward(x)

        def calculate_qparams(self) -> tuple[Any, Any]:
            """The scales, float32, and the zero points, 0, of each channel."""
            flat = self.weights.double().movedim(self.ch_axis, 0).flatten(1)
            largest = _power(torch, flat.abs().amax(1) / _WEIGHT_LIMIT)
            smaller = torch.clamp(largest / 2, min=2.0**_LOWEST)
            error = [(flat - _rounded(torch, flat, each)).square().sum(1) for each in
                     (largest, smaller)]  # fmt: skip
            scale = torch.where(error[1] < error[0], smaller, largest)
            while True:
                integers = _rounded(torch, flat, scale) / scale.unsqueeze(1)
                beyond = integers.abs().sum(1) * _IMAGE_RANGE > _SUM_LIMIT
                if not beyond.any():
                    return scale.float(), torch.zeros_like(scale, dtype=torch.int64)
                scale = torch.where(beyond, 2 * scale, scale)

    return PerChannelPowerOfTwoObserver


def _power(torch: Any, values: Any) -> Any:
    """The smallest powers of two that are not below ``values``."""
    fraction, exponent = torch.frexp(values)
    exponent = torch.where(fraction == 0.5, exponent - 1, exponent)
    exponent = torch.where(values > 0, exponent, 0)
    one = torch.ones_like(values)
    return torch.ldexp(one, torch.clamp(exponent, _LOWEST, _HIGHEST))


def _rounded(torch: Any, flat: Any, scale: Any) -> Any:
    """Weights as int8 has them."""
    steps = torch.round(flat / scale.unsqueeze(1))
    return torch.clamp(steps, -_WEIGHT_LIMIT, _WEIGHT_LIMIT) * scale.unsqueeze(1)


def derived_bias(observers: list[Any]) -> tuple[Any, Any]:
    """Scales and zero points of a bias in units of the sums, of the observers of an image and of
    weights."""
    import torch

    (image, _), (weights, _) = (observer.calculate_qparams() for observer in observers)
    scale = image * weights
    return scale, torch.zeros_like(scale, dtype=torch.int64)
