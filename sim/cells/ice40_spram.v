// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural model of the large memory of iCE40 UltraPlus (Lattice FPGA-TN-02022, "iCE40 SPRAM
// usage guide"; the names of ports are those of yosys): 16,384 words of 16 bits with one port, four
// bits of a word written at a time. What the output is after a write is undefined in the device,
// and so are the first contents; here they are the complements of what was written, and of the
// address, so that a design that uses them fails. The model refuses what it does not have by ending
// the simulation: sleep, standby and power off.
module SB_SPRAM256KA (
    input CLOCK, CHIPSELECT, WREN, STANDBY, SLEEP, POWEROFF,
    input [3:0] MASKWREN,
    input [13:0] ADDRESS,
    input [15:0] DATAIN,
    output reg [15:0] DATAOUT
);
  always @(posedge CLOCK)
    if (STANDBY) $fatal(1, "SB_SPRAM256KA: STANDBY has no model");
    else if (SLEEP) $fatal(1, "SB_SPRAM256KA: SLEEP has no model");
    else if (!POWEROFF) $fatal(1, "SB_SPRAM256KA: power off has no model");

  reg [15:0] words[0:16383];
  integer place;
  initial for (place = 0; place < 16384; place = place + 1) words[place] = ~place[15:0];
  initial DATAOUT = 0;

  wire [15:0] mask = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};

  always @(posedge CLOCK)
    if (CHIPSELECT)
      if (WREN) begin
        words[ADDRESS] <= DATAIN & mask | words[ADDRESS] & ~mask;
        DATAOUT <= ~DATAIN;
      end else DATAOUT <= words[ADDRESS];
endmodule
