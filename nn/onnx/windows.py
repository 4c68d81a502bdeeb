# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Windows over images: kernel, stride, dilation and padding, as convolutions and poolings have
them."""

from dataclasses import dataclass

from macaw.nn.errors import ModelError
from macaw.nn.onnx.site import Site

__all__ = ["Window", "window"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Sizes are (vertical, horizontal), paddings (top, bottom, left, right).

    ``widened`` says that the padding grew, so that a last window that hangs over counts.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]
    widened: bool


def window(site: Site, image: tuple[int, ...], kernel: tuple[int, int] | None = None) -> Window:
    """The windows of an operator over an image [batch, channels, height, width].

    ``kernel`` is the size that weights have; poolings name it in an attribute.
    """
    if len(image) != 4:
        raise ModelError(f"the image must have 4 axes, not shape {image!r}")
    named = site.sizes("kernel_shape", (1, 1) if kernel is None else kernel)
    if "kernel_shape" not in site.node.attributes and kernel is None:
        raise ModelError("kernel_shape must be given")
    if kernel not in (None, named):
        raise ModelError(f"kernel_shape must be that of the weights, {kernel!r}, not {named!r}")
    stride = site.sizes("strides", (1, 1))
    dilation = site.sizes("dilations", (1, 1))
    ceil = bool(site.attribute("ceil_mode", 0, among=(0, 1)))
    auto = site.attribute(
        "auto_pad", "NOTSET", among=("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")
    )
    given = site.sizes("pads", (0, 0, 0, 0), low=0)
    padding: list[int] = []
    widened = False
    for axis, size in enumerate(image[2:]):
        extent = (named[axis] - 1) * dilation[axis] + 1
        before, after = given[axis], given[axis + 2]
        if auto != "NOTSET":
            count = -(-size // stride[axis])
            total = max(0, (count - 1) * stride[axis] + extent - size)
            total = 0 if auto == "VALID" else total
            before = total // 2 if auto == "SAME_UPPER" else total - total // 2
            after = total - before
        elif ceil:
            rest = size + before + after - extent
            last = -(-rest // stride[axis]) * stride[axis]
            if last >= size + before:
                # A window must not begin behind the image.
                last -= stride[axis]
            if last > rest:
                widened, after = True, after + last - rest
        padding += [before, after]
    return Window(
        kernel=(named[0], named[1]),
        stride=(stride[0], stride[1]),
        dilation=(dilation[0], dilation[1]),
        padding=(padding[0], padding[1], padding[2], padding[3]),
        widened=widened,
    )
