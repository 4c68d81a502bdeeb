# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The workloads of the golden benchmark."""

from benchmarks.golden import resnet50_shapes


def test_the_layers_are_those_of_resnet50() -> None:
    layers = list(resnet50_shapes())
    assert sum(count for _, _, count in layers) == 53
    assert sum(count * shape.macs for _, shape, count in layers) == 4_087_136_256
    assert len({name for name, _, _ in layers}) == len(layers)
