# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's quantised layers with weights, as operators of the graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import Quantization, Semantics
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation
from macaw.nn.torch.site import Site

__all__ = ["LAYERS"]


def _array(tensor: Any) -> NDArray[Any]:
    return np.array(tensor.detach().numpy())


def _weights(site: Site, weights: Any, order: tuple[int, ...]) -> str:
    """Add quantised weights with their axes in ``order``, output channels first."""
    torch_dtype = str(weights.dtype).removeprefix("torch.")
    if torch_dtype != "qint8":
        raise ModelError(f"weights must be qint8, not {torch_dtype}")
    if "channel" not in str(weights.qscheme()):
        quantization = Quantization(
            scale=(float(weights.q_scale()),), zero_point=(int(weights.q_zero_point()),)
        )
    else:
        axis = order.index(weights.q_per_channel_axis())
        if axis != 0:
            raise ModelError(f"weights must have scales for output channels, not along axis {axis}")
        points = weights.q_per_channel_zero_points()
        quantization = Quantization(
            scale=tuple(float(scale) for scale in weights.q_per_channel_scales()),
            zero_point=tuple(int(point) for point in points),
            axis=0,
        )
    data = np.ascontiguousarray(_array(weights.int_repr()).transpose(order))
    return site.constant("weights", data, quantization)


def _bias(site: Site, bias: Any) -> tuple[str, ...]:
    if bias is None:
        return ()
    return (site.constant("bias", _array(bias).astype(np.float32)),)


def _pair(values: Any) -> tuple[int, int]:
    first, second = (int(value) for value in values)
    return first, second


def _conv2d(site: Site, source: str, packed: Any, activation: Activation) -> None:
    if packed.transpose():
        raise ModelError("parameters of a transposed convolution must not be used for another")
    weights, bias = packed.unpack()
    vertical, horizontal = _pair(packed.padding())
    names = (_weights(site, weights, (0, 2, 3, 1)), *_bias(site, bias))
    ends = site.on_images(source)
    site.add(
        op.Conv2d(
            inputs=(*ends["inputs"], *names),
            outputs=ends["outputs"],
            stride=_pair(packed.stride()),
            dilation=_pair(packed.dilation()),
            padding=(vertical, vertical, horizontal, horizontal),
            groups=int(packed.groups()),
            activation=activation,
        )
    )


def _conv_transpose2d(site: Site, source: str, packed: Any) -> None:
    weights, bias = packed.unpack()
    in_channels, out_channels = weights.shape[:2]
    if packed.groups() != 1:
        raise ModelError(f"groups must be 1, not {packed.groups()}")
    if _pair(packed.dilation()) != (1, 1):
        raise ModelError(f"dilation must be 1, not {tuple(packed.dilation())!r}")
    names = (_weights(site, weights, (1, 2, 3, 0)), *_bias(site, bias))
    quantization = site.draft.tensors[names[0]].quantization
    assert quantization is not None
    # What onednn does not take, x86 gives to fbgemm.
    onednn = site.draft.semantics == Semantics.ONEDNN or (
        site.draft.semantics == Semantics.X86
        and not any(packed.output_padding())
        and not any(quantization.zero_point)
    )
    if onednn and min(in_channels, out_channels) > 1:
        raise ModelError(
            f"{in_channels} channels to {out_channels} are not supported by the engine "
            f"{site.draft.semantics}, whose transposed convolutions mix up weights: "
            "use fbgemm or qnnpack"
        )
    ends = site.on_images(source)
    site.add(
        op.ConvTranspose2d(
            inputs=(*ends["inputs"], *names),
            outputs=ends["outputs"],
            stride=_pair(packed.stride()),
            offset=_pair(packed.padding()),
            output_size=_pair(site.facts.shape[2:]),
        )
    )


