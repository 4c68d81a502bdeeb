// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Tells when each instruction of a machine begins and ends, and what the compute engine does in
// each clock. The file `trace` takes a record of ten 64-bit numbers for each instruction, when it
// is complete: its engine; its number among the engine's; the clock of its program in which it
// began; the first one in which it is complete; and, for those of the compute engine, how many
// clocks since the compute instruction before were spent at work, with results that wait to be
// stored, with words that do not come, with words that come, otherwise inside an instruction, and
// outside of any. The record of a program's end, behind all others, has the engine that there is
// none of, and the clocks behind the last compute instruction: each clock is in one number.
module machine_trace #(
    parameter int ENGINES = 1,
    parameter int COMPUTE = 0,
    parameter int COUNT_BITS = 1
) (
    input clk,
    input longint cycle,
    input start,
    input ended,
    input [ENGINES*COUNT_BITS-1:0] running,
    input [ENGINES*COUNT_BITS-1:0] completed,
    input convolves,
    input evaluates,
    input copies,
    input results,
    input full,
    input starved,
    input arrives
);
  import words::*;

  localparam longint RECORD_BYTES = 80;
  localparam int CAUSES = 6;
  localparam int WORK = 0, BLOCKED = 1, STARVED = 2, ARRIVING = 3, INSIDE = 4, OUTSIDE = 5;
  // More than an engine has taken and not completed.
  localparam int HELD = 16;

  chandle trace;
  longint records, begun, begins[ENGINES*HELD], counts[CAUSES];
  int taken[ENGINES], done[ENGINES], now_done, now_taken;
  bit active;
  string path;
  initial begin
    if ($value$plusargs("trace=%s", path) == 0) $fatal(1, "no trace file");
    trace = words_open(path);
    records = 0;
    active = 0;
  end

  function automatic int cause();
    if (running[COMPUTE*COUNT_BITS+:COUNT_BITS] == 0) return OUTSIDE;
    if (copies) return arrives ? WORK : full ? BLOCKED : STARVED;
    if (convolves && evaluates) return WORK;
    if (full && results) return BLOCKED;
    if (starved) return STARVED;
    if (!convolves) return WORK;
    return arrives ? ARRIVING : INSIDE;
  endfunction

  function automatic void keep(int engine, int number, longint first);
    longint place;
    place = records * RECORD_BYTES;
    words_put(trace, place, 8, 64'(engine));
    words_put(trace, place + 8, 8, 64'(number));
    words_put(trace, place + 16, 8, first);
    words_put(trace, place + 24, 8, cycle - begun);
    if (engine == COMPUTE || engine == ENGINES)
      for (int i = 0; i < CAUSES; i++) begin
        words_put(trace, place + 64'(32 + 8 * i), 8, counts[i]);
        counts[i] = 0;
      end
    records++;
  endfunction

  /* verilator lint_off BLKSEQ */
  always @(posedge clk) begin
    if (start) begin
      begun = cycle;
      active = 1;
      for (int i = 0; i < ENGINES; i++) begin
        taken[i] = 0;
        done[i] = 0;
      end
      for (int i = 0; i < CAUSES; i++) counts[i] = 0;
    end else if (active) begin
      for (int i = 0; i < ENGINES; i++) begin
        now_done = int'(completed[i*COUNT_BITS+:COUNT_BITS]);
        now_taken = now_done + int'(running[i*COUNT_BITS+:COUNT_BITS]);
        for (; taken[i] < now_taken; taken[i]++) begins[i*HELD+taken[i]%HELD] = cycle - begun;
        for (; done[i] < now_done; done[i]++) keep(i, done[i], begins[i*HELD+done[i]%HELD]);
      end
      if (ended) begin
        keep(ENGINES, 0, 0);
        active = 0;
      end
    end
    if (active) counts[cause()]++;
  end
  /* verilator lint_on BLKSEQ */
endmodule
