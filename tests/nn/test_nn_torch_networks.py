# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Known networks, whole, on photographs: every tensor as PyTorch has it, in each of its engines and
as an exported program."""

import pytest
import torch_models
import torch_programs
from torch_networks import NETWORKS, seeded

SIZE, COUNT = 224, 4


@pytest.fixture
def torch(oracle):
    return oracle("torch")


@pytest.mark.full
@pytest.mark.parametrize("engine", torch_models.ENGINES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_tensor_in_fx_graph_mode(torch, name, engine):
    images = torch_models.photographs(torch, COUNT, SIZE)
    network = seeded(torch, name, images, relu6=engine != "qnnpack")
    with torch_models.engine_set(torch, engine):
        module = torch_models.quantised_by_fx(torch, network, engine, *images.split(1))
        torch_models.check(torch, module, engine, images[:1])


@pytest.mark.full
@pytest.mark.parametrize("name", NETWORKS)
def test_every_tensor_of_an_exported_program(torch, name):
    images = torch_models.photographs(torch, COUNT, SIZE)
    network = seeded(torch, name, images)
    module = torch_programs.program(torch, network, *images.split(1))
    torch_programs.check(torch, module, images[:1])
