# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The development models, run by golden, against the digests that were recorded of them."""

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from macaw.golden import run
from macaw.nn import QuantizedGraph, load


@dataclass(kw_only=True)
class Comparison:
    """What came of a model: operators by what their digest says.

    The runtime may write a result over an operand; the digest recorded for the operand is then
    that of the result. Such operators are ``overwritten``, and so no further compared.
    """

    name: str
    macs: int
    equal: int = 0
    overwritten: int = 0
    different: list[str] = field(default_factory=list)
    outputs: int = 0
    seconds: float = 0.0

    @property
    def operators(self) -> int:
        """How many were compared."""
        return self.equal + self.overwritten + len(self.different)


def entries(folder: Path) -> list[dict[str, Any]]:
    """The models of the manifest."""
    return json.loads((folder / "manifest.json").read_text())["models"]


def compare(folder: Path, model: dict[str, Any], tests: int | None = None) -> Comparison:
    """Run the first ``tests`` of a model, or all, and compare every digest and every output."""
    graph = load(folder / model["file"])
    result = Comparison(name=model["id"], macs=graph.macs)
    start = time.process_time()
    for test in model["tests"][:tests]:
        inputs = [np.load(folder / entry["file"]) for entry in test["inputs"]]
        expected = [np.load(folder / entry["file"]) for entry in test["outputs"]]
        steps = [inputs] if "sequence" not in test else [[each] for each in inputs[0]]
        tensors, outputs = _run(graph, steps)
        for index, values in enumerate(expected):
            ours = np.stack([step[index] for step in outputs])
            result.outputs += values.size
            if ours.tobytes() != values.tobytes():
                result.different.append(f"{test['name']}: output {index}")
        recorded = folder / "hashes" / f"{model['id']}.{test['name']}.json"
        if recorded.exists():
            records = json.loads(recorded.read_text())["tensors"]
            _compare_digests(graph, tensors, records, test["name"], result)
    result.seconds = time.process_time() - start
    return result


def _run(graph: QuantizedGraph, steps: list[list[Any]]) -> tuple[dict[str, Any], list[list[Any]]]:
    """All tensors of the last step, and the outputs of every step."""
    state, outputs, tensors = graph.initial_state(), [], {}
    for step in steps:
        shaped = [
            values.reshape(graph.tensors[name].shape)
            for name, values in zip(graph.inputs, step, strict=True)
        ]
        tensors = run(graph, shaped, all_tensors=True, state=state)
        outputs.append([tensors[name] for name in graph.outputs])
    return tensors, outputs


def _compare_digests(
    graph: QuantizedGraph,
    tensors: dict[str, Any],
    records: list[dict[str, Any]],
    test: str,
    result: Comparison,
) -> None:
    digests = {
        name: hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
        for name, values in tensors.items()
    }
    readers: dict[str, list[str]] = {}
    for operator in graph.operators:
        for name in operator.inputs:
            readers.setdefault(name, []).extend(operator.outputs)
    for record in records:
        numbered = f"{record['name']}#{record['tensor']}"
        name = numbered if numbered in digests else record["name"]
        if digests.get(name) == record["sha256"]:
            result.equal += 1
        elif _overwritten(name, record["sha256"], digests, readers):
            result.overwritten += 1
        else:
            result.different.append(f"{test}: {record['opname']} {record['op']} to {name}")


def _overwritten(
    name: str, digest: str, digests: dict[str, str], readers: dict[str, list[str]]
) -> bool:
    """Whether the digest is that of a tensor computed from this one, a step at a time in place."""
    return any(
        digests[reader] == digest or _overwritten(reader, digest, digests, readers)
        for reader in readers.get(name, [])[:1]
    )
