# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The golden conv2d against PyTorch's float32 conv2d on the convolutions of ResNet-50.

Both run on one thread, in a process of their own: numpy's BLAS reads its number of threads from
the environment, once. ``OPENBLAS_CORETYPE`` is left out of that environment, since it may force
kernels for an older CPU than the one at hand. Times are processor time, which other work on the
machine disturbs least. The golden model pads, accumulates and requantises full-range int8
weights, nothing prepared; PyTorch takes a contiguous NCHW image without a bias.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from macaw.arch import Conv2dShape

__all__ = ["resnet50_shapes", "run"]

_ROUNDS = 7


def resnet50_shapes() -> Iterator[tuple[str, Conv2dShape, int]]:
    """ResNet-50's distinct convolutions at 224x224: name, shape, and how often it occurs."""

    def shape(size: int, inputs: int, outputs: int, kernel: int, stride: int) -> Conv2dShape:
        return Conv2dShape(
            height=size,
            width=size,
            in_channels=inputs,
            out_channels=outputs,
            kernel_height=kernel,
            kernel_width=kernel,
            stride=(stride, stride),
            padding=(kernel // 2,) * 4,
        )

    yield "conv1", shape(224, 3, 64, 7, 2), 1
    inputs, size = 64, 56
    for stage, (width, blocks, stride) in enumerate(
        ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)), start=1
    ):
        outputs = 4 * width
        yield f"layer{stage}.0.conv1", shape(size, inputs, width, 1, 1), 1
        yield f"layer{stage}.0.conv2", shape(size, width, width, 3, stride), 1
        yield f"layer{stage}.0.downsample", shape(size, inputs, outputs, 1, stride), 1
        size //= stride
        yield f"layer{stage}.conv3", shape(size, width, outputs, 1, 1), blocks
        yield f"layer{stage}.1.conv1", shape(size, outputs, width, 1, 1), blocks - 1
        yield f"layer{stage}.1.conv2", shape(size, width, width, 3, 1), blocks - 1
        inputs = outputs


def run(report: Callable[..., None]) -> None:
    """Reports the ratio of golden's time to PyTorch's for each layer, and for all convolutions
    of the network both times and their ratio.

    Needs the extra ``torch``.
    """
    environment = {
        key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"
    } | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve())],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    golden_total = torch_total = 0.0
    for name, count, golden, torch in json.loads(done.stdout):
        _report(report, f"resnet50.{name}", "ratio", golden / torch, "1")
        golden_total += count * golden
        torch_total += count * torch
    _report(report, "resnet50", "seconds", golden_total, "s")
    _report(report, "resnet50", "float32_seconds", torch_total, "s")
    _report(report, "resnet50", "ratio", golden_total / torch_total, "1")


def _report(
    report: Callable[..., None], workload: str, metric: str, value: float, unit: str
) -> None:
    report(
        benchmark="golden",
        configuration="",
        digest="",
        workload=workload,
        metric=metric,
        value=value,
        unit=unit,
    )


def _seconds(functions: list[Callable[[], Any]]) -> list[float]:
    """The median processor time of each function, their runs taken in turn."""
    times: list[list[float]] = [[] for _ in functions]
    for warm in (True, *(False,) * _ROUNDS):
        for function, measured in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            if not warm:
                measured.append(time.process_time() - start)
    return [statistics.median(measured) for measured in times]


def _measure() -> list[tuple[str, int, float, float]]:
    """Name, count, golden's and PyTorch's seconds of each layer, in this process."""
    import numpy as np
    import torch

    from macaw.golden import conv2d, qnnpack_requantization

    torch.set_num_threads(1)
    rng = np.random.default_rng(50)
    rows = []
    for name, shape, count in resnet50_shapes():
        image = rng.integers(0, 256, (shape.height, shape.width, shape.in_channels), np.uint8)
        weights = rng.integers(
            -127,
            128,
            (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.in_channels),
            np.int8,
        )
        requantization = qnnpack_requantization(
            input_scale=0.02,
            weight_scales=rng.uniform(0.001, 0.002, shape.out_channels),
            output_scale=0.05 * shape.taps**0.5,
            bias=rng.normal(0, 1, shape.out_channels),
            zero_point=0,
            relu=True,
        )
        image_float = torch.from_numpy(image).permute(2, 0, 1).float().contiguous()[None]
        weights_float = torch.from_numpy(weights).permute(0, 3, 1, 2).float().contiguous()

        def golden(image=image, weights=weights, shape=shape, parameters=requantization):
            return conv2d(
                image,
                weights,
                shape=shape,
                input_zero_point=3,
                requantization=parameters,
            )

        def floating(image=image_float, weights=weights_float, shape=shape):
            return torch.nn.functional.conv2d(image, weights, None, shape.stride, shape.padding[0])

        rows.append((name, count, *_seconds([golden, floating])))
    return rows


if __name__ == "__main__":
    json.dump(_measure(), sys.stdout)
