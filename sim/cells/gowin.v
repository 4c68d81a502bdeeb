// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural models of the Gowin cells that the hardware instantiates (Gowin UG287, "DSP user
// guide"; the names of ports and parameters are those of yosys). A model refuses what it does not
// have: parameters when the simulator is built, signals by ending the simulation. Registers start
// at zero.

// The 9 x 9 multiplier with its operand, pipeline and output registers, each in use where its
// parameter is set. An operand is signed where its sign input is high.
module MULT9X9 #(
    parameter [0:0] AREG = 0,
    parameter [0:0] BREG = 0,
    parameter [0:0] OUT_REG = 0,
    parameter [0:0] PIPE_REG = 0,
    parameter [0:0] ASIGN_REG = 0,
    parameter [0:0] BSIGN_REG = 0,
    parameter [0:0] SOA_REG = 0,
    parameter [127:0] MULT_RESET_MODE = "SYNC"
) (
    input [8:0] A, SIA, B, SIB,
    input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET,
    output [17:0] DOUT
);
  if (ASIGN_REG || BSIGN_REG || SOA_REG || MULT_RESET_MODE != "SYNC")
    $fatal(1, "MULT9X9: this mode has no model");

  always @(posedge CLK) begin
    if (RESET) $fatal(1, "MULT9X9: RESET has no model");
    if (ASEL || BSEL || SIA != 0 || SIB != 0)
      $fatal(1, "MULT9X9: shifted operands have no model");
  end

  reg [8:0] a_held = 0, b_held = 0;
  wire [8:0] a_used = AREG ? a_held : A;
  wire [8:0] b_used = BREG ? b_held : B;
  // An operand with its sign has 10 bits.
  wire signed [9:0] a = {ASIGN & a_used[8], a_used};
  wire signed [9:0] b = {BSIGN & b_used[8], b_used};
  wire signed [17:0] product = 18'(a) * 18'(b);
  reg signed [17:0] product_held = 0, output_held = 0;
  wire signed [17:0] product_used = PIPE_REG ? product_held : product;
  assign DOUT = OUT_REG ? output_held : product_used;

  always @(posedge CLK)
    if (CE) begin
      a_held <= A;
      b_held <= B;
      product_held <= product;
      output_held <= product_used;
    end
endmodule

// The 18 x 18 multiplier with its operand, pipeline and output registers, each in use where its
// parameter is set. An operand is signed where its sign input is high.
module MULT18X18 #(
    parameter [0:0] AREG = 0,
    parameter [0:0] BREG = 0,
    parameter [0:0] OUT_REG = 0,
    parameter [0:0] PIPE_REG = 0,
    parameter [0:0] ASIGN_REG = 0,
    parameter [0:0] BSIGN_REG = 0,
    parameter [0:0] SOA_REG = 0,
    parameter [127:0] MULT_RESET_MODE = "SYNC"
) (
    input [17:0] A, SIA, B, SIB,
    input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET,
    output [35:0] DOUT
);
  if (ASIGN_REG || BSIGN_REG || SOA_REG || MULT_RESET_MODE != "SYNC")
    $fatal(1, "MULT18X18: this mode has no model");

  always @(posedge CLK) begin
    if (RESET) $fatal(1, "MULT18X18: RESET has no model");
    if (ASEL || BSEL || SIA != 0 || SIB != 0)
      $fatal(1, "MULT18X18: shifted operands have no model");
  end

  reg [17:0] a_held = 0, b_held = 0;
  wire [17:0] a_used = AREG ? a_held : A;
  wire [17:0] b_used = BREG ? b_held : B;
  // An operand with its sign has 19 bits.
  wire signed [18:0] a = {ASIGN & a_used[17], a_used};
  wire signed [18:0] b = {BSIGN & b_used[17], b_used};
  wire signed [35:0] product = 36'(a) * 36'(b);
  reg signed [35:0] product_held = 0, output_held = 0;
  wire signed [35:0] product_used = PIPE_REG ? product_held : product;
  assign DOUT = OUT_REG ? output_held : product_used;

  always @(posedge CLK)
    if (CE) begin
      a_held <= A;
      b_held <= B;
      product_held <= product;
      output_held <= product_used;
    end
endmodule

// The 36 x 36 multiplier of both macros of a DSP block, with its operand and pipeline registers and
// the one behind the upper 54 bits of the product, each in use where its parameter is set. An
// operand is signed where its sign input is high. OUT0_REG, of the low 18 bits in the open tools
// and of all bits in the vendor's model, is refused.
module MULT36X36 #(
    parameter [0:0] AREG = 0,
    parameter [0:0] BREG = 0,
    parameter [0:0] OUT0_REG = 0,
    parameter [0:0] OUT1_REG = 0,
    parameter [0:0] PIPE_REG = 0,
    parameter [0:0] ASIGN_REG = 0,
    parameter [0:0] BSIGN_REG = 0,
    parameter [127:0] MULT_RESET_MODE = "SYNC"
) (
    input [35:0] A, B,
    input ASIGN, BSIGN, CE, CLK, RESET,
    output [71:0] DOUT
);
  if (OUT0_REG || ASIGN_REG || BSIGN_REG || MULT_RESET_MODE != "SYNC")
    $fatal(1, "MULT36X36: this mode has no model");

  always @(posedge CLK) if (RESET) $fatal(1, "MULT36X36: RESET has no model");

  reg [35:0] a_held = 0, b_held = 0;
  wire [35:0] a_used = AREG ? a_held : A;
  wire [35:0] b_used = BREG ? b_held : B;
  // An operand with its sign has 37 bits.
  wire signed [36:0] a = {ASIGN & a_used[35], a_used};
  wire signed [36:0] b = {BSIGN & b_used[35], b_used};
  wire signed [71:0] product = 72'(a) * 72'(b);
  reg signed [71:0] product_held = 0;
  wire signed [71:0] product_used = PIPE_REG ? product_held : product;
  reg [53:0] upper_held = 0;
  assign DOUT = {OUT1_REG ? upper_held : product_used[71:18], product_used[17:0]};

  always @(posedge CLK)
    if (CE) begin
      a_held <= A;
      b_held <= B;
      product_held <= product;
      upper_held <= product_used[71:18];
    end
endmodule
