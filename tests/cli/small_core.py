# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The core on which the command's tests run layers."""

from dataclasses import replace

from macaw.arch import MemoryConfig, RequantizerConfig, preset

#: A core that is quick to build and has room for the layers of the tests.
SMALL = replace(
    preset("tiny"),
    name="small",
    requantizer=RequantizerConfig(lanes=2),
    memory=MemoryConfig(
        activation_words=4096,
        weight_words=1024,
        parameter_entries=256,
        result_words=512,
        step_entries=128,
    ),
)
