# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``macaw``."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from macaw.arch import PRESETS, Mode, preset
from macaw.arch.changes import changed
from macaw.arch.container import Program, ProgramError
from macaw.arch.machines import MACHINES, machine_preset
from macaw.cli import doctor
from macaw.nn.graph import QuantizedGraph, Semantics

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="macaw")
def main() -> None:
    """Bit-exact int8 CNNs on open FPGAs."""


@main.command()
@click.option(
    "--preset", "name", type=click.Choice(tuple(PRESETS)), default="ecp5_85f", show_default=True,
    help="Configuration of the core.",
)  # fmt: skip
@click.option("--oracle", type=click.Choice(("torch",)), help="Compare with this framework too.")
@click.option("--waves", is_flag=True, help="Leave a waveform file, and say where.")
def sim(name: str, oracle: str | None, waves: bool) -> None:
    """Run convolutions of real networks, and a whole network, on the RTL and compare every bit.

    The exit status is 1 if a single output differs.
    """
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.digits import digits
    from macaw.cli.first_light import first_light
    from macaw.host.device import DeviceError
    from macaw.sim.errors import SimulationError

    try:
        equal = first_light(preset(name), oracle=oracle, waves=waves)
        if name not in MACHINES:
            click.echo(
                f"digits: skipped, for it needs a machine: {', '.join(MACHINES)}, not {name}"
            )
        elif equal:
            equal = digits(machine_preset(name), waves=waves)
    except (SimulationError, DeviceError) as error:
        raise click.ClickException(str(error)) from error
    if not equal:
        sys.exit(1)


_SEMANTICS = [str(Semantics.TFLITE), str(Semantics.LITERT)]
_ENGINES = ["qnnpack", "fbgemm", "onednn", "x86"]
_MEMORIES = ["ideal", "wide", "board"]
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@main.command("verify")
@click.argument("model", type=_FILE)
@click.option("--config", "name", type=click.Choice(tuple(PRESETS)), default="ecp5_85f",
              show_default=True, help="Configuration of the core.")  # fmt: skip
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE",
              help="Change a field, for example array.lanes=8; any number of times.")  # fmt: skip
@click.option("--input", "inputs", multiple=True, type=_FILE,
              help="A .npy file for each input; by default drawn from the seed.")  # fmt: skip
@click.option("--expected", multiple=True, type=_FILE,
              help="A .npy file for each output; by default the live runtime says.")  # fmt: skip
@click.option("--rungs",
              help="What to compare, by default golden,machine,rtl: golden with the runtime, the "
                   "machine in Python and the RTL with golden.")  # fmt: skip
@click.option("--by-layer", is_flag=True,
              help="Simulate each layer alone, on the core; the default where the configuration "
                   "has no machine, and with --layers and --crop.")  # fmt: skip
@click.option("--memory", type=click.Choice(_MEMORIES), default="wide", show_default=True,
              help="The memory beside the machine.")  # fmt: skip
@click.option("--semantics", type=click.Choice(_SEMANTICS),
              help="Whose bits a TensorFlow Lite file has; tflite by default.")  # fmt: skip
@click.option("--engine", type=click.Choice(_ENGINES),
              help="The engine that a file of PyTorch is for.")  # fmt: skip
