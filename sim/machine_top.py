# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The top module that puts a machine beside its memory in the simulator."""

from collections.abc import Iterable

from amaranth.hdl import Shape

from macaw.arch.instructions import WAIT_BITS, Opcode
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.memory_port import read_layout, write_layout
from macaw.sim.packing import word_bytes
from macaw.sim.scalars import chunk_bytes, clock_connections, connections_of, layout
from macaw.sim.streams_top import TOPLEVEL
from macaw.sim.verilog import MODULE, Verilog

__all__ = ["FAULT_RECORD", "RECORDS", "STREAMS", "machine_top"]

#: The streams between machine and memory; the memory's records in the status file are theirs.
STREAMS = ("memory__read", "memory__words", "memory__write")

#: The record of the fault that ended a run, behind those of the control and of the streams.
FAULT_RECORD = 1 + len(STREAMS)

#: Records of the status file.
RECORDS = FAULT_RECORD + 1

_INPUTS = ("start", "program")
_OUTPUTS = ("busy", "error", "error_index", "counters")


def machine_top(verilog: Verilog, config: MachineConfig, *, traced: bool = False) -> str:
    """The Verilog of module `TOPLEVEL`: the machine, a ``memory_model``, a ``machine_control``,
    and, where the machine is ``traced``, a ``machine_trace``, which looks into it.

    Raises ``ValueError`` for a component that has not the members of a machine of ``config``.
    """
    ports_in, ports_out = layout(verilog)
    _same("streams", sorted(verilog.streams), STREAMS)
    _same("inputs", sorted(port.name for port in ports_in), _INPUTS)
    widths = {port.name: port.width for port in ports_in}
    widths |= {name: stream.width for name, stream in verilog.streams.items()}
    for name, width in _widths(config).items():
        if widths[name] != width:
            raise ValueError(
                f"a machine of {config.name} must have a {name} of {width} bits, not {widths[name]}"
            )
    names = [port.name for port in ports_out]
    _same("outputs", sorted({*names} & {*_OUTPUTS}), _OUTPUTS)
    ends = {}
    column = 0
    for port in ports_out:
        ends[port.name] = f"outputs[{8 * column}+:{port.width}]"
        column += word_bytes(port.shape)
    connections = [
        *clock_connections(verilog),
        *connections_of(ports_out, "outputs"),
        "    .start(start)",
        "    .\\program (entry)",
    ]
    lines = []
    for name, stream in verilog.streams.items():
        short = name.removeprefix("memory__")
        lines.append(f"  wire [{stream.width - 1}:0] {short}_payload;")
        lines.append(f"  wire {short}_valid, {short}_ready;")
        connections += [
            f"    .\\{port} ({short}_{what})"
            for port, what in (
                (stream.payload, "payload"), (stream.valid, "valid"), (stream.ready, "ready")
            )
        ]  # fmt: skip
    slices = [
        f"    .{short}_{name}({short}_payload[{field.offset}+:{field.width}])"
        for short, form in (("read", read_layout(config)), ("write", write_layout(config)))
        for name, field in form
    ]
    slices += [
        f"    .{short}_{what}({short}_{what})"
        for short in ("read", "words", "write")
        for what in ("valid", "ready")
    ]
    count_bits = read_layout(config)["count"].width
    output_bytes = chunk_bytes(ports_out)
    body = "\n".join(lines)
    slices_text = ",\n".join(slices)
    ports_text = ",\n".join(connections)
    return f"""
module {TOPLEVEL} (input clk, output done);
  wire rst, start, stop, ended, transfer, pending, fault;
  wire [63:0] cycle;
  wire [{config.address_bits - 1}:0] entry;
  wire [{8 * output_bytes - 1}:0] outputs;
{body}
  memory_model #(
    .ADDRESS_BITS({config.address_bits}), .COUNT_BITS({count_bits}),
    .WORD_BYTES({config.word_bytes}), .INDEX(1)
  ) memory (
    .clk(clk), .rst(rst), .cycle(cycle), .stop(stop), .words_payload(words_payload),
    .transfer(transfer), .pending(pending), .fault(fault),
{slices_text}
  );
  machine_control #(
    .ADDRESS_BITS({config.address_bits}), .OUTPUT_BYTES({output_bytes})
  ) control (
    .clk(clk), .busy({ends["busy"]}), .error(|{ends["error"]}), .transfer(transfer),
    .pending(pending), .fault(fault), .outputs(outputs), .rst(rst), .cycle(cycle),
    .start(start), .entry(entry), .stop(stop), .ended(ended), .done(done)
  );
{_trace() if traced else ""}  {MODULE} {MODULE} (
{ports_text}
  );
endmodule
"""


def _trace() -> str:
    """The trace of ``macaw.hw.machine.Accelerator``, by the names of its parts."""
    queues = [f"{MODULE}.{engine}_queue" for engine in reversed(Engine)]
    compute = f"{MODULE}.compute"
    values = {
        "cycle": "cycle",
        "start": "start",
        "ended": "ended",
        "running": _joined(f"{queue}.running" for queue in queues),
        "completed": _joined(f"{queue}.completed" for queue in queues),
        "convolves": f"{compute}.core_busy",
        "evaluates": f"{compute}.core.reader.evaluation[0]",
        "copies": f"{compute}.opcode == {Opcode.COPY.value} & {compute}.count != 0",
        "results": f"{compute}.o__valid",
        "full": f"~{compute}.o__ready",
        "starved": f"{compute}.i__ready & ~{compute}.i__valid",
        "arrives": f"{compute}.i__ready & {compute}.i__valid",
    }
    ports = ",\n".join(f"    .{name}({value})" for name, value in values.items())
    parameters = (
        f".ENGINES({len(Engine)}), .COMPUTE({[*Engine].index(Engine.COMPUTE)}), "
        f".COUNT_BITS({WAIT_BITS})"
    )
    return f"  machine_trace #({parameters}) trace (\n    .clk(clk),\n{ports}\n  );\n"


def _joined(counts: Iterable[str]) -> str:
    """Counts side by side, each as wide as the widest may be."""
    return "{" + ", ".join(f"{WAIT_BITS}'({count})" for count in counts) + "}"


def _widths(config: MachineConfig) -> dict[str, int]:
    """The bits of the machine's ports that depend on the configuration."""
    read, write = (Shape.cast(form(config)).width for form in (read_layout, write_layout))
    payloads = (read, 8 * config.word_bytes, write)
    return {"program": config.address_bits, **dict(zip(STREAMS, payloads, strict=True))}


def _same(what: str, there: list[str], wanted: tuple[str, ...]) -> None:
    if there != sorted(wanted):
        raise ValueError(
            f"a machine must have the {what} {', '.join(wanted)}, not {', '.join(there) or 'none'}"
        )
