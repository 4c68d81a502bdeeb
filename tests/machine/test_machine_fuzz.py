# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random graphs give the golden model's values on the machine in Python and on the RTL."""

import pytest
from machine_fuzz import Findings, fuzz, main
from random_graphs import KINDS, random_graph, random_inputs, random_machine


def equal(first: int, count: int, *, rtl: bool = False) -> Findings:
    findings = Findings()
    for seed in range(first, first + count):
        fuzz(seed, findings, rtl=rtl)
    assert not findings.differences, findings.differences[0]
    return findings


def test_in_python():
    findings = equal(0, 60)
    assert findings.transposed > 40
    assert findings.tiled == 8
    assert findings.refused.total() < 0.2 * findings.operators.total()
    assert len(findings.operators) > len(KINDS)


def test_on_the_rtl():
    equal(0, 15, rtl=True)


@pytest.mark.full
@pytest.mark.parametrize("part", range(10))
def test_in_python_at_length(part):
    equal(1000 + 100 * part, 100)


@pytest.mark.full
@pytest.mark.parametrize("part", range(5))
def test_on_the_rtl_at_length(part):
    equal(5000 + 40 * part, 40, rtl=True)


def test_a_seed_always_gives_the_same():
    for seed in range(5):
        assert random_graph(seed) == random_graph(seed)
        one, other = (random_machine(seed, random_graph(seed)) for _ in range(2))
        assert one == other
        [one, *_], [other, *_] = (random_inputs(random_graph(seed), seed).values() for _ in "ab")
        assert (one == other).all()


def test_what_is_printed(capsys):
    assert main(["0:2"]) == 0
    printed = capsys.readouterr().out
    assert "2 graphs on the machine in Python\n" in printed
    assert printed.endswith("\n0 graphs differ\n")
