# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files, and what is expected of an importer that meets them."""

import io
import time
import zipfile

import numpy as np

from macaw.golden import run
from macaw.nn import ModelError, verify

#: Seconds of the processor's time after which the import of one small damaged file hangs.
SLOWEST = 60.0


def damaged(content, rng):
    """A copy with some bytes, or 32-bit numbers, changed, or cut off, or copied elsewhere."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        place = int(rng.integers(len(data)))
        match int(rng.integers(5)):
            case 0:
                data[place] = int(rng.integers(256))
            case 1:
                data[place] ^= 1 << int(rng.integers(8))
            case 2:
                place -= place % 4
                number = int(rng.choice([0, 1, 2**31 - 1, -1, -(2**31), rng.integers(2**20)]))
                data[place : place + 4] = (number % 2**32).to_bytes(4, "little")
            case 3:
                start, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
                data[place : place + length] = data[start : start + length]
            case 4 if rng.random() < 0.2:
                del data[max(16, place) :]
    return bytes(data)


def rewritten(content, change):
    """A copy of an archive whose entries hold what ``change`` makes of their places and bytes, with
    the checksums of that."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(result, "w") as copy:
        for place, entry in enumerate(archive.infolist()):
            copy.writestr(entry, change(place, archive.read(entry)))
    return result.getvalue()


def damaged_within(content, rng):
    """A copy in which an entry of the archive is damaged, and has the checksum of what it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        victim = int(rng.integers(len(archive.infolist())))
    return rewritten(
        content, lambda place, data: damaged(data, rng) if place == victim and data else data
    )


def zeros(graph):
    """An input for a graph; ``None`` where damage has made it large."""
    tensors = [graph.tensors[name] for name in graph.inputs]
    if sum(tensor.size for tensor in tensors) >= 1 << 16:
        return None
    return [np.zeros(tensor.shape, tensor.dtype) for tensor in tensors]


def check(importer, content, damage, seed, count, *, runs=False):
    """(refused, verified) of ``count`` damaged copies; anything else is raised. With ``runs`` what
    is verified is computed as well."""
    refused = verified = 0
    for index in range(count):
        file = damage(content, np.random.default_rng([seed, index]))
        start = time.process_time()
        try:
            graph = importer(file)
        except ModelError as error:
            refused += 1
            sentence = str(error)
            assert sentence.isprintable(), f"damage {index} of {seed}: {sentence!r}"
            assert len(sentence) > 10, f"damage {index} of {seed}"
        else:
            verified += 1
            assert verify(graph) is graph
            inputs = zeros(graph) if runs else None
            if inputs is not None:
                run(graph, inputs)
        assert time.process_time() - start < SLOWEST, f"damage {index} of {seed}"
    return refused, verified
