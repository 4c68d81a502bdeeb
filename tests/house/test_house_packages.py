# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""pyproject.toml names what there is, and bounds what it depends on."""

import re

import pytest
from house_tree import NOT_PACKAGED, ROOT, files, project

_BOUND = re.compile(r"(==|<|>=)[\d.]+")


def listed_folders():
    """The folders of the packages that pyproject.toml lists, by import name."""
    setuptools = project()["tool"]["setuptools"]
    assert sorted(setuptools["packages"]) == sorted(setuptools["package-dir"])
    return setuptools["package-dir"]


def test_every_package_is_listed():
    folders = {
        path.parent.as_posix()
        for path in files()
        if path.name == "__init__.py" and path.parts[0] not in NOT_PACKAGED
    }
    assert listed_folders() == {f"macaw.{each.replace('/', '.')}": each for each in folders}


def test_every_module_is_in_a_package():
    folders = set(listed_folders().values())
    strays = [
        path
        for path in files()
        if path.suffix == ".py"
        and path.parts[0] not in NOT_PACKAGED
        and path.parent.as_posix() not in folders
    ]
    assert strays == []


def test_packages_carry_their_data():
    """Files beside the modules are part of the wheel."""
    data = project()["tool"]["setuptools"]["package-data"]
    carried = {
        path.relative_to(ROOT)
        for package, patterns in data.items()
        for pattern in patterns
        for path in (ROOT / listed_folders()[package]).glob(pattern)
    }
    tops = {folder.split("/")[0] for folder in listed_folders().values()}
    beside = {path for path in files() if path.parts[0] in tops and path.suffix != ".py"}
    assert beside == carried


def dependencies():
    """Each requirement of pyproject.toml."""
    found = list(project()["project"]["dependencies"])
    for requirements in project()["project"]["optional-dependencies"].values():
        found += requirements
    return [each for each in found if not each.startswith("macaw[")]


@pytest.mark.parametrize("requirement", dependencies())
def test_dependency_is_bounded_and_explained(requirement):
    assert _BOUND.search(requirement), f"{requirement} must have a bound"
    source = (ROOT / "pyproject.toml").read_text()
    line = next(line for line in source.splitlines() if f'"{requirement}"' in line)
    assert re.search(r"# \S+ \S+", line), f"{requirement} must have a reason"


def test_extra_all_has_them_all():
    extras = project()["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    names = everything.removeprefix("macaw[").removesuffix("]").split(",")
    assert sorted(names) == sorted(set(extras) - {"all"})