@click.option("--layers", type=click.IntRange(0), help="Simulate so many layers at most.")
@click.option("--crop", type=click.IntRange(1), metavar="ROWS",
              help="Simulate the first rows of each layer only.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True,
              help="Seed of the inputs.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def verify_command(
    model: Path,
    name: str,
    changes: tuple[str, ...],
    inputs: tuple[Path, ...],
    expected: tuple[Path, ...],
    rungs: str | None,
    by_layer: bool,
    memory: str,
    semantics: str | None,
    engine: str | None,
    layers: int | None,
    crop: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compare MODEL's runtime, the golden model and the RTL with each other, bit by bit.

    The exit status is 0 if everything that was asked for ran and is equal, 1 if a value differs,
    2 if the model or a layer is refused, 3 if there was nothing to compare with.
    """
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.model_report import Outcome
    from macaw.cli.verify import Rung, verify_model
    from macaw.nn import ModelError
    from macaw.sim.errors import SimulationError

    try:
        config = changed(preset(name), _pairs(changes))
        machine = None
        if name in MACHINES:
            machine = machine_preset(name)
            core = changed(machine.core, _pairs(changes))
            machine = replace(machine, name=core.name, core=core)
        by_layer = by_layer or machine is None or layers is not None or crop is not None
        usual = [Rung.GOLDEN, Rung.RTL] if machine is None else [*Rung]
        chosen = [Rung(rung.strip()) for rung in rungs.split(",")] if rungs else usual
        if Rung.MACHINE in chosen and machine is None:
            raise ValueError(f"rung machine needs one of {', '.join(MACHINES)}, not {name}")
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        report = verify_model(
            model,
            config=config,
            machine=machine,
            by_layer=by_layer,
            memory=memory,
            inputs=inputs,
            expected=expected,
            rungs=chosen,
            semantics=Semantics(semantics) if semantics else None,
            engine=engine,
            layers=layers,
            rows=crop,
            seed=seed,
            console=Console(soft_wrap=True, stderr=as_json),
        )
    except ModelError as error:
        click.echo(f"{model}: {error}", err=True)
        sys.exit(Outcome.REFUSED)
    except SimulationError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
    sys.exit(report.outcome)


@main.command("inspect")
@click.argument("model", type=_FILE)
@click.option("--semantics", type=click.Choice(_SEMANTICS),
              help="Whose bits a TensorFlow Lite file has; tflite by default.")  # fmt: skip
@click.option("--engine", type=click.Choice(_ENGINES),
              help="The engine that a file of PyTorch is for.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def inspect_command(model: Path, semantics: str | None, engine: str | None, as_json: bool) -> None:
    """Show what MODEL holds: operators, shapes, scales, multiplications, bytes."""
    from macaw.cli.inspection import inspected, print_inspection

    graph = _load(model, semantics, engine)
    if as_json:
        click.echo(json.dumps(inspected(graph), indent=2))
    else:
        print_inspection(Console(soft_wrap=True), graph)


@main.command("compile")
@click.argument("model", type=_FILE)
@click.option("--config", "name", type=click.Choice(tuple(MACHINES)), default="ecp5_85f",
              show_default=True, help="The machine.")  # fmt: skip
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path),
              help="The program's file; by default the model's name with .program.")  # fmt: skip
@click.option("--semantics", type=click.Choice(_SEMANTICS),
              help="Whose bits a TensorFlow Lite file has; tflite by default.")  # fmt: skip
@click.option("--engine", type=click.Choice(_ENGINES),
              help="The engine that a file of PyTorch is for.")  # fmt: skip
def compile_command(
    model: Path, name: str, output: Path | None, semantics: str | None, engine: str | None
) -> None:
    """Compile MODEL to a program of the machine, and show its passes.

    What the machine does not do is the host's, between two programs: then there is a file for
    each.
    """
    from macaw.cli.programs import compile_graph, print_network_passes, write_programs

    network = compile_graph(_load(model, semantics, engine), machine_preset(name))
    print_network_passes(Console(soft_wrap=True), network)
    for refusal in network.refusals.values():
        click.echo(f"host: {refusal}")
    for path in write_programs(network, output or Path(f"{model.stem}.program")):
        click.echo(f"{path}: for the machine {network.config.name} ({network.config.digest})")


@main.command("disassemble")
@click.argument("program", type=_FILE)
@click.option("--config", "name", type=click.Choice(tuple(MACHINES)), default="ecp5_85f",
              show_default=True, help="The machine.")  # fmt: skip
@click.option("--mode", "modes", multiple=True, type=click.Choice(tuple(map(str, Mode))),
              help="A mode that the program was compiled for, beside the machine's.")  # fmt: skip
def disassemble_command(program: Path, name: str, modes: tuple[str, ...]) -> None:
    """Show the instructions of PROGRAM."""
    from macaw.cli.programs import disassembled

    machine = machine_preset(name)
    core = machine.core.with_modes(Mode(mode) for mode in modes)
    try:
        click.echo(disassembled(Program.load(program), replace(machine, core=core)))
    except ProgramError as error:
        raise click.ClickException(str(error)) from error


def _load(model: Path, semantics: str | None, engine: str | None) -> QuantizedGraph:
    """The graph of a model file; a refusal ends the command with status 2."""
    from macaw.nn import ModelError, load

    try:
        return load(model, semantics=Semantics(semantics) if semantics else None, engine=engine)
    except ModelError as error:
        click.echo(f"{model}: {error}", err=True)
        sys.exit(2)


@main.command()
@click.argument("components", nargs=-1)
@click.option("--fast", is_flag=True, help="The first property of each only.")
def prove(components: tuple[str, ...], fast: bool) -> None:
    """Prove what the hardware promises, for COMPONENTS or all of them.

    Each check has to refute a mutant as well. The exit status is 1 if a property is not proved
    or a mutant not refuted.
    """
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.flow.tools import ToolMissingError
    from macaw.prove import choose
    from macaw.prove import prove as prove_all

    try:
        chosen = choose(components, fast=fast)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        good = prove_all(chosen)
    except ToolMissingError as error:
        raise click.ClickException(str(error)) from error
    if not good:
        sys.exit(1)


def _pairs(changes: tuple[str, ...]) -> dict[str, str]:
    """The fields and values of ``--set``."""
    pairs = {}
    for change in changes:
        field, equals, value = change.partition("=")
        if not equals:
            raise click.UsageError(f"--set must be FIELD=VALUE, not {change!r}")
        pairs[field] = value
    return pairs


@main.command("bitstream")
@click.argument("board_name", metavar="BOARD")
@click.option("--preset", "name", type=click.Choice(tuple(PRESETS)),
              help="Configuration of the core; by default one for the board.")  # fmt: skip
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE",
              help="Change a field, for example array.lanes=8; any number of times.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, (1 << 31) - 1),
              help="Seed of the placement; by default one for the board.")  # fmt: skip
def bitstream_command(
    board_name: str, name: str | None, changes: tuple[str, ...], seed: int | None
) -> None:
    """Build a self-test of the core for BOARD, as a bitstream.

    The exit status is 1 if it does not fit or is too slow; there is no bitstream then.
    """
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.cli.bitstream import bitstream
    from macaw.flow.tools import ToolError, ToolMissingError
    from macaw.hw.boards import board

    try:
        chosen = board(board_name)
        own = {} if name else dict(chosen.changes)
        config = changed(preset(name or chosen.preset), own | _pairs(changes))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        bitstream(chosen, config, seed=chosen.seed if seed is None else seed)
    except (ValueError, ImportError, ToolError, ToolMissingError) as error:
        raise click.ClickException(str(error)) from error


@main.command("export-verilog")
@click.argument("block", default="Conv2dCore")
@click.option("--preset", "name", type=click.Choice(tuple(PRESETS)), default="ecp5_85f",
              show_default=True, help="Configuration to start from.")  # fmt: skip
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE",
              help="Change a field, for example array.lanes=8; any number of times.")  # fmt: skip
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("build/verilog"),
    show_default=True, help="Folder to write to.",
)  # fmt: skip
def export(block: str, name: str, changes: tuple[str, ...], output: Path) -> None:
    """Write BLOCK, by default the whole core, as one Verilog file with a JSON file of its
    interface."""
    # Imported here, for it brings Amaranth and the hardware.
    from macaw.flow.export import export_verilog

    try:
        paths = export_verilog(block, changed(preset(name), _pairs(changes)), output)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for path in paths:
        click.echo(path)


@main.command("doctor")
def examine() -> None:
    """Check that the system has what simulations and builds need."""
    sys.exit(doctor.main([]))
