// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural model of the iCE40 UltraPlus cell that the hardware instantiates (Lattice
// FPGA-TN-02007, "DSP function usage guide for iCE40 devices"; the names of ports and parameters
// are those of yosys). The model refuses what it does not have: parameters when the simulator is
// built, signals by ending the simulation. Registers start at zero.

// The DSP block as two 8 x 8 multipliers: the upper bytes of A and B give the upper half of O,
// the lower bytes the lower half. A byte of A is signed where A_SIGNED is set, one of B where
// B_SIGNED is. Or, without MODE_8x8, as one multiplier of 16 bits, which is made of four partial
// products and their sum: the registers behind the former are all in use or none. Registers of
// operands and products are in use as the parameters say.
module SB_MAC16 #(
    parameter [0:0] NEG_TRIGGER = 0,
    parameter [0:0] C_REG = 0,
    parameter [0:0] A_REG = 0,
    parameter [0:0] B_REG = 0,
    parameter [0:0] D_REG = 0,
    parameter [0:0] TOP_8x8_MULT_REG = 0,
    parameter [0:0] BOT_8x8_MULT_REG = 0,
    parameter [0:0] PIPELINE_16x16_MULT_REG1 = 0,
    parameter [0:0] PIPELINE_16x16_MULT_REG2 = 0,
    parameter [1:0] TOPOUTPUT_SELECT = 0,
    parameter [1:0] TOPADDSUB_LOWERINPUT = 0,
    parameter [0:0] TOPADDSUB_UPPERINPUT = 0,
    parameter [1:0] TOPADDSUB_CARRYSELECT = 0,
    parameter [1:0] BOTOUTPUT_SELECT = 0,
    parameter [1:0] BOTADDSUB_LOWERINPUT = 0,
    parameter [0:0] BOTADDSUB_UPPERINPUT = 0,
    parameter [1:0] BOTADDSUB_CARRYSELECT = 0,
    parameter [0:0] MODE_8x8 = 0,
    parameter [0:0] A_SIGNED = 0,
    parameter [0:0] B_SIGNED = 0
) (
    input CLK, CE,
    input [15:0] A, B, C, D,
    input AHOLD, BHOLD, CHOLD, DHOLD, IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT, OLOADTOP, OLOADBOT,
        ADDSUBTOP, ADDSUBBOT, OHOLDTOP, OHOLDBOT, CI, ACCUMCI, SIGNEXTIN,
    output [31:0] O
);
  localparam [1:0] PRODUCTS = MODE_8x8 ? 2 : 3;
  if (TOPOUTPUT_SELECT != PRODUCTS || BOTOUTPUT_SELECT != PRODUCTS)
    $fatal(1, "SB_MAC16: only products of 8 x 8 or 16 x 16 have a model");
  if (!MODE_8x8 && (TOP_8x8_MULT_REG != PIPELINE_16x16_MULT_REG1
      || BOT_8x8_MULT_REG != PIPELINE_16x16_MULT_REG1))
    $fatal(1, "SB_MAC16: partial products that part have no model");
  if (NEG_TRIGGER || C_REG || D_REG || TOPADDSUB_UPPERINPUT || BOTADDSUB_UPPERINPUT
      || TOPADDSUB_LOWERINPUT != 0 || BOTADDSUB_LOWERINPUT != 0
      || TOPADDSUB_CARRYSELECT != 0 || BOTADDSUB_CARRYSELECT != 0)
    $fatal(1, "SB_MAC16: this mode has no model");

  always @(posedge CLK)
    if (IRSTTOP || IRSTBOT || ORSTTOP || ORSTBOT) $fatal(1, "SB_MAC16: a reset has no model");
    else if (AHOLD || BHOLD || CHOLD || DHOLD || OHOLDTOP || OHOLDBOT)
      $fatal(1, "SB_MAC16: a hold has no model");
    else if (OLOADTOP || OLOADBOT || ADDSUBTOP || ADDSUBBOT || CI || ACCUMCI || SIGNEXTIN
        || C != 0 || D != 0)
      $fatal(1, "SB_MAC16: the adders have no model");

  reg [15:0] a_held = 0, b_held = 0;
  wire [15:0] a = A_REG ? a_held : A;
  wire [15:0] b = B_REG ? b_held : B;
  // An operand with its sign has 9 bits.
  wire signed [8:0] a_top = {A_SIGNED & a[15], a[15:8]}, a_bottom = {A_SIGNED & a[7], a[7:0]};
  wire signed [8:0] b_top = {B_SIGNED & b[15], b[15:8]}, b_bottom = {B_SIGNED & b[7], b[7:0]};
  wire signed [15:0] top = 16'(a_top) * 16'(b_top);
  wire signed [15:0] bottom = 16'(a_bottom) * 16'(b_bottom);
  reg signed [15:0] top_held = 0, bottom_held = 0;
  wire signed [16:0] a_all = {A_SIGNED & a[15], a}, b_all = {B_SIGNED & b[15], b};
  wire signed [31:0] partial = 32'(a_all) * 32'(b_all);
  reg signed [31:0] partial_held = 0, whole_held = 0;
  wire signed [31:0] whole = PIPELINE_16x16_MULT_REG1 ? partial_held : partial;

  always @(posedge CLK)
    if (CE) begin
      a_held <= A;
      b_held <= B;
      top_held <= top;
      bottom_held <= bottom;
      partial_held <= partial;
      whole_held <= whole;
    end

  assign O = !MODE_8x8 ? (PIPELINE_16x16_MULT_REG2 ? whole_held : whole)
      : {TOP_8x8_MULT_REG ? top_held : top, BOT_8x8_MULT_REG ? bottom_held : bottom};
endmodule
