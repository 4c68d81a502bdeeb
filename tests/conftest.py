# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share."""

import importlib
import os
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

# On processors with AMX pointwise convolutions of PyTorch's onednn round otherwise (docs/models.md)
# unless it is told not to, before it is imported.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI")

#: For each extra of pyproject.toml that brings an oracle: the module that shows it is there.
_ORACLES = {
    "torch": "torch",
    "onnx": "onnxruntime",
    "tflite": "ai_edge_litert",
    "examples": "sklearn.datasets",
    "report": "altair",
}


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], ModuleType]:
    """``oracle(extra)`` is the module that the extra brings; without it the test is skipped,
    and the reason names the extra."""

    def require(extra: str) -> ModuleType:
        try:
            return importlib.import_module(_ORACLES[extra])
        except ImportError:
            pytest.skip(
                f"oracle absent: install the extra {extra!r}, e.g. pip install -e .[{extra}]"
            )

    return require


@pytest.fixture(scope="session")
def processor(oracle: Callable[[str], ModuleType]) -> Callable[[str], None]:
    """``processor(engine)`` skips the test as `needs_vnni` says."""

    def require(engine: str) -> None:
        # Not above: test_house_skips.py runs this file where the other helpers are not.
        from torch_processor import needs_vnni

        needs_vnni(oracle("torch"), engine)

    return require


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of development models, with their inputs and expected outputs."""
    default = Path(__file__).resolve().parents[2] / "shared" / "models"
    folder = Path(os.environ.get("MACAW_MODELS", default))
    if not (folder / "manifest.json").exists():
        pytest.skip(
            "oracle absent: the development models; set MACAW_MODELS to the folder with "
            "their manifest.json"
        )
    return folder


def _skips_are_failures() -> bool:
    """Whether a skipped test counts as failed, as it does where every extra is installed."""
    return os.environ.get("MACAW_NO_SKIPS", "0") not in ("", "0")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def _judge_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    # What is optional is no part of any extra: a system may be without it.
    if report.skipped and _reason(report).startswith("optional: "):
        return
    if report.skipped and not hasattr(report, "wasxfail") and _skips_are_failures():
        report.outcome = "failed"
        report.longrepr = f"MACAW_NO_SKIPS is set, but this was skipped: {_reason(report)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _judge_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _judge_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says last what was not checked, and why."""
    counts = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if counts:
        terminalreporter.section("not checked")
        for reason, count in sorted(counts.items()):
            terminalreporter.line(f"{count} skipped: {reason}")
        terminalreporter.line("make test EXTRAS=all installs every extra.")
