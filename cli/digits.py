# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A whole network on the machine's RTL: held-back digits, to the bit as PyTorch has them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from macaw.arch.machine import MachineConfig
from macaw.cli.differences import difference
from macaw.cli.execution import on_device, run_network
from macaw.cli.say import Record, print_table, report_table, say
from macaw.compiler.machine import Network, compile_network
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph, load
from macaw.sim.device import SimDevice

__all__ = ["DIGITS_DATA", "HeldBack", "digits", "held_back_digits"]

#: The folder of the network and the digits, which ``examples/digits.py`` writes.
DIGITS_DATA = Path(__file__).resolve().parents[1] / "examples" / "data"

_WAVES = Path("build/waves/digits")


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldBack:
    """Digits that the network has never seen: ``images``, uint8 [count, 1, 8, 8], their
    ``labels``, uint8 [count], and ``logits``, uint8 [count, 10], what PyTorch's quantised network
    gave for them."""

    images: np.ndarray
    labels: np.ndarray
    logits: np.ndarray


def held_back_digits(folder: Path) -> tuple[QuantizedGraph, HeldBack]:
    """The network and the digits.

    Raises ``OSError`` where they are not, and `macaw.nn.ModelError` for a damaged network.
    """
    graph = load(folder / "digits.macaw")
    with np.load(folder / "digits_held_back.npz") as arrays:
        return graph, HeldBack(**arrays)


def digits(
    machine: MachineConfig,
    *,
    waves: bool = False,
    count: int | None = None,
    console: Console | None = None,
    record: Record = lambda entry: None,
) -> bool:
    """Runs the network on the RTL of ``machine``, prints what was compared, and says whether
    everything is equal: every tensor of the first digit with the golden model, and the outputs
    for the first ``count`` digits, by default all, with PyTorch's.

    ``waves`` leaves a waveform of the first cycles; ``record`` is called with what was found. Where
    a package was installed without the files, it says so, and is True.

    Raises `macaw.sim.errors.SimulationError` where the simulator fails, and
    `macaw.host.device.DeviceError` where the machine stops.
    """
    console = console or Console(soft_wrap=True)
    try:
        graph, held_back = held_back_digits(DIGITS_DATA)
    except FileNotFoundError:
        say(console, "digits: skipped, for its files in examples/data are not here", "yellow")
        record({"workload": "digits", "skipped": "its files are not here"})
        return True
    machine = machine.with_modes(modes(graph, requantization))
    console.print(
        f"[bold]digits[/]: a whole network on the machine {machine.name} ({machine.digest}), "
        f"{graph.macs:,} multiplications a digit",
        highlight=False,
    )
    device = SimDevice(machine, progress=True, waves=_WAVES if waves else None)
    tensors = _layers(console, graph, device, held_back.images[0])
    network = compile_network(graph, machine, requantization, evaluate)
    expected, labels = held_back.logits[:count], held_back.labels[:count]
    found = _outputs(network, device, held_back.images[:count])
    sentence = difference(expected, found)
    verdict = sentence or f"{found.size:,} outputs of {len(found)} held-back digits, 0 mismatches"
    say(console, f"torch = RTL: {verdict}", "bold red" if sentence else None)
    by_rtl, by_torch = (_right(logits, labels) for logits in (found, expected))
    say(
        console,
        f"accuracy: {100 * by_rtl / len(labels):.2f} % by the RTL ({by_rtl} of {len(labels)}), "
        f"{100 * by_torch / len(labels):.2f} % by torch ({by_torch})",
    )
    assert device.last_run is not None
    cycles = device.last_run.programs[-1].cycles
    say(
        console,
        f"{cycles:,} cycles a digit, "
        f"{100 * graph.macs / (machine.core.array.multipliers * cycles):.1f} % of the multipliers' "
        f"peak, {device.last_run.cycles_per_second:,.0f} cycles a second simulated",
    )
    record(
        {
            "workload": "digits",
            "tensors": tensors,
            "compared": "torch = RTL",
            "values": found.size,
            "difference": sentence,
            "digits": len(labels),
            "recognised": {"rtl": by_rtl, "torch": by_torch},
            "cycles": cycles,
            "utilisation": graph.macs / (machine.core.array.multipliers * cycles),
        }
    )
    equal = not sentence and not any(tensors.values())
    if equal:
        console.print("All tensors are equal.", style="bold green")
    return equal


def _right(logits: np.ndarray, labels: np.ndarray) -> int:
    """How many digits are recognised."""
    return int(np.count_nonzero(logits.argmax(axis=1) == labels))


def _layers(
    console: Console, graph: QuantizedGraph, device: SimDevice, image: np.ndarray
) -> dict[str, str]:
    """Prints a table of what each operator makes of a digit; by its name what a tensor differs
    in, empty for those that are equal."""
    expected = run(graph, [image[np.newaxis]], all_tensors=True)
    kept = compile_network(graph, device.config, requantization, evaluate, keep=True)
    [found] = run_network(kept, [{graph.inputs[0]: image[np.newaxis]}], on_device(device))
    on_host = {name for each in kept.segments if each.program is None
               for operator in each.operators for name in operator.outputs}  # fmt: skip
    headings = ("", "operator", "result", "shape", "values", "mismatches")
    table = report_table(headings, right=("values", "mismatches"))
    sentences = {}
    for operator in graph.operators:
        for name in operator.outputs:
            values = expected[name]
            sentences[name] = difference(values, found[name])
            table.add_row(
                "",
                type(operator).__name__,
                name,
                "x".join(map(str, values.shape[1:])),
                f"{values.size:,}",
                "host" if name in on_host else "[bold red]different" if sentences[name] else "0",
            )
    print_table(console, table)
    for name, sentence in sentences.items():
        if sentence:
            say(console, f"{name!r}: {sentence}", "bold red")
    return sentences


def _outputs(network: Network, device: SimDevice, images: np.ndarray) -> np.ndarray:
    """The network's output for each image."""
    graph = network.graph
    inferences = [{graph.inputs[0]: image[np.newaxis]} for image in images]
    found = run_network(network, inferences, on_device(device))
    return np.concatenate([tensors[graph.outputs[0]] for tensors in found])
