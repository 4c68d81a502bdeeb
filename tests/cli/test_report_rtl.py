# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of the RTL: the clocks are the machine's, and the bytes those that it counts."""

import pytest
from report_checks import known, report_of, small_graph, violations

from macaw.arch.machine import Engine
from macaw.arch.machines import machine_preset
from macaw.cli.report.figures import Cause, InferenceReport

TINY = machine_preset("tiny")


@pytest.fixture(scope="module")
def kws() -> InferenceReport:
    """On a machine whose weights come in each inference."""
    return known("kws", TINY, run_on="rtl", memory="board")


@pytest.mark.full
def test_figures_of_the_rtl(kws):
    assert violations(kws) == []
    assert kws.measured
    assert kws.equal is True
    [program] = kws.programs
    # The machine counts from the clock behind the start on.
    assert 0 <= kws.cycles - program.counters["cycles"] < 8
    assert {span.engine for span in kws.spans} == set(map(str, Engine))
    assert kws.clocks[Cause.LOADING] > 0


@pytest.mark.full
def test_words_are_those_that_the_machine_counts(kws):
    [program] = kws.programs

    def words(*names):
        found = [sum(getattr(each, name) for each in kws.passes) for name in names]
        return sum(found) // kws.word_bytes

    assert program.counters["fetch"] == words("read", "tensor_read")
    assert program.counters["load"] == words("loaded")
    assert program.counters["outer_writes"] == words("written")
    # The rest is the program itself, and what is read ahead of its end.
    assert 0 < program.counters["outer_reads"] - words("read", "loaded") < 1000


@pytest.mark.full
def test_spans_are_as_instructions_wait(kws):
    """A pass stores after it has begun to compute, and computes after it has begun to fetch."""
    spans = {(span.engine, span.number): span for span in kws.spans if span.engine != "load"}
    for each in kws.passes:
        fetch, compute, store = (
            spans[engine, each.number] for engine in ("fetch", "compute", "store")
        )
        assert fetch.begin < compute.end
        assert fetch.end <= store.end
        assert compute.begin < store.end <= kws.cycles


@pytest.mark.full
def test_several_programs_count_through(tmp_path):
    report = report_of(small_graph(tmp_path), TINY, run_on="rtl")
    assert violations(report) == []
    assert report.equal is True
    ends = [span.end for span in report.spans]
    assert 0 <= report.cycles - max(ends) < 32
