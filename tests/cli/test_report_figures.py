# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a report add up, and what the memories hold does not overlap."""

import json
from dataclasses import replace

import numpy as np
import pytest
from report_checks import known, report_of, small_graph, violations

from benchmarks.networks import NETWORKS
from macaw.arch.machines import machine_preset
from macaw.cli import execution
from macaw.cli.report.figures import Cause, InferenceReport, Place
from macaw.golden.machine import Machine
from macaw.nn import ModelError

TINY = machine_preset("tiny")


@pytest.fixture(scope="module")
def unet() -> InferenceReport:
    return known("unet", run_on="none", memory="board")


@pytest.fixture(scope="module")
def streamed(tmp_path_factory) -> InferenceReport:
    """On a machine whose weights do not all fit: they come in each inference."""
    return known("kws", TINY, run_on="none")


@pytest.mark.parametrize("name", ["kws", "vww", "resnet8", "unet"])
def test_figures_of_known_networks(name):
    report = known(name, run_on="none")
    assert violations(report) == []
    assert report.macs == report.machine_macs == NETWORKS[name]().macs
    assert report.equal is None
    assert not report.measured


def test_figures_where_weights_are_streamed(streamed):
    assert violations(streamed) == []
    assert sum(each.loaded for each in streamed.passes) == 40_128
    kinds = {area.kind for area in streamed.areas if area.memory == "weights"}
    assert kinds == {"loaded"}


def test_figures_of_several_programs(tmp_path):
    graph = small_graph(tmp_path)
    report = report_of(graph, TINY, run_on="machine")
    assert violations(report) == []
    assert report.equal is True
    [comparison] = report.comparisons
    assert (comparison.what, comparison.reference) == ("the machine in Python", "the golden model")
    assert comparison.tensors == sum(len(graph.outputs) for _ in report.programs)
    hosts = [each for each in report.operators if each.place == Place.HOST]
    assert [each.kind for each in hosts] == ["Softmax", "Dequantize"]
    assert all("must run on the host" in each.reason for each in hosts)


def test_a_wrong_machine_is_noticed(tmp_path, monkeypatch):
    class Wrong(Machine):
        def read(self, place):
            return super().read(place) ^ 1

    monkeypatch.setattr(execution, "Machine", Wrong)
    report = report_of(small_graph(tmp_path), TINY, run_on="machine")
    assert report.equal is False
    assert all("differ" in each for each in report.comparisons[0].differences.values())


def test_a_network_of_the_host_is_refused(tmp_path):
    graph = small_graph(tmp_path)
    [softmax] = [each for each in graph.operators if type(each).__name__ == "Softmax"]
    alone = replace(graph, operators=(softmax,), inputs=softmax.inputs, outputs=softmax.outputs)
    with pytest.raises(ModelError, match=r"all run on the host: .*Softmax must run on the host"):
        report_of(alone, TINY, run_on="none")


def test_what_runs_is_known():
    with pytest.raises(ValueError, match=r"^run_on must be one of machine, rtl, none, not 'board'"):
        known("kws", run_on="board")


def moved(report):
    """The report with another area that lives as long as another one."""
    areas = [each for each in report.areas if each.memory == "tensor"]
    long = max(areas, key=lambda each: each.last - each.first)
    assert long.last > long.first
    return replace(report, areas=(long, replace(long, name="another")))


def over(report):
    """The report with an area that begins where another one ends, but is not made of that."""
    image, _, later = [each for each in report.areas if each.memory == "tensor"][:3]
    place = {"start": image.start, "end": image.end, "first": image.last}
    return replace(report, areas=(image, replace(later, **place)))


@pytest.mark.parametrize(
    ("mutant", "sentence"),
    [
        (moved, "meet"),
        (over, "meet"),
        (
            lambda report: replace(report, areas=(replace(report.areas[-1], end=1 << 30),)),
            "outside of its memory",
        ),
        (
            lambda report: replace(report, passes=report.passes[:-1]),
            "clocks of",
        ),
        (
            lambda report: replace(
                report, passes=(replace(report.passes[0], macs=7), *report.passes[1:])
            ),
            "has 7 multiplications",
        ),
        (lambda report: replace(report, spans=report.spans[1:]), "computes the passes"),
        (lambda report: replace(report, multipliers=1), "at least"),
    ],
)
def test_a_wrong_report_is_noticed(unet, mutant, sentence):
    assert any(sentence in each for each in violations(mutant(unet)))


def test_passes_are_as_long_as_the_model_has_them(unet):
    """With a memory that is slow, what crosses its port may take longer."""
    for each in unet.passes:
        port = round(each.outside / unet.memory_bytes)
        assert each.cycles == max(each.modelled, port)
        assert each.clocks[Cause.STARVED] == each.cycles - each.modelled


def test_skips_of_the_network(unet):
    joins = [each for each in unet.operators if each.kind == "Concat"]
    assert [each.inputs for each in joins] == [(8, 4), (12, 1)]
    assert unet.operators[0].inputs == (-1,)
    assert unet.outputs == {"conv_16": 16}


def test_json_has_it_all(unet):
    found = json.loads(json.dumps(unet.as_dict()))
    assert found["cycles"] == unet.cycles
    assert found["equal"] is None
    assert [each["clocks"] for each in found["passes"]] == [
        {cause.value: count for cause, count in each.clocks.items()} for each in unet.passes
    ]
    assert len(found["areas"]) == len(unet.areas)


def test_utilisation_is_of_all_clocks(unet):
    useful = unet.clocks[Cause.USEFUL] / unet.cycles
    assert np.isclose(unet.utilisation, useful, atol=1e-3)
