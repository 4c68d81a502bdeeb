// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural models of the ECP5 cells of a slice that the hardware instantiates (Lattice
// FPGA-TN-02032, "ECP5 and ECP5-5G family data sheet"; the names of ports and parameters are those
// of yosys). A model refuses, when the simulator is built, parameters that it does not have. The
// global set/reset (GSR) is not modelled.

// A look-up table of four inputs.
module LUT4 #(
    parameter [15:0] INIT = 16'h0
) (
    input A, B, C, D,
    output Z
);
  assign Z = INIT[{D, C, B, A}];
endmodule

// The multiplexer behind the two look-up tables of a slice.
module PFUMX (
    input ALUT, BLUT, C0,
    output Z
);
  assign Z = C0 ? ALUT : BLUT;
endmodule

// The flip-flop of a slice, rising edge, with clock enable and synchronous set or reset.
module TRELLIS_FF #(
    parameter [127:0] GSR = "ENABLED",
    parameter [127:0] CEMUX = "1",
    parameter [127:0] CLKMUX = "CLK",
    parameter [127:0] LSRMUX = "LSR",
    parameter [127:0] SRMODE = "LSR_OVER_CE",
    parameter [127:0] REGSET = "RESET",
    parameter [127:0] LSRMODE = "LSR"
) (
    input CLK, LSR, CE, DI, M,
    output reg Q
);
  if (CEMUX != "1" && CEMUX != "CE") $fatal(1, "TRELLIS_FF: CEMUX must be 1 or CE");
  if (CLKMUX != "CLK" || LSRMUX != "LSR" || LSRMODE != "LSR" || SRMODE != "LSR_OVER_CE")
    $fatal(1, "TRELLIS_FF: this mode has no model");
  if (REGSET != "SET" && REGSET != "RESET")
    $fatal(1, "TRELLIS_FF: REGSET must be SET or RESET");

  initial Q = REGSET == "SET";
  always @(posedge CLK)
    if (LSR) Q <= REGSET == "SET";
    else if (CEMUX == "1" || CE) Q <= DI;
endmodule
