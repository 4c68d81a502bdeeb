// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural model of the Gowin block RAM that yosys makes of memories (Gowin UG285, "BSRAM and
// SSRAM user guide"; the names of ports and parameters are those of yosys). Port A writes and port
// B reads, each 2048 x 9, 1024 x 18 or 512 x 36. At 18 and 36 bits the low bits of ADA enable the
// writing of nine bits each. What B reads while A writes it is undefined in the device; here it is
// the complement of the old word, so that a design that uses it fails. With READ_MODE 1 a register
// that OCE enables stands behind the output. The model refuses what it
// does not have: parameters when the simulator is built, signals by ending the simulation.
module SDPX9B #(
    parameter [0:0] READ_MODE = 0,
    parameter int BIT_WIDTH_0 = 36,
    parameter int BIT_WIDTH_1 = 36,
    parameter [2:0] BLK_SEL_0 = 0,
    parameter [2:0] BLK_SEL_1 = 0,
    // Of the reset, which has no model.
    parameter [127:0] RESET_MODE = "SYNC",
    parameter [287:0] INIT_RAM_00 = 288'h0,
    parameter [287:0] INIT_RAM_01 = 288'h0,
    parameter [287:0] INIT_RAM_02 = 288'h0,
    parameter [287:0] INIT_RAM_03 = 288'h0,
    parameter [287:0] INIT_RAM_04 = 288'h0,
    parameter [287:0] INIT_RAM_05 = 288'h0,
    parameter [287:0] INIT_RAM_06 = 288'h0,
    parameter [287:0] INIT_RAM_07 = 288'h0,
    parameter [287:0] INIT_RAM_08 = 288'h0,
    parameter [287:0] INIT_RAM_09 = 288'h0,
    parameter [287:0] INIT_RAM_0A = 288'h0,
    parameter [287:0] INIT_RAM_0B = 288'h0,
    parameter [287:0] INIT_RAM_0C = 288'h0,
    parameter [287:0] INIT_RAM_0D = 288'h0,
    parameter [287:0] INIT_RAM_0E = 288'h0,
    parameter [287:0] INIT_RAM_0F = 288'h0,
    parameter [287:0] INIT_RAM_10 = 288'h0,
    parameter [287:0] INIT_RAM_11 = 288'h0,
    parameter [287:0] INIT_RAM_12 = 288'h0,
    parameter [287:0] INIT_RAM_13 = 288'h0,
    parameter [287:0] INIT_RAM_14 = 288'h0,
    parameter [287:0] INIT_RAM_15 = 288'h0,
    parameter [287:0] INIT_RAM_16 = 288'h0,
    parameter [287:0] INIT_RAM_17 = 288'h0,
    parameter [287:0] INIT_RAM_18 = 288'h0,
    parameter [287:0] INIT_RAM_19 = 288'h0,
    parameter [287:0] INIT_RAM_1A = 288'h0,
    parameter [287:0] INIT_RAM_1B = 288'h0,
    parameter [287:0] INIT_RAM_1C = 288'h0,
    parameter [287:0] INIT_RAM_1D = 288'h0,
    parameter [287:0] INIT_RAM_1E = 288'h0,
    parameter [287:0] INIT_RAM_1F = 288'h0,
    parameter [287:0] INIT_RAM_20 = 288'h0,
    parameter [287:0] INIT_RAM_21 = 288'h0,
    parameter [287:0] INIT_RAM_22 = 288'h0,
    parameter [287:0] INIT_RAM_23 = 288'h0,
    parameter [287:0] INIT_RAM_24 = 288'h0,
    parameter [287:0] INIT_RAM_25 = 288'h0,
    parameter [287:0] INIT_RAM_26 = 288'h0,
    parameter [287:0] INIT_RAM_27 = 288'h0,
    parameter [287:0] INIT_RAM_28 = 288'h0,
    parameter [287:0] INIT_RAM_29 = 288'h0,
    parameter [287:0] INIT_RAM_2A = 288'h0,
    parameter [287:0] INIT_RAM_2B = 288'h0,
    parameter [287:0] INIT_RAM_2C = 288'h0,
    parameter [287:0] INIT_RAM_2D = 288'h0,
    parameter [287:0] INIT_RAM_2E = 288'h0,
    parameter [287:0] INIT_RAM_2F = 288'h0,
    parameter [287:0] INIT_RAM_30 = 288'h0,
    parameter [287:0] INIT_RAM_31 = 288'h0,
    parameter [287:0] INIT_RAM_32 = 288'h0,
    parameter [287:0] INIT_RAM_33 = 288'h0,
    parameter [287:0] INIT_RAM_34 = 288'h0,
    parameter [287:0] INIT_RAM_35 = 288'h0,
    parameter [287:0] INIT_RAM_36 = 288'h0,
    parameter [287:0] INIT_RAM_37 = 288'h0,
    parameter [287:0] INIT_RAM_38 = 288'h0,
    parameter [287:0] INIT_RAM_39 = 288'h0,
    parameter [287:0] INIT_RAM_3A = 288'h0,
    parameter [287:0] INIT_RAM_3B = 288'h0,
    parameter [287:0] INIT_RAM_3C = 288'h0,
    parameter [287:0] INIT_RAM_3D = 288'h0,
    parameter [287:0] INIT_RAM_3E = 288'h0,
    parameter [287:0] INIT_RAM_3F = 288'h0
) (
    input [35:0] DI,
    input [13:0] ADA, ADB,
    input [2:0] BLKSELA, BLKSELB,
    input CLKA, CEA, RESETA, CLKB, CEB, OCE, RESETB,
    output [35:0] DO
);
  if (BIT_WIDTH_0 != 9 && BIT_WIDTH_0 != 18 && BIT_WIDTH_0 != 36
      || BIT_WIDTH_1 != 9 && BIT_WIDTH_1 != 18 && BIT_WIDTH_1 != 36)
    $fatal(1, "SDPX9B: the widths must be 9, 18 or 36");

  localparam int WRITTEN = BIT_WIDTH_0 / 9;
  localparam int READ = BIT_WIDTH_1 / 9;
  localparam [18431:0] INITIAL = {
    INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A,
    INIT_RAM_39, INIT_RAM_38, INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34,
    INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30, INIT_RAM_2F, INIT_RAM_2E,
    INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
    INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22,
    INIT_RAM_21, INIT_RAM_20, INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C,
    INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18, INIT_RAM_17, INIT_RAM_16,
    INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
    INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A,
    INIT_RAM_09, INIT_RAM_08, INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04,
    INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
  };
  reg [8:0] memory[0:2047];
  reg [35:0] read, later;
  initial begin
    for (int i = 0; i < 2048; i++) memory[i] = INITIAL[9*i+:9];
    read = 0;
    later = 0;
  end

  // The first nine bits of the word, and which of its parts are written.
  wire [10:0] to = ADA[13:3] & ~11'(WRITTEN - 1);
  wire [10:0] from = ADB[13:3] & ~11'(READ - 1);
  wire [3:0] parts = !CEA ? 0 : WRITTEN == 1 ? 1 : ADA[3:0] & 4'((1 << WRITTEN) - 1);
  reg [10:0] distance;

  always @(posedge CLKA) begin
    if (RESETA) $fatal(1, "SDPX9B: RESETA has no model");
    if (BLKSELA != BLK_SEL_0) $fatal(1, "SDPX9B: a block that is not selected has no model");
    for (int i = 0; i < WRITTEN; i++) if (parts[i]) memory[to+11'(i)] <= DI[9*i+:9];
  end

  always @(posedge CLKB) begin
    if (RESETB) $fatal(1, "SDPX9B: RESETB has no model");
    if (BLKSELB != BLK_SEL_1) $fatal(1, "SDPX9B: a block that is not selected has no model");
    if (CEB)
      for (int i = 0; i < READ; i++) begin
        distance = from + 11'(i) - to;
        read[9*i+:9] <= memory[from+11'(i)] ^ {9{distance < 4 && parts[distance[1:0]]}};
      end
    if (OCE) later <= read;
  end
  assign DO = READ_MODE ? later : read;
endmodule
