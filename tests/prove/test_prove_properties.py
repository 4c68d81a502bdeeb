# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Every property holds, its mutant is refuted, and every component with a stream has one."""

import importlib
import inspect
import io
import pkgutil

import pytest
from amaranth.lib import stream, wiring
from rich.console import Console

import macaw.hw
from macaw.arch import preset
from macaw.flow.tools import ToolMissingError, find_tool
from macaw.prove import PROPERTIES, Answer, Method, Property, Result, Verdict, choose, prove, table

#: The first property of each component is tried always, all of them in the full tests, and there
#: alone that of the component that takes longest.
FIRST = [each for each in choose([], fast=True) if each.component != "Accelerator"]
CASES = [
    pytest.param(
        each,
        id=f"{each.component}-{each.name}".replace(" ", "_"),
        marks=[] if each in FIRST else pytest.mark.full,
    )
    for each in PROPERTIES
]


@pytest.fixture
def yosys(monkeypatch, tmp_path):
    """Yosys is installed, and the current folder is an empty one."""
    try:
        find_tool("yosys")
    except ToolMissingError as error:
        pytest.skip(str(error))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("property_", CASES)
def test_property_holds_and_its_mutant_is_refuted(yosys, property_):
    console = Console(file=io.StringIO(), width=200)
    assert prove([property_], console=console), console.file.getvalue()


#: Components of the machine whose outputs are proved.
_ENGINES = {
    "Accelerator", "ComputeUnit", "Fetcher", "InstructionQueue", "Loader", "ReadArbiter",
    "RegisterQueue", "Scatter", "Sequencer", "Storer", "WordReader",
}  # fmt: skip


def test_every_component_with_a_stream_is_proved():
    config = preset("tiny")
    found = set()
    for information in pkgutil.walk_packages(macaw.hw.__path__, "macaw.hw."):
        module = importlib.import_module(information.name)
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, wiring.Component) and kind.__module__ == module.__name__:
                source = inspect.getsource(kind)
                if "stream.Signature(" in source:
                    found.add(name)
    assert {"SkidBuffer", "ResultBuffer", "LineBuffer", "Conv2dCore"} <= found
    proved = {each.component for each in PROPERTIES}
    assert found <= proved
    outputs = {each.component for each in PROPERTIES if each.name == "output stays"}
    cores = {type(core).__name__: core for core in _with_outputs(config)}
    assert outputs - _ENGINES == set(cores)
    assert outputs >= _ENGINES


def _with_outputs(config):
    from macaw.arch.machine import MachineConfig
    from macaw.arch.self_test import Message, MessageKind, SelfTestPlan
    from macaw.hw.conv2d_core import Conv2dCore
    from macaw.hw.credit_queue import CreditQueue
    from macaw.hw.elementwise import Elementwise
    from macaw.hw.narrow.byte_rows import ByteRows
    from macaw.hw.narrow.narrow_core import NarrowCore
    from macaw.hw.parameter_store import ParameterStore
    from macaw.hw.result_buffer import ResultBuffer
    from macaw.hw.self_test.messages import MessageReader
    from macaw.hw.self_test.report_text import ReportText
    from macaw.hw.step_expander import StepExpander
    from macaw.hw.step_fetcher import StepFetcher
    from macaw.hw.stream import SkidBuffer
    from macaw.hw.window_reader import WindowReader

    messages = (Message(kind=MessageKind.EXPECTATION, values={}),)
    plan = SelfTestPlan(config=config, version="0", messages=messages, timeout_bits=1)
    components = [
        SkidBuffer(8),
        Conv2dCore(config),
        CreditQueue(8),
        Elementwise(MachineConfig(name="tiny", core=config)),
        MessageReader(plan),
        ByteRows(preset("up5k")),
        NarrowCore(preset("up5k")),
        ParameterStore(config),
        ReportText(plan),
        ResultBuffer(config),
        StepExpander(config),
        StepFetcher(config),
        WindowReader(config, read_latency=7, activation_lead=2),
    ]
    return [
        component
        for component in components
        if any(
            isinstance(member.signature, stream.Signature) and member.flow is wiring.Out
            for member in component.signature.members.values()
            if not member.is_port
        )
    ]


def test_names_are_not_given_twice():
    names = [(each.component, each.name) for each in PROPERTIES]
    assert len(names) == len(set(names))
    assert all(not each.statement.endswith(".") for each in PROPERTIES)


def test_choice():
    assert choose([]) == list(PROPERTIES)
    assert {each.component for each in choose(["SkidBuffer"])} == {"SkidBuffer"}
    components = [each.component for each in choose([], fast=True)]
    assert sorted(components) == sorted({each.component for each in PROPERTIES})
    [first] = choose(["ResultBuffer"], fast=True)
    assert first is next(each for each in PROPERTIES if each.component == "ResultBuffer")
    with pytest.raises(ValueError, match=r"^component must be one of SkidBuffer, .*, not 'Skid'$"):
        choose(["Skid"])


SAMPLE = Property(
    component="Sample",
    name="sample",
    statement="a sample is one",
    method=Method.PROOF,
    harness=lambda mutant: None,
    config=preset("tiny"),
    size="samples of one bit",
)


@pytest.mark.parametrize(
    ("verdict", "mutant", "good"),
    [
        (Verdict.HOLDS, Verdict.FAILS, True),
        (Verdict.HOLDS, Verdict.HOLDS, False),
        (Verdict.HOLDS, Verdict.OPEN, False),
        (Verdict.FAILS, Verdict.FAILS, False),
        (Verdict.OPEN, Verdict.FAILS, False),
    ],
)
def test_table_and_report(monkeypatch, verdict, mutant, good):
    def decide(property_):
        answers = [Answer(verdict=each, seconds=1.25) for each in (verdict, mutant)]
        return Result(of=property_, answer=answers[0], mutant=answers[1])

    monkeypatch.setattr(table, "decide", decide)
    console, rows = Console(file=io.StringIO(), width=200), []
    assert prove([SAMPLE], report=lambda **row: rows.append(row), console=console) is good
    text = console.file.getvalue()
    assert ("yes" if mutant is Verdict.FAILS else f"no: {mutant}") in text
    assert ("Sample, sample: not proved that a sample is one." in text) is not good
    assert "tiny, samples of one bit" in text
    assert f"{int(good)} of 1 properties proved." in text
    assert [(row["metric"], row["value"], row["unit"]) for row in rows] == [
        ("sample", str(verdict), "proof"),
        ("sample, mutant", str(mutant), "proof"),
        ("sample, seconds", 2.5, "s"),
    ]
    about = {(row["workload"], row["configuration"], row["digest"]) for row in rows}
    assert about == {("Sample", "tiny", preset("tiny").digest)}


def test_nothing_proved_is_no_success():
    assert not prove([], console=Console(file=io.StringIO()))
