# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``models``: public networks, golden against their runtime's outputs and RTL
against golden, layer by layer."""

import json
import os
from pathlib import Path

import click
from rich.console import Console

from benchmarks.report import Report
from macaw.arch import preset
from macaw.cli.verify import verify_model

__all__ = ["folder", "run"]

#: Models of more multiplications are simulated in part: the first rows of each layer.
_WHOLE, _ROWS = 50_000_000, 4


def folder() -> Path:
    """The folder of the models, which the variable ``MACAW_MODELS`` names."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "models"
    return Path(os.environ.get("MACAW_MODELS", beside))


def run(report: Report) -> None:
    """Verify the first test of each model, on the RTL of ``ecp5_85f`` with the modes that it
    needs; ``rows`` are those to which a large model's layers were cropped, 0 for all of them."""
    manifest = folder() / "manifest.json"
    if not manifest.exists():
        click.echo("models: left out, set MACAW_MODELS to the folder with their manifest.json")
        return
    console = Console(soft_wrap=True)
    for model in json.loads(manifest.read_text())["models"]:
        test = model["tests"][0]
        rows = 0 if model["macs"] < _WHOLE else _ROWS
        found = verify_model(
            folder() / model["file"],
            config=preset("ecp5_85f"),
            inputs=[folder() / entry["file"] for entry in test["inputs"]],
            expected=[folder() / entry["file"] for entry in test["outputs"]],
            rows=rows or None,
            console=console,
        )
        core = [layer for layer in found.layers if layer.where == "rtl"]
        cycles = sum(layer.cycles for layer in core)
        multiplied = sum(layer.core_macs for layer in core)
        figures = {
            "operators": (len(found.layers), "operators"),
            "macs": (found.macs, "MAC"),
            "rtl_share": (round(100 * found.rtl_macs / found.macs, 2), "%"),
            "rows": (rows, "rows"),
            "outputs": (sum(layer.values for layer in core), "values"),
            "different": (sum(bool(layer.difference) for layer in core), "layers"),
            "outcome": (found.outcome.name.lower(), "name"),
            "cycles": (cycles, "cycles"),
            "utilisation": (
                round(100 * multiplied / (preset("ecp5_85f").array.multipliers * cycles), 2),
                "%",
            ),
        }
        for metric, (value, unit) in figures.items():
            report(
                benchmark="models",
                configuration=found.configuration,
                digest=found.digest,
                workload=model["id"],
                metric=metric,
                value=value,
                unit=unit,
            )
