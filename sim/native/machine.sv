// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Runs programs on a machine, one after the other without a reset between them. The file `jobs`
// has four 64-bit numbers for each: its first instruction's word, the copies into the memory
// before it, the copies out of the memory after it, and 0. Two numbers in the file `copies` are a
// copy's first byte in the memory and its bytes; what is copied stands in the files `patches` and
// `captures` without gaps. No clock passes in a copy. The file `outputs` takes, for each program,
// its clocks and the machine's outputs when it ends.
//
// Record 0 of the status file: cycles; 1 for complete, 2 for the limit of all cycles, 3 for the
// limit of cycles without a transfer, 4 for a fault of the memory, 5 for a machine that did not
// begin, 6 for one that leaves transfers behind; and the programs that have ended.
module machine_control #(
    parameter int ADDRESS_BITS = 1,
    parameter int OUTPUT_BYTES = 8,
    localparam int OUTPUT_CHUNKS = OUTPUT_BYTES / 8
) (
    input clk,
    input busy,
    input error,
    input transfer,
    input pending,
    input fault,
    input [8*OUTPUT_BYTES-1:0] outputs,
    output reg rst,
    output longint cycle,
    output reg start,
    output reg [ADDRESS_BITS-1:0] entry,
    output stop,
    output ended,
    output reg done
);
  import words::*;

  localparam bit [2:0] RESET_CYCLES = 4;
  localparam longint RUN = 0, COMPLETE = 1, LIMIT = 2, QUIET = 3, FAULT = 4, ASLEEP = 5,
      RESTLESS = 6;
  localparam int IDLE = 0, STARTED = 1, BUSY = 2, DRAINING = 3, FAILED = 4;

  chandle status, jobs, copies, memory, patches, captures, outputs_file;
  longint cycle_limit, quiet_limit, drain_cycles, quiet, drained, job_count;
  longint job, copy, patched, captured, begun, why;
  int phase;
  bit begins;
  bit [2:0] reset_count;
  string path;
  initial begin
    if ($value$plusargs("status=%s", path) == 0) $fatal(1, "no status file");
    status = words_open(path);
    if ($value$plusargs("memory.file=%s", path) == 0) $fatal(1, "no file of the memory");
    memory = words_open(path);
    if ($value$plusargs("jobs=%s", path) == 0) $fatal(1, "no jobs file");
    jobs = words_open(path);
    if ($value$plusargs("jobs.count=%d", job_count) == 0) $fatal(1, "no count of jobs");
    if ($value$plusargs("copies=%s", path) == 0) $fatal(1, "no copies file");
    copies = words_open(path);
    if ($value$plusargs("patches=%s", path) == 0) $fatal(1, "no patches file");
    patches = words_open(path);
    if ($value$plusargs("captures=%s", path) == 0) $fatal(1, "no captures file");
    captures = words_open(path);
    if ($value$plusargs("outputs=%s", path) == 0) $fatal(1, "no outputs file");
    outputs_file = words_open(path);
    if ($value$plusargs("limit=%d", cycle_limit) == 0) $fatal(1, "no limit");
    if ($value$plusargs("quiet=%d", quiet_limit) == 0) $fatal(1, "no quiet limit");
    if ($value$plusargs("drain=%d", drain_cycles) == 0) $fatal(1, "no drain cycles");
    cycle = 0;
    quiet = 0;
    drained = 0;
    job = 0;
    copy = 0;
    patched = 0;
    captured = 0;
    begun = 0;
    phase = IDLE;
    reset_count = 0;
    rst = 1;
    start = 0;
    entry = 0;
    done = 0;
  end

  assign ended = phase == BUSY && !busy;
  always_comb begin
    why = RUN;
    if (fault) why = FAULT;
    else if (phase == STARTED && !start && !busy) why = ASLEEP;
    else if (phase == FAILED) why = COMPLETE;
    else if ((ended && !error || phase == DRAINING) && pending) why = RESTLESS;
    else if (phase == DRAINING && drained == drain_cycles) why = COMPLETE;
    else if (cycle == cycle_limit) why = LIMIT;
    else if (quiet == quiet_limit) why = QUIET;
  end
  assign stop = !rst && !done && why != RUN;

  // Copies bytes between the memory and a file in which they stand from `place` on.
  function automatic longint copy_bytes(bit into_memory, longint place);
    longint address, count;
    int size;
    address = words_get(copies, 16 * copy, 8);
    count = words_get(copies, 16 * copy + 8, 8);
    for (longint done_bytes = 0; done_bytes < count; done_bytes += 8) begin
      size = count - done_bytes < 8 ? int'(count - done_bytes) : 8;
      if (into_memory)
        words_put(memory, address + done_bytes, size, words_get(patches, place + done_bytes, size));
      else
        words_put(captures, place + done_bytes, size,
                  words_get(memory, address + done_bytes, size));
    end
    copy++;
    return place + count;
  endfunction

  function automatic void copies_of(bit into_memory);
    longint count;
    count = words_get(jobs, 32 * job + (into_memory ? 8 : 16), 8);
    for (longint i = 0; i < count; i++)
      if (into_memory) patched = copy_bytes(1, patched);
      else captured = copy_bytes(0, captured);
  endfunction

  function automatic void keep_outputs();
    longint place;
    place = job * 64'(8 + OUTPUT_BYTES);
    words_put(outputs_file, place, 8, cycle - begun);
    for (int i = 0; i < OUTPUT_CHUNKS; i++)
      words_put(outputs_file, place + 64'(8 + 8 * i), 8, outputs[64*i+:64]);
  endfunction

  /* verilator lint_off BLKSEQ */
  always @(posedge clk) begin
    if (rst) begin
      reset_count <= reset_count + 1;
      rst <= reset_count != RESET_CYCLES - 1;
    end else if (!done) begin
      cycle <= cycle + 1;
      quiet <= transfer || start ? 0 : quiet + 1;
      start <= 0;
      begins = !stop && phase == IDLE;
      if (phase == STARTED && !start) phase <= BUSY;
      if (phase == DRAINING) drained <= drained + 1;
      if (stop) begin
        done <= 1;
        words_put(status, 0, 8, cycle);
        words_put(status, 8, 8, why);
        if (job != job_count && phase != FAILED) keep_outputs();
      end else if (ended) begin
        keep_outputs();
        copies_of(0);
        job++;
        words_put(status, 16, 8, job);
        if (error) phase <= FAILED;
        else if (job == job_count) phase <= DRAINING;
        else begins = 1;
      end
      if (begins) begin
        copies_of(1);
        start <= 1;
        entry <= ADDRESS_BITS'(words_get(jobs, 32 * job, 8));
        begun = cycle + 1;
        phase <= STARTED;
      end
    end
  end
  /* verilator lint_on BLKSEQ */
endmodule