def _linear(site: Site, source: str, packed: Any, activation: Activation) -> None:
    weights, bias = packed.unpack()
    names = (_weights(site, weights, (0, 1)), *_bias(site, bias))
    ends = site.on_plains(source)
    site.add(
        op.Linear(
            inputs=(*ends["inputs"], *names),
            outputs=ends["outputs"],
            keep_dimensions=True,
            activation=activation,
        )
    )


def _batch_norm(site: Site, values: dict[str, Any], activation: Activation) -> None:
    """The factor and the offset of each channel, rounded as PyTorch rounds them (source:
    ``compute_fused_params`` in aten/src/ATen/native/quantized/cpu/Normalization.cpp)."""
    mean, variance = _array(values["running_mean"]), _array(values["running_var"])
    weight = np.ones_like(mean) if values["weight"] is None else _array(values["weight"])
    bias = np.zeros_like(mean) if values["bias"] is None else _array(values["bias"])
    inverse = np.float32(1) / np.sqrt(variance + np.float32(values["eps"]))
    names = (
        site.constant("factor", inverse * weight),
        site.constant("offset", bias - mean * inverse * weight),
    )
    ends = site.on_images(site.source(values["input"]))
    site.add(
        op.BatchNorm2d(
            inputs=(*ends["inputs"], *names), outputs=ends["outputs"], activation=activation
        )
    )


def _conv_module(activation: Activation) -> Callable[[Site], None]:
    def convert(site: Site) -> None:
        if site.call.module.padding_mode != "zeros":
            raise ModelError(f"padding_mode must be 'zeros', not {site.call.module.padding_mode!r}")
        _conv2d(site, site.only, site.call.module._packed_params, activation)

    return convert


def _batch_norm_module(activation: Activation) -> Callable[[Site], None]:
    def convert(site: Site) -> None:
        names = ("weight", "bias", "running_mean", "running_var", "eps")
        values = {name: getattr(site.call.module, name) for name in names}
        _batch_norm(site, {"input": site.call.arguments[0], **values}, activation)

    return convert


def _packed(site: Site) -> tuple[str, Any]:
    """The operand and the packed parameters of a function."""
    values = site.bound("input", "packed", "scale", "zero_point")
    return site.source(values["input"]), values["packed"]


def _batch_norm_function(activation: Activation) -> Callable[[Site], None]:
    names = ("input", "weight", "bias", "running_mean", "running_var", "eps", "scale", "zero_point")
    return lambda site: _batch_norm(site, site.bound(*names), activation)


_NONE, _RELU = Activation.NONE, Activation.RELU

#: The conversion of each kind of call.
LAYERS: dict[str, Callable[[Site], None]] = {
    "quantized.BNReLU2d": _batch_norm_module(_RELU),
    "quantized.BatchNorm2d": _batch_norm_module(_NONE),
    "quantized.Conv2d": _conv_module(_NONE),
    "quantized.ConvReLU2d": _conv_module(_RELU),
    "quantized.ConvTranspose2d": lambda site: _conv_transpose2d(
        site, site.only, site.call.module._packed_params
    ),
    "quantized.Linear": lambda site: _linear(
        site, site.only, site.call.module._packed_params._packed_params, _NONE
    ),
    "quantized.LinearReLU": lambda site: _linear(
        site, site.only, site.call.module._packed_params._packed_params, _RELU
    ),
    "quantized.batch_norm2d": _batch_norm_function(_NONE),
    "quantized.batch_norm2d_relu": _batch_norm_function(_RELU),
    "quantized.conv2d": lambda site: _conv2d(site, *_packed(site), _NONE),
    "quantized.conv2d_relu": lambda site: _conv2d(site, *_packed(site), _RELU),
    "quantized.conv_transpose2d": lambda site: _conv_transpose2d(site, *_packed(site)),
    "quantized.linear": lambda site: _linear(site, *_packed(site), _NONE),
    "quantized.linear_relu": lambda site: _linear(site, *_packed(site), _RELU),
}
