# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``models``: public networks, whole on the machine."""

import json
import os
from pathlib import Path

import click
from rich.console import Console

from benchmarks.report import Report
from macaw.arch import preset
from macaw.arch.machines import machine_preset
from macaw.cli.verify import verify_model

__all__ = ["folder", "run"]


def folder() -> Path:
    """The folder of the models, which the variable ``MACAW_MODELS`` names."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "models"
    return Path(os.environ.get("MACAW_MODELS", beside))


def run(report: Report) -> None:
    """Verify the first test of each model: golden against the outputs of its runtime, and every
    tensor that the machine ``ecp5_85f`` makes, in Python and on the RTL, against golden."""
    manifest = folder() / "manifest.json"
    if not manifest.exists():
        click.echo("models: left out, set MACAW_MODELS to the folder with their manifest.json")
        return
    console = Console(soft_wrap=True)
    for model in json.loads(manifest.read_text())["models"]:
        test = model["tests"][0]
        found = verify_model(
            folder() / model["file"],
            config=preset("ecp5_85f"),
            machine=machine_preset("ecp5_85f"),
            by_layer=False,
            inputs=[folder() / entry["file"] for entry in test["inputs"]],
            expected=[folder() / entry["file"] for entry in test["outputs"]],
            console=console,
        )
        network = found.network
        assert network is not None
        figures = {
            "operators": (network.operators + len(network.host), "operators"),
            "on_machine": (network.operators, "operators"),
            "programs": (network.segments, "programs"),
            "macs": (found.macs, "MAC"),
            "rtl_share": (round(100 * found.rtl_macs / found.macs, 2), "%"),
            "values": (sum(rung.values for rung in network.rungs), "values"),
            "different": (sum(len(rung.differences) for rung in network.rungs), "tensors"),
            "outcome": (found.outcome.name.lower(), "name"),
            "cycles": (network.cycles, "cycles"),
            "utilisation": (round(100 * network.utilisation, 2), "%"),
        }
        for metric, (value, unit) in figures.items():
            report(
                benchmark="models",
                configuration="ecp5_85f machine",
                digest=network.digest,
                workload=model["id"],
                metric=metric,
                value=value,
                unit=unit,
            )
