// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural model of the ECP5 carry cell: two LUTs with a carry through both (Lattice
// FPGA-TN-02032, "ECP5 and ECP5-5G family data sheet"; the names of ports and parameters are
// those of yosys). The LUT of all four inputs is the sum of its place; where that is one, the
// carry passes, elsewhere the LUT of A and B, the low four bits of INIT, is the carry. A model
// ends the simulation where a design uses what it does not have.
module CCU2C #(
    parameter [15:0] INIT0 = 16'h0,
    parameter [15:0] INIT1 = 16'h0,
    parameter [127:0] INJECT1_0 = "YES",
    parameter [127:0] INJECT1_1 = "YES"
) (
    input CIN, A0, B0, C0, D0, A1, B1, C1, D1,
    output S0, S1, COUT
);
  initial
    if (INJECT1_0 != "NO" || INJECT1_1 != "NO")
      $fatal(1, "CCU2C: an injected carry has no model");

  wire propagate_0 = INIT0[{D0, C0, B0, A0}];
  wire propagate_1 = INIT1[{D1, C1, B1, A1}];
  wire carry_0 = propagate_0 ? CIN : INIT0[{2'b00, B0, A0}];
  assign S0 = propagate_0 ^ CIN;
  assign S1 = propagate_1 ^ carry_0;
  assign COUT = propagate_1 ? carry_0 : INIT1[{2'b00, B1, A1}];
endmodule
