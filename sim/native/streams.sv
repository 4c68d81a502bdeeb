// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Sources and sinks of streams whose words stand in mapped files, with idle cycles and
// back-pressure drawn from a seed. Everything that a run chooses is a plusarg, so that it
// needs no new build. A stream's record in the status file is eight 64-bit numbers:
// words, first cycle, last cycle, valid, ready, enabled, surplus words, broken rules.
package stream_records;
  localparam longint RECORD_BYTES = 64;
  localparam longint WORDS = 0, FIRST = 8, LAST = 16, VALID = 24, READY = 32, ENABLED = 40,
      SURPLUS = 48, BROKEN = 56;

  function automatic bit [31:0] xorshift(bit [31:0] state);
    bit [31:0] next;
    next = state ^ (state << 13);
    next = next ^ (next >> 17);
    return next ^ (next << 5);
  endfunction

  // The bytes of a word that stand in its 64-bit chunk number `chunk`.
  function automatic int chunk_bytes(int word_bytes, int chunk);
    return word_bytes - 8 * chunk < 8 ? word_bytes - 8 * chunk : 8;
  endfunction
endpackage

module stream_source #(
    parameter int WIDTH = 1,
    parameter longint INDEX = 0,
    parameter NAME = "source"
) (
    input clk,
    input rst,
    input longint cycle,
    input stop,
    input enable,
    input ready,
    output reg valid,
    output reg [WIDTH-1:0] payload,
    output exhausted,
    output transfer
);
  import words::*;
  import stream_records::*;

  localparam int CHUNKS = (WIDTH + 63) / 64;
  localparam int BYTES = (WIDTH + 7) / 8;

  chandle file, status;
  longint word_count, fetched, sent, first_cycle, last_cycle;
  bit [31:0] idle, random;
  bit [64*CHUNKS-1:0] word;
  string path;
  initial begin
    if ($value$plusargs({NAME, ".file=%s"}, path) == 0) $fatal(1, "no file of a source");
    file = words_open(path);
    if ($value$plusargs("status=%s", path) == 0) $fatal(1, "no status file");
    status = words_open(path);
    if ($value$plusargs({NAME, ".count=%d"}, word_count) == 0) $fatal(1, "no count of a source");
    if ($value$plusargs({NAME, ".pause=%d"}, idle) == 0) $fatal(1, "no pause of a source");
    if ($value$plusargs({NAME, ".seed=%d"}, random) == 0) $fatal(1, "no seed of a source");
    fetched = 0;
    sent = 0;
    first_cycle = -1;
    last_cycle = -1;
    valid = 0;
    payload = 0;
  end

  assign exhausted = sent == word_count;
  assign transfer = valid && ready;

  always @(posedge clk) begin
    random <= xorshift(random);
    if (!rst) begin
      if (transfer) begin
        sent <= sent + 1;
        if (sent == 0) first_cycle <= cycle;
        last_cycle <= cycle;
        valid <= 0;
        // Meaningless while valid is low: a design that reads it then must fail.
        payload <= ~payload;
        if (sent[7:0] == 0) words_put(status, INDEX * RECORD_BYTES + WORDS, 8, sent + 1);
      end
      if ((!valid || ready) && enable && fetched != word_count && {16'd0, random[31:16]} >= idle)
      begin
        for (int i = 0; i < CHUNKS; i++)
          word[64*i+:64] = words_get(file, fetched * 64'(BYTES) + 64'(8 * i),
                                     chunk_bytes(BYTES, i));
        payload <= word[WIDTH-1:0];
        valid <= 1;
        fetched <= fetched + 1;
      end
    end
    if (stop) begin
      words_put(status, INDEX * RECORD_BYTES + WORDS, 8, sent);
      words_put(status, INDEX * RECORD_BYTES + FIRST, 8, first_cycle);
      words_put(status, INDEX * RECORD_BYTES + LAST, 8, last_cycle);
      words_put(status, INDEX * RECORD_BYTES + VALID, 8, 64'(valid));
      words_put(status, INDEX * RECORD_BYTES + READY, 8, 64'(ready));
      words_put(status, INDEX * RECORD_BYTES + ENABLED, 8, 64'(enable));
    end
  end
endmodule

module stream_sink #(
    parameter int WIDTH = 1,
    parameter longint INDEX = 0,
    parameter NAME = "sink"
) (
    input clk,
    input rst,
    input longint cycle,
    input stop,
    input valid,
    input [WIDTH-1:0] payload,
    output reg ready,
    output finished,
    output transfer
);
  import words::*;
  import stream_records::*;

  localparam int CHUNKS = (WIDTH + 63) / 64;
  localparam int BYTES = (WIDTH + 7) / 8;

  chandle file, status;
  longint word_count, received, surplus, broken, first_cycle, last_cycle;
  bit [31:0] stall, random;
  bit stalled;
  bit [WIDTH-1:0] held;
  bit [64*CHUNKS-1:0] word;
  string path;
  initial begin
    if ($value$plusargs({NAME, ".file=%s"}, path) == 0) $fatal(1, "no file of a sink");
    file = words_open(path);
    if ($value$plusargs("status=%s", path) == 0) $fatal(1, "no status file");
    status = words_open(path);
    if ($value$plusargs({NAME, ".count=%d"}, word_count) == 0) $fatal(1, "no count of a sink");
    if ($value$plusargs({NAME, ".pause=%d"}, stall) == 0) $fatal(1, "no pause of a sink");
    if ($value$plusargs({NAME, ".seed=%d"}, random) == 0) $fatal(1, "no seed of a sink");
    received = 0;
    surplus = 0;
    broken = 0;
    first_cycle = -1;
    last_cycle = -1;
    stalled = 0;
    held = 0;
    ready = 0;
  end

  assign finished = received == word_count;
  // Surplus words are no progress: a run in which nothing else moves ends.
  assign transfer = valid && ready && !finished;

  always @(posedge clk) begin
    random <= xorshift(random);
    if (!rst) begin
      ready <= {16'd0, random[31:16]} >= stall;
      if (valid && ready) begin
        if (finished) surplus <= surplus + 1;
        else begin
          word = 0;
          word[WIDTH-1:0] = payload;
          for (int i = 0; i < CHUNKS; i++)
            words_put(file, received * 64'(BYTES) + 64'(8 * i), chunk_bytes(BYTES, i),
                      word[64*i+:64]);
          received <= received + 1;
          if (received == 0) first_cycle <= cycle;
          last_cycle <= cycle;
          if (received[7:0] == 0)
            words_put(status, INDEX * RECORD_BYTES + WORDS, 8, received + 1);
        end
      end
      if (stalled && !(valid && payload == held)) broken <= broken + 1;
      stalled <= valid && !ready;
      if (valid && !ready) held <= payload;
    end
    if (stop) begin
      words_put(status, INDEX * RECORD_BYTES + WORDS, 8, received);
      words_put(status, INDEX * RECORD_BYTES + FIRST, 8, first_cycle);
      words_put(status, INDEX * RECORD_BYTES + LAST, 8, last_cycle);
      words_put(status, INDEX * RECORD_BYTES + VALID, 8, 64'(valid));
      words_put(status, INDEX * RECORD_BYTES + READY, 8, 64'(ready));
      words_put(status, INDEX * RECORD_BYTES + SURPLUS, 8, surplus);
      words_put(status, INDEX * RECORD_BYTES + BROKEN, 8, broken);
    end
  end
endmodule

// Reset, the cycle counter, the end of a run, and the ports that keep one value. Record 0 of
// the status file is its own: cycles, and 1 for complete, 2 for the limit of all cycles, 3 for
// the limit of cycles without a transfer.
module stream_control #(
    parameter int INPUT_BYTES = 1,
    parameter int OUTPUT_BYTES = 1,
    localparam int INPUT_CHUNKS = (INPUT_BYTES + 7) / 8,
    localparam int OUTPUT_CHUNKS = (OUTPUT_BYTES + 7) / 8
) (
    input clk,
    input complete,
    input transfer,
    input [64*OUTPUT_CHUNKS-1:0] outputs,
    output reg [64*INPUT_CHUNKS-1:0] inputs,
    output reg rst,
    output longint cycle,
    output stop,
    output reg done
);
  import words::*;

  localparam bit [2:0] RESET_CYCLES = 4;

  chandle status, inputs_file, outputs_file;
  longint cycle_limit, quiet_limit, drain_cycles, quiet, drained;
  bit [2:0] reset_count;
  string path;
  initial begin
    if ($value$plusargs("status=%s", path) == 0) $fatal(1, "no status file");
    status = words_open(path);
    if ($value$plusargs("inputs=%s", path) == 0) $fatal(1, "no inputs file");
    inputs_file = words_open(path);
    if ($value$plusargs("outputs=%s", path) == 0) $fatal(1, "no outputs file");
    outputs_file = words_open(path);
    if ($value$plusargs("limit=%d", cycle_limit) == 0) $fatal(1, "no limit");
    if ($value$plusargs("quiet=%d", quiet_limit) == 0) $fatal(1, "no quiet limit");
    if ($value$plusargs("drain=%d", drain_cycles) == 0) $fatal(1, "no drain cycles");
    inputs = 0;
    for (int i = 0; i < INPUT_CHUNKS; i++)
      inputs[64*i+:64] = words_get(inputs_file, 64'(8 * i), 8);
    cycle = 0;
    quiet = 0;
    drained = 0;
    reset_count = 0;
    rst = 1;
    done = 0;
  end

  wire drain_over = complete && drained == drain_cycles;
  wire over = cycle == cycle_limit || quiet == quiet_limit;
  assign stop = !rst && !done && (drain_over || over);

  always @(posedge clk) begin
    if (rst) begin
      reset_count <= reset_count + 1;
      rst <= reset_count != RESET_CYCLES - 1;
    end else if (!done) begin
      cycle <= cycle + 1;
      quiet <= transfer ? 0 : quiet + 1;
      if (complete) drained <= drained + 1;
      if (cycle[11:0] == 0) words_put(status, 0, 8, cycle);
      if (stop) begin
        done <= 1;
        words_put(status, 0, 8, cycle);
        words_put(status, 8, 8, drain_over ? 1 : cycle == cycle_limit ? 2 : 3);
        for (int i = 0; i < OUTPUT_CHUNKS; i++)
          words_put(outputs_file, 64'(8 * i), 8, outputs[64*i+:64]);
      end
    end
  end
endmodule
