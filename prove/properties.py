# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a property is, and how it and its mutant are decided."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from macaw.arch.config import AcceleratorConfig
from macaw.prove.harness import Harness
from macaw.prove.solver import Answer, Method, Verdict, solve

__all__ = ["Property", "Result", "decide", "stated"]

_BUILD = Path("build/prove")


@dataclass(frozen=True, kw_only=True)
class Property:
    """A statement about a component, and how it is decided.

    ``statement`` is one sentence without a full stop. ``harness(mutant)`` builds the component
    with its environment and its check; with ``mutant`` true, a fault is put in that the check
    has to find. ``config`` is the configuration that the component is built for, or None where it
    has none; ``size`` says what was made small. ``reaches`` turns the question round: the check
    *must* fail, since it denies that a state can be reached.
    """

    component: str
    name: str
    statement: str
    method: Method
    harness: Callable[[bool], Harness]
    config: AcceleratorConfig | None = None
    size: str = ""
    reaches: bool = False

    @property
    def built_for(self) -> str:
        """The configuration's name and what was made small."""
        names = [self.config.name] if self.config else []
        return ", ".join([*names, *filter(None, [self.size])])

    @property
    def how(self) -> str:
        """The method; ``reached`` for what a search has to find."""
        return "reached" if self.reaches else str(self.method)


def stated(
    component: str,
    name: str,
    statement: str,
    harness: Callable[[bool], Harness],
    size: str = "",
    *,
    method: Method = Method.PROOF,
    config: AcceleratorConfig | None = None,
    reaches: bool = False,
) -> Property:
    """A `Property` as the tables of this package write it: a proof, unless said otherwise."""
    return Property(
        component=component,
        name=name,
        statement=statement,
        method=method,
        harness=harness,
        config=config,
        size=size,
        reaches=reaches,
    )


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a property and of its mutant."""

    of: Property
    answer: Answer
    mutant: Answer

    @property
    def good(self) -> bool:
        """The property holds, and its check finds the mutant."""
        return self.answer.verdict is Verdict.HOLDS and self.mutant.verdict is Verdict.FAILS


def decide(property_: Property, *, build: Path = _BUILD, limit: int = 600) -> Result:
    """Decides a property and its mutant, in ``limit`` seconds each; what the tools write is left
    in ``build``.

    Raises what `macaw.prove.solver.solve` raises.
    """
    answers = []
    for mutant in (False, True):
        words = f"{property_.component} {property_.name} {'mutant' * mutant}"
        folder = build / re.sub(r"\W+", "-", words).strip("-").lower()
        answers.append(_answer(property_, mutant, folder, limit))
    return Result(of=property_, answer=answers[0], mutant=answers[1])


def _answer(property_: Property, mutant: bool, folder: Path, limit: int) -> Answer:
    design = property_.harness(mutant).design(reset=property_.method is not Method.FUNCTION)
    answer = solve(design, property_.method, folder, limit=limit)
    if not property_.reaches or answer.verdict is Verdict.OPEN:
        return answer
    turned = Verdict.FAILS if answer.verdict is Verdict.HOLDS else Verdict.HOLDS
    return Answer(verdict=turned, seconds=answer.seconds)
