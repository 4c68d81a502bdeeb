# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files of PyTorch: refused by their checksums, or by what they say."""

import io

import pytest
import torch_programs
from nn_damage import check, damaged, damaged_within
from torch_models import photographs, residual_file

from macaw.nn import load

ENGINE = "fbgemm"


@pytest.fixture
def torch(oracle):
    return oracle("torch")


@pytest.fixture
def images(torch):
    return photographs(torch, 1, 32)


def script(torch, images):
    """A file of ``torch.jit`` of a small network."""
    file = io.BytesIO()
    residual_file(torch, file, ENGINE, images)
    return file.getvalue()


def program(torch, images):
    """A file of ``torch.export`` of a small network."""
    module = torch_programs.program(torch, torch_programs.small_network(torch), images)
    file = io.BytesIO()
    with torch_programs.silent(torch):
        torch.export.save(torch.export.export(module, (images,)), file)
    return file.getvalue()


@pytest.fixture(params=[script, program])
def content(request, torch, images):
    return request.param(torch, images)


@pytest.fixture
def engine(request, content):
    """Programs have no engine."""
    return ENGINE if "script" in request.node.callspec.id else None


@pytest.fixture
def importer(tmp_path, images, engine):
    path = tmp_path / "network.pt"

    def imported(content):
        path.write_bytes(content)
        return load(path, example_inputs=images, engine=engine)

    return imported


def test_damaged_files(importer, content):
    importer(content)
    refused, _ = check(importer, content, damaged, 3, 100)
    assert refused > 90
    refused, verified = check(importer, content, damaged_within, 3, 100)
    # Both happen, so that both are tried.
    assert refused > 20
    assert verified > 20


@pytest.mark.full
def test_many_damaged_files(importer, content):
    check(importer, content, damaged, 4, 5000)
    check(importer, content, damaged_within, 4, 5000)
