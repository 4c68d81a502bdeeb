# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files of TorchScript: refused by their checksums, or by what they say."""

import io
import zipfile

import pytest
from nn_damage import check, damaged
from torch_models import RESIDUAL_FUSED, engine_set, photographs, quantised, residual_network

from macaw.nn import load

ENGINE = "fbgemm"


@pytest.fixture
def torch(oracle):
    return oracle("torch")


@pytest.fixture
def images(torch):
    return photographs(torch, 1, 32)


@pytest.fixture
def content(torch, images):
    """A file of a small network."""
    with engine_set(torch, ENGINE):
        network = residual_network(torch)
        module = quantised(torch, network, ENGINE, images, fuse=RESIDUAL_FUSED)
        file = io.BytesIO()
        torch.jit.save(torch.jit.trace(module, images), file)
    return file.getvalue()


@pytest.fixture
def importer(tmp_path, images):
    path = tmp_path / "network.pt"

    def imported(content):
        path.write_bytes(content)
        return load(path, example_inputs=images, engine=ENGINE)

    return imported


def damaged_within(content, rng):
    """A copy in which an entry of the archive is damaged, and has the checksum of what it is."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(result, "w") as copy:
        entries = archive.infolist()
        victim = int(rng.integers(len(entries)))
        for index, entry in enumerate(entries):
            data = archive.read(entry)
            copy.writestr(entry, damaged(data, rng) if index == victim and data else data)
    return result.getvalue()


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
