# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The layer of docs/why-your-conv2d-differs.md, asked of PyTorch's own modules."""

import doctest
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from macaw.cli.torch_oracle import engine_results
from macaw.cli.workloads import Workload

PAGE = Path(__file__).resolve().parents[2] / "docs" / "why-your-conv2d-differs.md"
SEED = 51
ENGINES = ("qnnpack", "fbgemm", "onednn", "x86")


@pytest.fixture(scope="module")
def page():
    """The names of the page after its examples have run."""
    test = doctest.DocTestParser().get_doctest(PAGE.read_text(), {}, PAGE.name, str(PAGE), 0)
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(test, out=lambda _: None, clear_globs=False).failed == 0
    return test.globs


@pytest.fixture(scope="module")
def workload(page):
    return Workload(
        name=PAGE.stem,
        description="the page's layer",
        shape=page["shape"],
        image=page["image"],
        weights=page["weights"],
        bias=page["bias"],
        input_scale=page["input_scale"],
        input_zero_point=page["input_zero_point"],
        weight_scales=page["weight_scales"],
        weight_zero_point=0,
        output_scale=page["output_scale"],
        output_zero_point=page["output_zero_point"],
    )


def test_the_pages_settings_are_the_workloads(page, workload):
    settings = {**page["scales"], "out_channels": page["shape"].out_channels}
    assert workload.scales() == settings


def engines_and_golden(torch, workload):
    """For each engine of PyTorch its result, golden's with the engine's arithmetic, and golden's on
    the whole range of the image: where the processor adds pairs of products in 16 bits, all but
    qnnpack get activations below 128, with which these do not saturate."""
    results = [(workload, *each) for each in engine_results(workload)]
    if not torch.cpu._is_vnni_supported():
        halved = replace(workload, image=workload.image // 2)
        assert all(result is None for _, _, result, _ in results[1:])
        results[1:] = [(halved, *each) for each in engine_results(halved)][1:]
    return {
        engine: (result, given.golden(formula), workload.golden(formula))
        for given, engine, result, formula in results
    }


def test_every_engine_of_torch(oracle, page, workload):
    """Each gives golden's result with its formula, qnnpack the page's reference."""
    results = engines_and_golden(oracle("torch"), workload)
    assert tuple(results) == ENGINES
    for engine, (result, expected, _) in results.items():
        assert result.dtype == np.uint8, engine
        assert result.shape == expected.shape == (16, 16, 8), engine
        wrong = result != expected
        assert not wrong.any(), f"{engine}: {wrong.sum()} of {wrong.size} differ"
    assert np.array_equal(results["qnnpack"][1], page["reference"])


def test_every_engine_of_torch_where_they_differ(oracle, workload):
    """The page's layer on a larger image: enough outputs to tell qnnpack's formula from others."""
    torch = oracle("torch")
    image = np.random.default_rng(SEED).integers(0, 256, (256, 256, 3), np.uint8)
    larger = replace(workload, shape=replace(workload.shape, height=256, width=256), image=image)
    results = engines_and_golden(torch, larger)
    for engine in ("fbgemm", "onednn", "x86"):
        wrong = results[engine][0] != results[engine][1]
        assert not wrong.any(), f"{engine}, seed {SEED}: {wrong.sum()} of {wrong.size} differ"
    # The formulas of fbgemm and onednn part too seldom for this: see the page's count.
    for engine in ("fbgemm", "onednn"):
        assert (results["qnnpack"][0] != results[engine][2]).any(), engine


def test_the_reference_is_not_flat(page):
    """Most results are neither clamped nor equal, so that equality says something."""
    reference = page["reference"]
    inside = (reference > page["output_zero_point"]) & (reference < 255)
    assert inside.mean() > 0.4
    assert len(np.unique(reference)) >= 64
