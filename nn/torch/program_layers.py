# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The layers with weights of PyTorch's exported programs, as operators of the graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.exact import check_powers
from macaw.nn.graph import Quantization
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation
from macaw.nn.torch.recording import Reference
from macaw.nn.torch.site import Site

__all__ = ["PROGRAM_LAYERS", "Constant"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Constant:
    """Integers that a program dequantises: a tensor's ``data``, and what it means."""

    data: NDArray[Any]
    quantization: Quantization

    @property
    def real(self) -> NDArray[np.float64]:
        """The numbers that they stand for, exact where scales are powers of two."""
        axis = self.quantization.axis
        shape = [1] * self.data.ndim
        if axis is not None:
            shape[axis] = -1
        scale = np.asarray(self.quantization.scale).reshape(shape)
        point = np.asarray(self.quantization.zero_point).reshape(shape)
        return np.asarray((self.data.astype(np.float64) - point) * scale)


#: The dequantised constants of a program, by the names of the calls that give them.
Constants = Mapping[str, Constant]

#: A layer's conversion, with the activation that is fused with it.
Layer = Callable[[Site, Constants, Activation], None]


def _pair(value: Any) -> tuple[int, int]:
    values = (value,) if isinstance(value, int) else tuple(value)
    first, second = values * (3 - len(values))
    return int(first), int(second)


def _parameters(
    site: Site, values: dict[str, Any], constants: Constants, order: tuple[int, ...]
) -> tuple[str, ...]:
    """Add the weights, with their axes in ``order``, output channels first, and the bias, in units
    of the sums; gives their names."""
    weight = values["weight"]
    if not isinstance(weight, Reference) or weight.name not in constants:
        raise ModelError("weights must be constant, and quantised")
    constant = constants[weight.name]
    if constant.data.dtype not in (np.int8, np.uint8):
        raise ModelError(f"weights must be int8 or uint8, not {constant.data.dtype}")
    quantization = constant.quantization
    if quantization.axis is not None:
        axis = order.index(quantization.axis)
        if axis != 0:
            raise ModelError(f"weights must have scales for output channels, not along axis {axis}")
        quantization = Quantization(
            scale=quantization.scale, zero_point=quantization.zero_point, axis=0
        )
    data = np.ascontiguousarray(constant.data.transpose(order))
    names: tuple[str, ...] = (site.constant("weights", data, quantization),)
    image = site.draft.tensors[site.draft.label(site.source(values["input"]))]
    weights = site.draft.tensors[names[0]]
    check_powers(image)
    check_powers(weights)
    bias = _bias(values["bias"], constants)
    if bias is not None:
        units = image.scale * np.asarray(quantization.scale)
        integers = bias / units
        if np.any(integers != np.rint(integers)) or np.any(np.abs(integers) >= 2.0**31):
            raise ModelError(
                "the bias must be int32 in units of the sums, as DerivedQuantizationSpec makes it: "
                "quantise with macaw.nn.torch.MacawQuantizer"
            )
        bias = integers.astype(np.int32)
        names = (*names, site.constant("bias", bias))
    return names


def _bias(value: Any, constants: Constants) -> NDArray[Any] | None:
    """The real numbers of a bias, which is dequantised or a float32 tensor."""
    if value is None:
        return None
    if isinstance(value, Reference):
        if value.name not in constants:
            raise ModelError("the bias must be constant")
        return constants[value.name].real
    return np.asarray(value.detach().numpy(), np.float64)


def _conv2d(site: Site, constants: Constants, activation: Activation) -> None:
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    values = site.bound(*names, bias=None, stride=1, padding=0, dilation=1, groups=1)
    parameters = _parameters(site, values, constants, (0, 2, 3, 1))
    kernel, dilation = (
        site.draft.tensors[parameters[0]].shape[1:3],
        _pair(values["dilation"]),
    )
    ends = site.on_images(site.source(values["input"]))
    site.add(
        op.Conv2d(
            inputs=(*ends["inputs"], *parameters),
            outputs=ends["outputs"],
            stride=_pair(values["stride"]),
            dilation=dilation,
            padding=_padding(values["padding"], kernel, dilation),
            groups=int(values["groups"]),
            activation=activation,
        )
    )


def _padding(
    value: Any, kernel: tuple[int, ...], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Top, bottom, left and right, of numbers or of the word ``same`` or ``valid``."""
    if value == "valid":
        value = 0
    if value != "same":
        vertical, horizontal = _pair(value)
        return vertical, vertical, horizontal, horizontal
    total = [step * (size - 1) for size, step in zip(kernel, dilation, strict=True)]
    before = [each // 2 for each in total]
    return before[0], total[0] - before[0], before[1], total[1] - before[1]


def _conv_transpose2d(site: Site, constants: Constants, activation: Activation) -> None:
    names = (
        "input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation",
    )  # fmt: skip
    values = site.bound(
        *names, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
    )
    if values["groups"] != 1:
        raise ModelError(f"groups must be 1, not {values['groups']}")
    if _pair(values["dilation"]) != (1, 1):
        raise ModelError(f"dilation must be 1, not {values['dilation']!r}")
    parameters = _parameters(site, values, constants, (1, 2, 3, 0))
    ends = site.on_images(site.source(values["input"]))
    site.add(
        op.ConvTranspose2d(
            inputs=(*ends["inputs"], *parameters),
            outputs=ends["outputs"],
            stride=_pair(values["stride"]),
            offset=_pair(values["padding"]),
            output_size=_pair(site.facts.shape[2:]),
            activation=activation,
        )
    )


def _linear(site: Site, constants: Constants, activation: Activation) -> None:
    values = site.bound("input", "weight", "bias", bias=None)
    parameters = _parameters(site, values, constants, (0, 1))
    ends = site.on_plains(site.source(values["input"]))
    site.add(
        op.Linear(
            inputs=(*ends["inputs"], *parameters),
            outputs=ends["outputs"],
            keep_dimensions=True,
            activation=activation,
        )
    )


def _binary(kind: type[op.Binary]) -> Layer:
    def convert(site: Site, constants: Constants, activation: Activation) -> None:
        values = site.bound("first", "second")
        sources = [site.source(values[name]) for name in ("first", "second")]
        shapes = [site.shape(source) for source in sources]
        if shapes[0] != shapes[1]:
            raise ModelError(f"operands must have one shape, not {shapes[0]} and {shapes[1]}")
        site.add(kind(**site.on_either(*sources), activation=activation))

    return convert


#: The conversion of each kind of call that an activation is fused with.
PROGRAM_LAYERS: dict[str, Layer] = {
    "add": _binary(op.Add),
    "add_": _binary(op.Add),
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "linear": _linear,
    "mul": _binary(op.Multiply),
    "mul_": _binary(op.Multiply),
}
