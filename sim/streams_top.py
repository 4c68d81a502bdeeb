# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The top module that puts a component between sources and sinks in the simulator."""

from macaw.sim.scalars import chunk_bytes, clock_connections, connections_of, layout
from macaw.sim.verilog import MODULE, Verilog

__all__ = ["TOPLEVEL", "streams_top"]

#: The name of the module that `streams_top` writes.
TOPLEVEL = "bench"


def streams_top(verilog: Verilog) -> str:
    """The Verilog of module `TOPLEVEL`: a ``stream_source`` for every input stream, a
    ``stream_sink`` for every output stream, and a ``stream_control``."""
    ports_in, ports_out = layout(verilog)
    streams = list(verilog.streams.values())
    source_count = max(1, sum(not stream.output for stream in streams))
    sink_count = max(1, sum(stream.output for stream in streams))
    connections = [
        *clock_connections(verilog),
        *connections_of(ports_in, "inputs"),
        *connections_of(ports_out, "outputs"),
    ]
    lines = []
    places = {False: 0, True: 0}
    for index, stream in enumerate(streams):
        place = places[stream.output]
        places[stream.output] += 1
        wires = [f"{what}_{index}" for what in ("payload", "valid", "ready")]
        lines.append(f"  wire [{stream.width - 1}:0] {wires[0]};")
        lines.append(f"  wire {wires[1]}, {wires[2]};")
        for port, wire in zip((stream.payload, stream.valid, stream.ready), wires, strict=True):
            connections.append(f"    .\\{port} ({wire})")
        module = "stream_sink" if stream.output else "stream_source"
        own = (
            f".finished(finished[{place}]), .transfer(received[{place}])"
            if stream.output
            else f".enable(enabled[{place}]), .exhausted(exhausted[{place}]),"
            f" .transfer(sent[{place}])"
        )
        if not stream.output:
            mask = f"after_{place}"
            lines += [
                f"  bit [{source_count - 1}:0] {mask};",
                f'  initial if ($value$plusargs("{stream.name}.after=%d", {mask}) == 0)',
                '    $fatal(1, "no after of a source");',
                f"  assign enabled[{place}] = (exhausted & {mask}) == {mask};",
            ]
        lines.append(
            f'  {module} #(.WIDTH({stream.width}), .INDEX({index + 1}), .NAME("{stream.name}"))'
            f" stream_{index} (.clk(clk), .rst(rst), .cycle(cycle), .stop(stop),"
            f" .payload({wires[0]}), .valid({wires[1]}), .ready({wires[2]}), {own});"
        )
    if not places[False]:
        lines.append("  assign exhausted = 1'b1, sent = 1'b0;")
    if not places[True]:
        lines.append("  assign finished = 1'b1, received = 1'b0;")
    input_bytes, output_bytes = chunk_bytes(ports_in), chunk_bytes(ports_out)
    body = "\n".join(lines)
    ports_text = ",\n".join(connections)
    return f"""
module {TOPLEVEL} (input clk, output done);
  wire rst, stop;
  wire [63:0] cycle;
  wire [{8 * input_bytes - 1}:0] inputs;
  wire [{8 * output_bytes - 1}:0] outputs;
  wire [{source_count - 1}:0] exhausted, enabled, sent;
  wire [{sink_count - 1}:0] finished, received;
{body}
  stream_control #(.INPUT_BYTES({input_bytes}), .OUTPUT_BYTES({output_bytes})) control (
    .clk(clk), .complete(&exhausted && &finished), .transfer(|sent || |received),
    .outputs(outputs), .inputs(inputs), .rst(rst), .cycle(cycle), .stop(stop), .done(done)
  );
  {MODULE} {MODULE} (
{ports_text}
  );
endmodule
"""
