# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel holds the packages with their data, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import PurePosixPath

import pytest
from house_tree import NOT_PACKAGED, ROOT, files


@pytest.mark.full
def test_wheel(tmp_path):
    # A copy, for the build leaves folders beside pyproject.toml.
    source = tmp_path / "source"
    for path in files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, source / path)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", str(source)]
    subprocess.run([*command, "--wheel-dir", str(tmp_path)], check=True)
    (wheel,) = tmp_path.glob("macaw-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {PurePosixPath(name) for name in archive.namelist()}
    packaged = {
        "macaw" / PurePosixPath(path)
        for path in files()
        if len(path.parts) > 1
        and path.parts[0] not in NOT_PACKAGED
        and not path.parts[0].startswith(".")
    }
    assert {name for name in names if ".dist-info" not in name.parts[0]} == packaged
    assert any(name.name == "LICENSE" for name in names)
