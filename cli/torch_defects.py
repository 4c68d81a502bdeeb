# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where PyTorch's engines are known to be wrong, so that a difference is not Macaw's."""

from collections.abc import Mapping

import numpy as np

from macaw.arch import Float32Chain
from macaw.golden import requantization
from macaw.nn import QuantizedGraph, Semantics
from macaw.nn.graph.operators import Conv2d, ConvTranspose2d, Linear, Operator

__all__ = ["saturation"]

_PAIRING = (Semantics.FBGEMM, Semantics.ONEDNN, Semantics.X86)

#: Values and weights of which no pair of products leaves 16 bits.
_SAFE_VALUE, _SAFE_WEIGHT = 127, 64


def saturation(
    graph: QuantizedGraph, tensors: Mapping[str, np.ndarray], *, vnni: bool | None = None
) -> str | None:
    """A sentence that names the layers whose sums PyTorch may saturate at 16 bits, on the
    ``tensors`` that golden gives; ``None`` where there are none.

    ``vnni`` says whether the processor adds products in 32 bits, by default this one: then only
    depthwise convolutions of fbgemm saturate.
    """
    if graph.semantics not in _PAIRING:
        return None
    vnni = _vnni() if vnni is None else vnni
    names = [
        repr(operator.outputs[0])
        for operator in graph.operators
        if isinstance(operator, Conv2d | ConvTranspose2d | Linear)
        and (not vnni or _is_paired(graph, operator))
        and tensors[operator.inputs[0]].max() > _SAFE_VALUE
        and _largest_weight(graph, operator) > _SAFE_WEIGHT
    ]
    if not names:
        return None
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"PyTorch's {graph.semantics} may be wrong in {shown}, where it adds pairs of products in "
        "16 bits, which saturate; the golden model's sums are exact"
    )


def _vnni() -> bool:
    """Whether this processor has what PyTorch asks for; True where PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return True
    return bool(torch.cpu._is_vnni_supported())


def _is_paired(graph: QuantizedGraph, operator: Operator) -> bool:
    """Whether a layer is fbgemm's depthwise convolution, which saturates on every processor."""
    if not isinstance(operator, Conv2d) or isinstance(
        requantization(graph, operator), Float32Chain
    ):
        return False
    shape = graph.conv2d_shape(operator)
    half = tuple((size - 1) // 2 for size in (shape.kernel_height, shape.kernel_width))
    top, bottom, left, right = operator.padding
    return (
        operator.groups % 8 == 0
        and operator.groups == shape.in_channels == shape.out_channels
        and operator.dilation == (1, 1)
        and (top, left) == (bottom, right) == half
    )


def _largest_weight(graph: QuantizedGraph, operator: Operator) -> int:
    weights = graph.tensors[operator.inputs[1]].data
    assert weights is not None
    return int(np.abs(weights.astype(np.int32)).max())
