# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes of layers."""

from dataclasses import dataclass

from macaw.arch.checks import integer

__all__ = ["Conv2dShape"]

_LIMIT = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Conv2dShape:
    """The shape of a two-dimensional convolution over one NHWC image.

    ``stride`` and ``dilation`` are (vertical, horizontal); ``padding`` is
    (top, bottom, left, right), filled with the input's zero point.

    Raises ``TypeError`` or ``ValueError`` for a value out of range, for channel counts that
    ``groups`` does not divide, and where the kernel is larger than the padded image.
    """

    height: int
    width: int
    in_channels: int
    out_channels: int
    kernel_height: int
    kernel_width: int
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1

    def __post_init__(self) -> None:
        for what in ("height", "width", "in_channels", "out_channels"):
            integer(what, getattr(self, what), 1, _LIMIT)
        for what in ("kernel_height", "kernel_width", "groups"):
            integer(what, getattr(self, what), 1, _LIMIT)
        for what, count, minimum in (("stride", 2, 1), ("dilation", 2, 1), ("padding", 4, 0)):
            values = getattr(self, what)
            if not isinstance(values, tuple) or len(values) != count:
                raise TypeError(f"{what} must be a tuple of {count} integers, not {values!r}")
            for value in values:
                integer(what, value, minimum, _LIMIT)
        for what in ("in_channels", "out_channels"):
            if getattr(self, what) % self.groups:
                raise ValueError(
                    f"{what} must be a multiple of groups ({self.groups}), "
                    f"not {getattr(self, what)!r}"
                )
        if self.output_height < 1 or self.output_width < 1:
            raise ValueError(
                f"kernel must fit into the padded image, not {self.extent_height}x"
                f"{self.extent_width} into {self.padded_height}x{self.padded_width}"
            )

    @property
    def extent_height(self) -> int:
        """Rows of the image that the dilated kernel spans."""
        return (self.kernel_height - 1) * self.dilation[0] + 1

    @property
    def extent_width(self) -> int:
        """Columns of the image that the dilated kernel spans."""
        return (self.kernel_width - 1) * self.dilation[1] + 1

    @property
    def padded_height(self) -> int:
        """Height of the image with its padding."""
        return self.height + self.padding[0] + self.padding[1]

    @property
    def padded_width(self) -> int:
        """Width of the image with its padding."""
        return self.width + self.padding[2] + self.padding[3]

    @property
    def output_height(self) -> int:
        """Height of the result."""
        return (self.padded_height - self.extent_height) // self.stride[0] + 1

    @property
    def output_width(self) -> int:
        """Width of the result."""
        return (self.padded_width - self.extent_width) // self.stride[1] + 1

    @property
    def group_in_channels(self) -> int:
        """Input channels that one output channel sees."""
        return self.in_channels // self.groups

    @property
    def taps(self) -> int:
        """Products that one output value sums."""
        return self.kernel_height * self.kernel_width * self.group_in_channels

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of the layer, those on padding included."""
        return self.output_height * self.output_width * self.out_channels * self.taps

    @property
    def depthwise(self) -> bool:
        """Whether each output channel sees one input channel, and there is more than one."""
        return self.groups > 1 and self.group_in_channels == 1
