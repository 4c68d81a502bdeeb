# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""All commands: help that can be followed, statuses that are told, and no traceback."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import nn_graphs
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.commands import fill_commands, render_commands
from macaw.cli.commands.command import ToldGroup
from macaw.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "commands.md"


def walk(group, before=()):
    for name, command in group.commands.items():
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from walk(command, (*before, name))


COMMANDS = dict(walk(main))


def call(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


@pytest.mark.parametrize("names", COMMANDS)
def test_examples_are_of_the_command(names):
    """Every word of an example with dashes is an option, and what it needs is there."""
    command = COMMANDS[names]
    assert command.examples
    options = {name: each for each in command.params if isinstance(each, click.Option)
               for name in each.opts}  # fmt: skip
    required = {each.opts[0] for each in command.params
                if isinstance(each, click.Option) and each.required}  # fmt: skip
    own = [line for line in command.examples if line.split()[1 : 1 + len(names)] == list(names)]
    assert own
    for line in own:
        words = line.split()
        # A subcommand's example stands with its own command.
        if isinstance(command, click.Group) and words[1 + len(names) :][:1] in (
            [name] for name in command.commands
        ):
            continue
        assert words[0] == "macaw"
        used = {word for word in words if word.startswith("-")}
        assert used <= set(options), line
        assert required <= used, line


@pytest.mark.parametrize("names", COMMANDS)
def test_help_tells_examples_and_statuses(names):
    status, text = call(*names, "--help")
    assert status == 0
    command = COMMANDS[names]
    for line in command.examples:
        assert f"\n  {line}\n" in text
    assert {0, 2} <= set(command.statuses)
    told = text[text.index("Exit status:") :]
    for each in command.statuses:
        assert re.search(rf"^  {each}  \S", told, re.MULTILINE)


@pytest.mark.parametrize("names", COMMANDS)
def test_every_report_is_json_too(names):
    assert "as_json" in {each.name for each in COMMANDS[names].params}


def test_the_page_is_that_of_the_commands():
    text = PAGE.read_text()
    assert fill_commands(text, main) == text, "make tables writes docs/commands.md"
    rendered = render_commands(main)
    assert rendered in text
    for names, command in COMMANDS.items():
        assert f"## macaw {' '.join(names)}" in rendered
        for option in command.params:
            if isinstance(option, click.Option):
                assert f"`{option.opts[0]}" in rendered


def test_a_page_that_is_stale_is_noticed():
    text = PAGE.read_text()
    stale = text.replace("--limit INTEGER", "--most INTEGER")
    assert stale != text
    assert fill_commands(stale, main) == text


def test_help_brings_neither_hardware_nor_frameworks():
    source = (
        "import sys; from macaw.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('amaranth', 'cocotb', 'torch', 'onnx', 'PIL', 'pooch', "
        "'macaw.compiler', 'macaw.golden') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.fixture
def wrong(tmp_path):
    """Files that are no models."""
    content = nn_graphs.network_file()
    files = {
        "empty.tflite": b"",
        "cut.tflite": content[: len(content) // 2],
        "text.onnx": b"\x08\x07 nothing that is a model",
        "archive.pt": b"PK\x03\x04" + bytes(64),
        "graph.macaw": b"macaw graph\n" + bytes(64),
        "directory.tflite": None,
    }
    for name, each in files.items():
        if each is None:
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_bytes(each)
    (tmp_path / "data" / "0").mkdir(parents=True)
    return [tmp_path / name for name in files] + [tmp_path / "none.tflite"]


@pytest.mark.parametrize("command", ["run", "eval", "verify", "inspect", "compile", "disassemble"])
def test_no_traceback_for_a_wrong_file(wrong, command, tmp_path):
    more = ["--data", tmp_path / "data"] if command == "eval" else []
    (tmp_path / "data" / "0" / "x.npy").write_bytes(b"nothing")
    for path in wrong:
        status, text = call(command, path, *more)
        assert status == 2, (path, text)
        assert "Error: " in text
        assert "Traceback" not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", "MODEL", "--output", "FILE/below.program"],
        ["run", "MODEL", "--output", "FILE/below"],
        ["export-verilog", "ByteAligner", "--preset", "tiny", "--output", "FILE/below"],
    ],
)
def test_a_folder_that_cannot_be_written(tmp_path, arguments):
    (tmp_path / "file").write_text("")
    (tmp_path / "network.tflite").write_bytes(nn_graphs.network_file())
    known = {"MODEL": tmp_path / "network.tflite"}
    words = [
        str(known.get(word, word)).replace("FILE", str(tmp_path / "file")) for word in arguments
    ]
    status, text = call(*words)
    assert status == 2
    assert "cannot be used: Not a directory: name another file or folder" in text


def test_faults_of_macaws_own_are_not_hidden():
    @click.group(cls=ToldGroup)
    def group(): ...

    @group.command("fail")
    def fail():
        raise ValueError("a fault")

    result = CliRunner().invoke(group, ["fail"])
    assert isinstance(result.exception, ValueError)


def test_programs_as_json(tmp_path):
    (tmp_path / "network.tflite").write_bytes(nn_graphs.network_file())
    path = tmp_path / "network.program"
    arguments = [tmp_path / "network.tflite", "--config", "tiny", "--output", path]
    status, text = call("compile", *arguments)
    assert status == 0
    report = json.loads(call("compile", *arguments, "--json")[1])
    assert report["programs"] == [str(path)]
    assert list(report["host"]) == ["shares", "result"]
    for each in report["passes"]:
        assert each["result"] in text
        assert each["work"] in text
    listed = json.loads(call("disassemble", path, "--config", "tiny", "--json")[1])
    shown = call("disassemble", path, "--config", "tiny")[1]
    assert [each["part"] for each in listed] == ["prologue", "body"]
    instructions = [line for each in listed for line in each["instructions"]]
    assert [line[7:] for line in shown.splitlines() if line.startswith(" ")] == instructions


def test_doctor_as_json():
    status, text = call("doctor", "--json")
    assert (status, json.loads(text)["problems"]) == (0, [])


def test_proofs_as_json(monkeypatch):
    import macaw.prove

    def prove(chosen, *, report, console):
        console.print("a table")
        report(benchmark="prove", workload="SkidBuffer", metric="verdict", value="holds", unit="")
        return False

    monkeypatch.setattr(macaw.prove, "prove", prove)
    result = CliRunner().invoke(main, ["prove", "SkidBuffer", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.output[result.output.index("[") :])[0]["value"] == "holds"


def test_an_exported_block_as_json(tmp_path):
    arguments = ["export-verilog", "ByteAligner", "--preset", "tiny", "--output", tmp_path]
    status, text = call(*arguments, "--json")
    assert status == 0
    found = json.loads(text)
    assert Path(found["verilog"]).exists()
    assert json.loads(Path(found["interface"]).read_text())["block"] == "ByteAligner"


def test_spoilt_files_end_in_a_sentence(tmp_path):
    """Bytes changed at random, and files cut: refused, or computed, and never a traceback."""
    generator = np.random.default_rng(2026)
    contents = {
        "network.tflite": nn_graphs.network_file(),
        "digits.macaw": (ROOT / "examples" / "data" / "digits.macaw").read_bytes(),
        "digits.npz": (ROOT / "examples" / "data" / "digits_held_back.npz").read_bytes(),
    }
    statuses = Counter()
    for round_ in range(120):
        name = list(contents)[round_ % len(contents)]
        spoilt = bytearray(contents[name])
        for place in generator.integers(len(spoilt), size=generator.integers(1, 6)):
            spoilt[place] = generator.integers(256)
        if round_ % 5 == 0:
            spoilt = spoilt[: generator.integers(len(spoilt))]
        path = tmp_path / name
        path.write_bytes(spoilt)
        command = ["run", path, "--on", "machine", "--config", "tiny"]
        if name.endswith(".npz"):
            model = ROOT / "examples" / "data" / "digits.macaw"
            command = ["eval", model, "--data", path, "--arrays", "images,labels", "--limit", "1"]
        statuses[call(*command)[0]] += 1
    assert set(statuses) <= {0, 1, 2, 3}
    assert statuses[2] > 60
