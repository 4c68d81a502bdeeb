# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine's RTL in the simulator as a device that runs programs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from macaw.arch.checks import instance
from macaw.arch.container import Program
from macaw.arch.machine import COUNTERS, Error, MachineConfig
from macaw.host.device import stopped
from macaw.host.tensors import check_inputs, pack_tensor, tensor_words, unpack_tensor
from macaw.sim.machine import MachineRun, run_machine
from macaw.sim.machine_files import Job, Patch
from macaw.sim.memory_model import MEMORY_MODELS, MemoryModel

__all__ = ["SimDevice"]


class SimDevice:
    """A `macaw.host.Device` of ``config`` whose memory outside answers as ``model`` says;
    ``options`` are those of `macaw.sim.machine.run_machine`.

    Each `run` begins with a reset, with random words in memory behind the program, and with the
    program's prologue. `run_all` does so once for many inferences.
    """

    def __init__(
        self, config: MachineConfig, *, model: MemoryModel = MEMORY_MODELS["ideal"], **options: Any
    ):
        self._config = instance("config", config, MachineConfig)
        self._model = instance("model", model, MemoryModel)
        self._options = options
        self._program: Program | None = None
        self._last: MachineRun | None = None

    @property
    def config(self) -> MachineConfig:
        """What the machine is made as."""
        return self._config

    @property
    def counters(self) -> dict[str, int]:
        """What the machine counted in the last inference; zeros before the first."""
        return dict.fromkeys(COUNTERS, 0) if self._last is None else self._last.counters

    @property
    def last_run(self) -> MachineRun | None:
        """The last simulation, a program for the prologue and for each inference; ``None`` before
        the first."""
        return self._last

    def load(self, program: Program) -> None:
        """Makes ``program`` the one that runs; `macaw.arch.container.ProgramError` for one that is
        not for this machine."""
        instance("program", program, Program).check(self._config)
        self._program = program

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One inference, as `macaw.host.Device.run` has it; raises besides what
        `macaw.sim.machine.run_machine` does."""
        return self.run_all([inputs])[0]

    def run_all(self, inputs: Sequence[Mapping[str, np.ndarray]]) -> list[dict[str, np.ndarray]]:
        """Inferences one after the other on one machine: after a single prologue, and without a
        reset between them. Raises what `run` does."""
        program = self._program
        if program is None:
            raise ValueError("device must have a program, not none: load one first")
        jobs = [self._inference(program, each) for each in inputs]
        if not jobs:
            return []
        first = [] if program.prologue is None else [Job(program=program.prologue)]
        self._last = run = run_machine(
            self._config, self._memory(program), [*first, *jobs], model=self._model, **self._options
        )
        if run.error != Error.DONE:
            start = [*first, *jobs][len(run.programs) - 1].program
            memory = run.memory.tobytes()
            raise stopped(self._config, program.name, memory, start, run.error, run.error_index)
        return [
            {
                place.name: unpack_tensor(self._config, place, words)
                for place, words in zip(program.outputs, each.captures, strict=True)
            }
            for each in run.programs[len(first) :]
        ]

    def _inference(self, program: Program, inputs: Mapping[str, np.ndarray]) -> Job:
        check_inputs(program.inputs, inputs)
        return Job(
            program=program.body,
            patches=tuple(
                Patch(
                    address=place.address,
                    words=pack_tensor(self._config, place, inputs[place.name]),
                )
                for place in program.inputs
            ),
            captures=tuple(
                (place.address, tensor_words(self._config, place)) for place in program.outputs
            ),
        )

    def _memory(self, program: Program) -> np.ndarray:
        generator = np.random.default_rng(self._options.get("seed", 1))
        size = max(program.memory_words, self._config.words(len(program.image)))
        memory = generator.integers(0, 256, size * self._config.word_bytes, np.uint8)
        memory[: len(program.image)] = np.frombuffer(program.image, np.uint8)
        return memory.reshape(size, self._config.word_bytes)
