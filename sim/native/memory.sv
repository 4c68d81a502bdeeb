// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// A memory that is read in bursts and written word by word, in a mapped file. Everything that a
// run chooses is a plusarg. Its records in the status file, eight 64-bit numbers each, are those
// of the streams `read`, `words` and `write`, and one of the fault that ended the run:
// kind, address, words, cycle, stale words, address of the first of these.
module memory_model #(
    parameter int ADDRESS_BITS = 1,
    parameter int COUNT_BITS = 1,
    parameter int WORD_BYTES = 1,
    parameter longint INDEX = 1
) (
    input clk,
    input rst,
    input longint cycle,
    input stop,
    input [ADDRESS_BITS-1:0] read_address,
    input [COUNT_BITS-1:0] read_count,
    input read_valid,
    output reg read_ready,
    output reg [8*WORD_BYTES-1:0] words_payload,
    output reg words_valid,
    input words_ready,
    input [ADDRESS_BITS-1:0] write_address,
    input [8*WORD_BYTES-1:0] write_data,
    input [WORD_BYTES-1:0] write_enable,
    input write_valid,
    output reg write_ready,
    output transfer,
    output pending,
    output reg fault
);
  import words::*;
  import stream_records::*;

  localparam longint BURST_OUTSIDE = 1, WRITE_OUTSIDE = 2;
  localparam int CHUNKS = (WORD_BYTES + 7) / 8;
  localparam int BURSTS = 16;
  localparam int TOKENS = 1024;
  localparam longint READ_RECORD = INDEX * RECORD_BYTES;
  localparam longint WORDS_RECORD = (INDEX + 1) * RECORD_BYTES;
  localparam longint WRITE_RECORD = (INDEX + 2) * RECORD_BYTES;
  localparam longint FAULT_RECORD = (INDEX + 3) * RECORD_BYTES;

  chandle file, status;
  longint size, latency, dead_after;
  int rate, most_bursts;
  bit [31:0] gap, random_read, random_words, random_write;
  string path;

  // The bursts that have words to give, in the order in which they were taken.
  longint starts[BURSTS], ends[BURSTS], due[BURSTS];
  bit [(1<<COUNT_BITS)-1:0] stale[BURSTS];
  bit [3:0] first, free;
  int bursts;
  longint position;

  longint reads, given, writes, read_broken, write_broken, stale_count, stale_address;
  longint first_cycle[3], last_cycle[3];
  bit read_stalled, write_stalled;
  bit [ADDRESS_BITS+COUNT_BITS-1:0] read_held;
  bit [ADDRESS_BITS+9*WORD_BYTES-1:0] write_held;

  int tokens;
  bit write_turn, dead, wanted, gives, failed;
  bit [3:0] burst;
  longint place;
  bit [64*CHUNKS-1:0] word;

  initial begin
    if ($value$plusargs("memory.file=%s", path) == 0) $fatal(1, "no file of the memory");
    file = words_open(path);
    if ($value$plusargs("status=%s", path) == 0) $fatal(1, "no status file");
    status = words_open(path);
    if ($value$plusargs("memory.words=%d", size) == 0) $fatal(1, "no size of the memory");
    if ($value$plusargs("memory.latency=%d", latency) == 0) $fatal(1, "no latency");
    if ($value$plusargs("memory.rate=%d", rate) == 0) $fatal(1, "no rate of the memory");
    if ($value$plusargs("memory.bursts=%d", most_bursts) == 0) $fatal(1, "no count of bursts");
    if ($value$plusargs("memory.gap=%d", gap) == 0) $fatal(1, "no gap");
    if ($value$plusargs("memory.dead_after=%d", dead_after) == 0) $fatal(1, "no dead_after");
    if ($value$plusargs("memory.seed.read=%d", random_read) == 0) $fatal(1, "no seed");
    if ($value$plusargs("memory.seed.words=%d", random_words) == 0) $fatal(1, "no seed");
    if ($value$plusargs("memory.seed.write=%d", random_write) == 0) $fatal(1, "no seed");
    first = 0;
    free = 0;
    bursts = 0;
    position = 0;
    reads = 0;
    given = 0;
    writes = 0;
    read_broken = 0;
    write_broken = 0;
    stale_count = 0;
    stale_address = 0;
    for (int i = 0; i < 3; i++) begin
      first_cycle[i] = -1;
      last_cycle[i] = -1;
    end
    read_stalled = 0;
    write_stalled = 0;
    read_held = 0;
    write_held = 0;
    tokens = 0;
    write_turn = 0;
    read_ready = 0;
    words_valid = 0;
    words_payload = 0;
    write_ready = 0;
    fault = 0;
    failed = 0;
  end

  wire read_transfer = read_valid && read_ready;
  wire words_transfer = words_valid && words_ready;
  wire write_transfer = write_valid && write_ready;
  assign transfer = read_transfer || words_transfer || write_transfer;
  // What a machine that is idle must not leave behind.
  assign pending = read_valid || words_valid || write_valid || bursts != 0;

  function automatic void fail(longint kind, longint address, longint count);
    failed = 1;
    words_put(status, FAULT_RECORD, 8, kind);
    words_put(status, FAULT_RECORD + 8, 8, address);
    words_put(status, FAULT_RECORD + 16, 8, count);
    words_put(status, FAULT_RECORD + 24, 8, cycle);
  endfunction

  function automatic void passed(int stream);
    if (first_cycle[stream] < 0) first_cycle[stream] = cycle;
    last_cycle[stream] = cycle;
  endfunction

  // In one clock everything happens in this order: a burst is taken, a word is written, a word is
  // fetched. The variables are this block's own, and what the design sees are registers.
  /* verilator lint_off BLKSEQ */
  always @(posedge clk) begin
    random_read = xorshift(random_read);
    random_words = xorshift(random_words);
    random_write = xorshift(random_write);
    if (!rst && !fault) begin
      if (read_stalled && !(read_valid && {read_address, read_count} == read_held)) read_broken++;
      read_stalled = read_valid && !read_ready;
      read_held = {read_address, read_count};
      if (write_stalled
          && !(write_valid && {write_address, write_enable, write_data} == write_held))
        write_broken++;
      write_stalled = write_valid && !write_ready;
      write_held = {write_address, write_enable, write_data};

      // Words that were not asked for are not saved up.
      tokens = (tokens < TOKENS ? tokens : TOKENS - 1) + rate;

      if (read_transfer) begin
        passed(0);
        reads++;
        place = 64'(read_address);
        starts[free] = place;
        ends[free] = place + 64'(read_count) + 1;
        due[free] = cycle + latency - 1;
        stale[free] = 0;
        if (ends[free] > size) fail(BURST_OUTSIDE, place, 64'(read_count) + 1);
        else begin
          if (bursts == 0) position = place;
          free++;
          bursts++;
        end
      end

      if (write_transfer) begin
        passed(2);
        writes++;
        place = 64'(write_address);
        if (place >= size) fail(WRITE_OUTSIDE, place, 1);
        else begin
          word = 0;
          word[8*WORD_BYTES-1:0] = write_data;
          if (&write_enable)
            for (int i = 0; i < CHUNKS; i++)
              words_put(file, place * WORD_BYTES + 64'(8 * i), chunk_bytes(WORD_BYTES, i),
                        word[64*i+:64]);
          else
            for (int i = 0; i < WORD_BYTES; i++)
              if (write_enable[i])
                words_put(file, place * WORD_BYTES + 64'(i), 1, 64'(word[8*i+:8]));
          for (int i = 0; i < bursts; i++) begin
            burst = first + 4'(i);
            if (place < ends[burst] && place >= (i == 0 ? position : starts[burst])) begin
              if (stale_count == 0) stale_address = place;
              stale_count++;
              stale[burst][COUNT_BITS'(place - starts[burst])] = 1;
            end
          end
        end
        tokens -= TOKENS;
      end

      dead = given >= dead_after;
      wanted = bursts != 0 && cycle >= due[first] && (!words_valid || words_ready) && !dead
          && {16'd0, random_words[31:16]} >= gap;
      gives = wanted && tokens >= TOKENS;
      // What went alone lets the other one go first.
      if (gives != write_transfer) write_turn = gives;
      if (words_transfer) begin
        passed(1);
        words_valid <= 0;
        // Meaningless while valid is low: a design that reads it then must fail.
        words_payload <= ~words_payload;
      end
      if (gives) begin
        for (int i = 0; i < CHUNKS; i++)
          word[64*i+:64] = words_get(file, position * WORD_BYTES + 64'(8 * i),
                                     chunk_bytes(WORD_BYTES, i));
        // A burst need not see a write that comes after it, nor what was there before.
        if (stale[first][COUNT_BITS'(position - starts[first])]) word = ~word;
        words_payload <= word[8*WORD_BYTES-1:0];
        words_valid <= 1;
        given++;
        tokens -= TOKENS;
        position++;
        if (position == ends[first]) begin
          first++;
          bursts--;
          position = starts[first];
        end
      end

      read_ready <= !dead && bursts < most_bursts && {16'd0, random_read[31:16]} >= gap;
      write_ready <= !dead && {16'd0, random_write[31:16]} >= gap
          && tokens + rate >= (wanted && !write_turn ? 2 * TOKENS : TOKENS);
      fault <= failed;
      if (cycle[11:0] == 0) words_put(status, WORDS_RECORD + WORDS, 8, given);
    end
    if (stop) begin
      words_put(status, READ_RECORD + WORDS, 8, reads);
      words_put(status, WORDS_RECORD + WORDS, 8, given);
      words_put(status, WRITE_RECORD + WORDS, 8, writes);
      for (int i = 0; i < 3; i++) begin
        words_put(status, READ_RECORD + i * RECORD_BYTES + FIRST, 8, first_cycle[i]);
        words_put(status, READ_RECORD + i * RECORD_BYTES + LAST, 8, last_cycle[i]);
      end
      words_put(status, READ_RECORD + VALID, 8, 64'(read_valid));
      words_put(status, READ_RECORD + READY, 8, 64'(read_ready));
      words_put(status, WORDS_RECORD + VALID, 8, 64'(words_valid));
      words_put(status, WORDS_RECORD + READY, 8, 64'(words_ready));
      words_put(status, WRITE_RECORD + VALID, 8, 64'(write_valid));
      words_put(status, WRITE_RECORD + READY, 8, 64'(write_ready));
      words_put(status, READ_RECORD + BROKEN, 8, read_broken);
      words_put(status, WRITE_RECORD + BROKEN, 8, write_broken);
      words_put(status, FAULT_RECORD + 32, 8, stale_count);
      words_put(status, FAULT_RECORD + 40, 8, stale_address);
    end
  end
  /* verilator lint_on BLKSEQ */
endmodule
