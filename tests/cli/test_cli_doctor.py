# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor names what a system lacks, in one sentence each, with the package to install."""

import platform
import re
import sys
import sysconfig

import pytest

from macaw.cli import doctor

SENTENCE = r"{} \(Debian: apt install {}; Fedora: dnf install {}; macOS: .+\)\."


def says(sentence, what, debian, fedora):
    return re.fullmatch(SENTENCE.format(what, debian, fedora), sentence)


def executable(path, script="exit 0"):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_nothing_is_missing_here(capsys):
    assert doctor.problems() == []
    assert doctor.main([]) == 0
    assert platform.python_version() in capsys.readouterr().out
    assert doctor.main(["--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 6, 15), (2, 7, 18)])
def test_old_python(version):
    found = ".".join(map(str, version))
    what = rf"Python 3\.11 or newer is needed, not {re.escape(found)}: .*PYTHON="
    assert says(doctor.python_problem(version), what, r"python3\.11", r"python3\.11")


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 1), (4, 0, 0)])
def test_new_python(version):
    assert doctor.python_problem(version) is None


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_no_venv(monkeypatch, module):
    find_spec = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name == module else find_spec(name)
    )
    what = "Python's modules venv and ensurepip are missing"
    assert says(doctor.venv_problem(), what, "python3-venv", "python3")


@pytest.mark.parametrize("name", ["libpython3.99.so.1.0", "libpython3.99.a", None])
def test_no_shared_library(monkeypatch, name):
    monkeypatch.setattr(
        sysconfig, "get_config_var", lambda key: name if key in ("INSTSONAME", "LDLIBRARY") else ""
    )
    version = rf"{sys.version_info[0]}\.{sys.version_info[1]}"
    what = "Python's shared library is missing, .*--enable-shared"
    assert says(doctor.library_problem(), what, f"libpython{version}", "python3-libs")


def test_no_compiler_and_no_make(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    what = r"A C\+\+ compiler is missing"
    assert says(doctor.compiler_problem(), what, r"g\+\+", r"gcc-c\+\+")
    assert says(doctor.make_problem(), "The program make is missing", "make", "make")
    assert len(doctor.problems()) == 2


def test_icarus_is_optional(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(doctor, "problems", lambda environment: [])
    monkeypatch.setenv("PATH", str(tmp_path))
    [sentence] = doctor.optional_remarks()
    what = "Optional: Icarus Verilog, a second simulator for the benches of blocks, is missing"
    assert says(sentence, what, "iverilog", "iverilog")
    assert doctor.main([]) == 0
    assert sentence in capsys.readouterr().out
    assert doctor.main(["--quiet"]) == 0
    assert capsys.readouterr().out == ""
    for name in ("iverilog", "vvp"):
        executable(tmp_path / name)
    assert doctor.optional_remarks() == []


def test_compiler_that_cannot_compile(monkeypatch, tmp_path):
    executable(tmp_path / "clang++", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    what = r"The C\+\+ compiler .*/clang\+\+ cannot build a small program"
    assert says(doctor.compiler_problem(), what, r"g\+\+", r"gcc-c\+\+")


def test_environment_of_another_python(tmp_path):
    assert doctor.environment_problem(str(tmp_path)) is None
    configuration = tmp_path / "pyvenv.cfg"
    configuration.write_text(f"home = somewhere\nversion = {platform.python_version()}\n")
    assert doctor.environment_problem(str(tmp_path)) is None
    configuration.write_text("home = somewhere\nversion = 3.11.99\n")
    sentence = doctor.environment_problem(str(tmp_path))
    assert sentence.startswith(f"The environment {tmp_path} holds Python 3.11.99, not ")
    assert doctor.problems(str(tmp_path)) == [sentence]


def test_problems_are_printed(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.main(["--quiet"]) == 1
    streams = capsys.readouterr()
    assert streams.out == ""
    assert len(streams.err.splitlines()) == 2
