// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Feeds one stimulus a cycle from a file and records the response of every cycle in another.
// Record i is sampled at the clock edge before which stimulus i stood at the design's inputs.
module vector_player #(
    parameter int STIMULUS_BYTES = 1,
    parameter int RESPONSE_BYTES = 1,
    localparam int STIMULUS_CHUNKS = (STIMULUS_BYTES + 7) / 8,
    localparam int RESPONSE_CHUNKS = (RESPONSE_BYTES + 7) / 8
) (
    input clk,
    output reg rst,
    output reg [64*STIMULUS_CHUNKS-1:0] stimulus,
    input [64*RESPONSE_CHUNKS-1:0] response,
    output reg done
);
  import words::*;

  localparam bit [2:0] RESET_CYCLES = 4;

  chandle stimuli, responses, status;
  longint cycle_count, index;
  bit [2:0] reset_count;
  string path;
  initial begin
    if ($value$plusargs("stimuli=%s", path) == 0) $fatal(1, "no plusarg stimuli");
    stimuli = words_open(path);
    if ($value$plusargs("responses=%s", path) == 0) $fatal(1, "no plusarg responses");
    responses = words_open(path);
    if ($value$plusargs("status=%s", path) == 0) $fatal(1, "no plusarg status");
    status = words_open(path);
    if ($value$plusargs("cycles=%d", cycle_count) == 0) $fatal(1, "no plusarg cycles");
    index = 0;
    reset_count = 0;
    rst = 1;
    stimulus = 0;
    done = 0;
  end

  function int chunk_bytes(int word_bytes, int chunk);
    return word_bytes - 8 * chunk < 8 ? word_bytes - 8 * chunk : 8;
  endfunction

  always @(posedge clk) begin
    if (reset_count != RESET_CYCLES) begin
      reset_count <= reset_count + 1;
      rst <= reset_count != RESET_CYCLES - 1;
    end else if (!done) begin
      if (index != 0)
        for (int i = 0; i < RESPONSE_CHUNKS; i++)
          words_put(responses, (index - 1) * 64'(RESPONSE_BYTES) + 64'(8 * i),
                    chunk_bytes(RESPONSE_BYTES, i), response[64*i+:64]);
      if (index == cycle_count) done <= 1;
      else
        for (int i = 0; i < STIMULUS_CHUNKS; i++)
          stimulus[64*i+:64] <= words_get(stimuli, index * 64'(STIMULUS_BYTES) + 64'(8 * i),
                                          chunk_bytes(STIMULUS_BYTES, i));
      if (index[11:0] == 0) words_put(status, 0, 8, index);
      index <= index + 1;
    end
  end
endmodule
