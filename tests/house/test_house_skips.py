# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A skipped test is named at the end, and is a failure where everything is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
import pytest

def test_skipped():
    pytest.skip("no oracle")

@pytest.mark.skipif(True, reason="no models")
def test_marked():
    pass

@pytest.mark.xfail
def test_expected():
    raise ValueError

def test_passed():
    pass
"""


def run(folder, source, no_skips):
    """Pytest's exit status and output for a file of tests beside the conftest of this project."""
    shutil.copy(Path(__file__).parents[1] / "conftest.py", folder)
    (folder / "test_sample.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "MACAW_NO_SKIPS": no_skips}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize("no_skips", ["", "0"])
def test_skips_are_named(tmp_path, no_skips):
    status, output = run(tmp_path, SAMPLE, no_skips)
    assert status == 0
    assert "1 skipped: no models\n1 skipped: no oracle" in output
    assert "1 passed, 2 skipped, 1 xfailed" in output


def test_skips_are_failures(tmp_path):
    status, output = run(tmp_path, SAMPLE, "1")
    assert status == 1
    assert "MACAW_NO_SKIPS is set, but this was skipped: no oracle" in output
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in output


def test_optional_skip_is_no_failure(tmp_path):
    source = "import pytest\ndef test_one():\n    pytest.skip('optional: no second simulator')\n"
    status, output = run(tmp_path, source, "1")
    assert status == 0
    assert "1 skipped: optional: no second simulator" in output


def test_skipped_module_is_a_failure(tmp_path):
    source = "import pytest\npytest.skip('no library', allow_module_level=True)\n"
    assert run(tmp_path, source, "0")[0] == 5  # no test was run
    status, output = run(tmp_path, source, "1")
    assert status == 2
    assert "MACAW_NO_SKIPS is set, but this was skipped: no library" in output
