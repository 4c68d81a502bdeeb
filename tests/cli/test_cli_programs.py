# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw inspect``, ``compile`` and ``disassemble``: from a model file to instructions."""

import json

import nn_graphs
import pytest
from click.testing import CliRunner

from macaw.arch.container import Program
from macaw.cli.main import main
from macaw.compiler.machine import compile_network


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(nn_graphs.network_file())
    return path


def call(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def test_inspect_says_which_scale_is_which(model):
    status, text = call("inspect", model, "--json")
    found = json.loads(text)
    assert status == 0
    kinds = [each["operator"] for each in found["operators"]]
    assert kinds[:4] == ["Conv2d", "Conv2d", "Add", "MaxPool2d"]
    first = found["operators"][0]
    image, weights, bias = first["inputs"]
    assert (image["scales"], image["zero_points"], image["constant"]) != ([], [], True)
    assert len(weights["scales"]) == 4
    assert weights["axis"] == 0
    assert first["macs"] == 4 * 4 * 4 * 3 * 3 * 2
    assert first["constant_bytes"] == 4 * 3 * 3 * 2 + 4 * 4
    assert found["macs"] == sum(each["macs"] for each in found["operators"]) == 1808
    assert bias["dtype"] == "int32"


def test_inspect_shows_a_line_for_each_operator(model):
    status, text = call("inspect", model)
    assert status == 0
    for kind in ("Conv2d", "Add", "Reshape", "Linear", "Softmax", "Dequan"):
        assert kind in text
    assert "network: 8 operators, 1,808 multiplications" in text


def test_compile_and_disassemble(model, tmp_path):
    output = tmp_path / "net.program"
    status, text = call("compile", model, "--config", "tiny", "-o", output)
    assert status == 0
    assert "Softmax must run on the host" in text
    assert str(output) in text
    program = Program.load(output)
    assert [place.channels for place in program.outputs] == [5]
    status, text = call("disassemble", output, "--config", "tiny")
    assert status == 0
    # A fetch, a computation and a store for each pass; the reshaping is none, and the sum is made
    # of the depthwise layer's results.
    body = text[text.index("body") :]
    counts = [body.count(name) for name in ("FETCH", "CONV", "operands=2", "COPY", "END")]
    assert counts == [4, 4, 1, 0, 1]


def test_programs_are_made_for_a_memory(model, tmp_path, monkeypatch):
    given = []

    def compiled(*what, memory_bytes):
        given.append(memory_bytes)
        return compile_network(*what, memory_bytes=memory_bytes)

    monkeypatch.setattr("macaw.cli.programs.compile_network", compiled)
    for options in ((), ("--memory", "board")):
        status, _ = call("compile", model, "-o", tmp_path / "net.program", *options)
        assert status == 0
    assert given == [None, 2]


def test_a_program_of_another_machine_is_refused(model, tmp_path):
    output = tmp_path / "net.program"
    call("compile", model, "--config", "tiny", "-o", output)
    status, text = call("disassemble", output, "--config", "ecp5_25f")
    assert status == 2
    assert "program must be for a machine" in text
    output.write_bytes(output.read_bytes()[:-1])
    status, text = call("disassemble", output, "--config", "tiny")
    assert status == 2
    assert "must have the checksum" in text


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"nothing")
    for command in ("inspect", "compile"):
        status, text = call(command, path)
        assert status == 2
        assert "model.tflite" in text
