# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's own quantised modules as the main job's oracle."""

import warnings
from collections.abc import Iterator
from typing import Any

import click
import numpy as np

from macaw.arch import AnyRequantization
from macaw.cli.workloads import Workload
from macaw.golden import (
    fbgemm_requantization,
    onednn_requantization,
    qnnpack_requantization,
    x86_requantization,
)

__all__ = ["engine_results"]


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise click.ClickException(
            "the oracle torch needs PyTorch: pip install -e .[torch]"
        ) from None
    return torch


def _vnni(torch: Any) -> bool:
    """Whether PyTorch's default engine takes its path for AVX512-VNNI on this machine."""
    return bool(torch.cpu._is_vnni_supported())


def _module_result(torch: Any, engine: str, workload: Workload) -> np.ndarray:
    """The workload through ``torch.ao.nn.intrinsic.quantized.ConvReLU2d``, freshly made, since
    qnnpack keeps the scales of a module's first call."""
    from torch.ao.nn.intrinsic.quantized import ConvReLU2d

    shape = workload.shape
    torch.backends.quantized.engine = engine
    module = ConvReLU2d(
        shape.in_channels,
        shape.out_channels,
        (shape.kernel_height, shape.kernel_width),
        stride=shape.stride,
        padding=(shape.padding[0], shape.padding[2]),
        dilation=shape.dilation,
        groups=shape.groups,
    )
    integers = torch.from_numpy(workload.weights.transpose(0, 3, 1, 2).copy())
    if np.ndim(workload.weight_scales):
        weights = torch._make_per_channel_quantized_tensor(
            integers,
            torch.from_numpy(np.asarray(workload.weight_scales)),
            torch.full((shape.out_channels,), workload.weight_zero_point),
            0,
        )
    else:
        weights = torch._make_per_tensor_quantized_tensor(
            integers, float(workload.weight_scales), workload.weight_zero_point
        )
    module.set_weight_bias(weights, torch.from_numpy(workload.bias))
    module.scale, module.zero_point = workload.output_scale, workload.output_zero_point
    image = torch._make_per_tensor_quantized_tensor(
        torch.from_numpy(workload.image[None].transpose(0, 3, 1, 2).copy()),
        workload.input_scale,
        workload.input_zero_point,
    )
    result = module(image).int_repr().numpy()[0].transpose(1, 2, 0)
    return np.ascontiguousarray(result)


def _saturates(workload: Workload) -> bool:
    """Whether two products may be more than 16 bits hold, in which engines other than qnnpack add
    them on x86 without VNNI."""
    return int(workload.image.max()) > 127 and int(abs(workload.weights.astype(int)).max()) > 64


def engine_results(
    workload: Workload,
) -> Iterator[tuple[str, np.ndarray | None, AnyRequantization | str]]:
    """(engine, its result, its arithmetic) for each engine of PyTorch; ``None`` and why where
    there is nothing to compare with."""
    torch = _torch()
    before = torch.backends.quantized.engine
    try:
        for engine in ("qnnpack", "fbgemm", "onednn", "x86"):
            if engine not in torch.backends.quantized.supported_engines:
                raise click.ClickException(f"this PyTorch has no quantised engine {engine}")
            if engine == "onednn" and workload.weight_zero_point:
                yield engine, None, "refuses weight zero points"
                continue
            if engine != "qnnpack" and not _vnni(torch) and _saturates(workload):
                yield engine, None, "saturates sums on this processor, which has no VNNI"
                continue
            with warnings.catch_warnings():
                # PyTorch announces the end of what this compares with.
                warnings.filterwarnings(
                    "ignore", r"[\s\S]*quantized tensor.*deprecated", UserWarning
                )
                oracle = _module_result(torch, engine, workload)
            yield engine, oracle, _requantization(torch, engine, workload)
    finally:
        torch.backends.quantized.engine = before


def _requantization(torch: Any, engine: str, workload: Workload) -> AnyRequantization:
    functions: dict[str, Any] = {
        "qnnpack": qnnpack_requantization,
        "fbgemm": fbgemm_requantization,
        "onednn": onednn_requantization,
    }
    requantization: AnyRequantization
    if engine in functions:
        requantization = functions[engine](**workload.scales())
    else:
        requantization = x86_requantization(
            **workload.scales(),
            vnni=_vnni(torch),
            groups=workload.shape.groups,
            weight_zero_point=workload.weight_zero_point,
        )
    return requantization
