// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Behavioural models of the ECP5 cells that the hardware instantiates (Lattice FPGA-TN-02204,
// "ECP5 memory usage guide", and FPGA-TN-02205, "ECP5 sysDSP usage guide"; the names of ports and
// parameters are those of yosys). A model refuses what it does not have: parameters when the
// simulator is built, signals by ending the simulation. The global set/reset (GSR) is not
// modelled: registers start at zero.

// The 18 x 18 multiplier with its input, pipeline and output registers, each in use where its
// clock is CLK0. The sign bits are registered with the operands.
module MULT18X18D #(
    parameter [127:0] REG_INPUTA_CLK = "NONE",
    parameter [127:0] REG_INPUTA_CE = "CE0",
    parameter [127:0] REG_INPUTA_RST = "RST0",
    parameter [127:0] REG_INPUTB_CLK = "NONE",
    parameter [127:0] REG_INPUTB_CE = "CE0",
    parameter [127:0] REG_INPUTB_RST = "RST0",
    parameter [127:0] REG_INPUTC_CLK = "NONE",
    parameter [127:0] REG_PIPELINE_CLK = "NONE",
    parameter [127:0] REG_PIPELINE_CE = "CE0",
    parameter [127:0] REG_PIPELINE_RST = "RST0",
    parameter [127:0] REG_OUTPUT_CLK = "NONE",
    parameter [127:0] REG_OUTPUT_CE = "CE0",
    parameter [127:0] REG_OUTPUT_RST = "RST0",
    parameter [127:0] CLK0_DIV = "ENABLED",
    parameter [127:0] HIGHSPEED_CLK = "NONE",
    parameter [127:0] CAS_MATCH_REG = "FALSE",
    parameter [127:0] SOURCEB_MODE = "B_SHIFT",
    parameter [127:0] MULT_BYPASS = "DISABLED",
    parameter [127:0] RESETMODE = "SYNC",
    parameter [127:0] GSR = "ENABLED"
) (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input CLK0, CE0, RST0,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19,
        P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  localparam bit REGISTER_A = REG_INPUTA_CLK == "CLK0";
  localparam bit REGISTER_B = REG_INPUTB_CLK == "CLK0";
  localparam bit REGISTER_PIPELINE = REG_PIPELINE_CLK == "CLK0";
  localparam bit REGISTER_OUTPUT = REG_OUTPUT_CLK == "CLK0";

  if (!REGISTER_A && REG_INPUTA_CLK != "NONE" || !REGISTER_B && REG_INPUTB_CLK != "NONE"
      || !REGISTER_PIPELINE && REG_PIPELINE_CLK != "NONE"
      || !REGISTER_OUTPUT && REG_OUTPUT_CLK != "NONE" || REG_INPUTC_CLK != "NONE")
    $fatal(1, "MULT18X18D: a register's clock must be NONE or CLK0, and that of C NONE");
  if (REG_INPUTA_CE != "CE0" || REG_INPUTB_CE != "CE0" || REG_PIPELINE_CE != "CE0"
      || REG_OUTPUT_CE != "CE0" || REG_INPUTA_RST != "RST0" || REG_INPUTB_RST != "RST0"
      || REG_PIPELINE_RST != "RST0" || REG_OUTPUT_RST != "RST0")
    $fatal(1, "MULT18X18D: registers must take CE0 and RST0");
  if (CLK0_DIV != "ENABLED" || HIGHSPEED_CLK != "NONE" || CAS_MATCH_REG != "FALSE"
      || SOURCEB_MODE != "B_SHIFT" || MULT_BYPASS != "DISABLED")
    $fatal(1, "MULT18X18D: this mode has no model");

  always @(posedge CLK0) begin
    if (RST0) $fatal(1, "MULT18X18D: RST0 has no model");
    if (SOURCEA || SOURCEB) $fatal(1, "MULT18X18D: shifted operands have no model");
  end

  // An operand with its sign has 19 bits.
  wire signed [18:0] a = {SIGNEDA & A17,
    A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
  };
  wire signed [18:0] b = {SIGNEDB & B17,
    B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
  };
  reg signed [18:0] a_held = 0, b_held = 0;
  wire signed [18:0] a_used = REGISTER_A ? a_held : a;
  wire signed [18:0] b_used = REGISTER_B ? b_held : b;
  wire signed [35:0] product = 36'(a_used) * 36'(b_used);
  reg signed [35:0] product_held = 0, output_held = 0;
  wire signed [35:0] product_used = REGISTER_PIPELINE ? product_held : product;
  wire signed [35:0] p = REGISTER_OUTPUT ? output_held : product_used;

  always @(posedge CLK0)
    if (CE0) begin
      a_held <= a;
      b_held <= b;
      product_held <= product;
      output_held <= product_used;
    end

  assign {
    P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17,
    P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = p;
endmodule

// The block RAM with two ports, each 2048 x 9 or 1024 x 18. At 18 bits ADx0 and ADx1 enable the
// writing of the low and the high nine bits. Or it is 512 x 36: port A writes, with the upper
// half of its data at DIB and an enable for nine bits each at ADA0 to ADA3, and port B reads, with
// the lower half of the word at DOA. A port that writes keeps its output, or reads the old
// word first (READBEFOREWRITE). What one port reads while the other writes it, at the same edge of a common clock, is undefined in the
// device; here it is the complement of the old word, so that a design that uses it fails.
module DP16KD #(
    parameter int DATA_WIDTH_A = 18,
    parameter int DATA_WIDTH_B = 18,
    parameter [127:0] REGMODE_A = "NOREG",
    parameter [127:0] REGMODE_B = "NOREG",
    parameter [127:0] RESETMODE = "SYNC",
    parameter [127:0] ASYNC_RESET_RELEASE = "SYNC",
    parameter [127:0] CSDECODE_A = "0b000",
    parameter [127:0] CSDECODE_B = "0b000",
    parameter [127:0] WRITEMODE_A = "NORMAL",
    parameter [127:0] WRITEMODE_B = "NORMAL",
    parameter [127:0] CLKAMUX = "CLKA",
    parameter [127:0] CLKBMUX = "CLKB",
    parameter [127:0] INIT_DATA = "STATIC",
    parameter int WID = 0,
    parameter [319:0] INITVAL_00 = 320'h0,
    parameter [319:0] INITVAL_01 = 320'h0,
    parameter [319:0] INITVAL_02 = 320'h0,
    parameter [319:0] INITVAL_03 = 320'h0,
    parameter [319:0] INITVAL_04 = 320'h0,
    parameter [319:0] INITVAL_05 = 320'h0,
    parameter [319:0] INITVAL_06 = 320'h0,
    parameter [319:0] INITVAL_07 = 320'h0,
    parameter [319:0] INITVAL_08 = 320'h0,
    parameter [319:0] INITVAL_09 = 320'h0,
    parameter [319:0] INITVAL_0A = 320'h0,
    parameter [319:0] INITVAL_0B = 320'h0,
    parameter [319:0] INITVAL_0C = 320'h0,
    parameter [319:0] INITVAL_0D = 320'h0,
    parameter [319:0] INITVAL_0E = 320'h0,
    parameter [319:0] INITVAL_0F = 320'h0,
    parameter [319:0] INITVAL_10 = 320'h0,
    parameter [319:0] INITVAL_11 = 320'h0,
    parameter [319:0] INITVAL_12 = 320'h0,
    parameter [319:0] INITVAL_13 = 320'h0,
    parameter [319:0] INITVAL_14 = 320'h0,
    parameter [319:0] INITVAL_15 = 320'h0,
    parameter [319:0] INITVAL_16 = 320'h0,
    parameter [319:0] INITVAL_17 = 320'h0,
    parameter [319:0] INITVAL_18 = 320'h0,
    parameter [319:0] INITVAL_19 = 320'h0,
    parameter [319:0] INITVAL_1A = 320'h0,
    parameter [319:0] INITVAL_1B = 320'h0,
    parameter [319:0] INITVAL_1C = 320'h0,
    parameter [319:0] INITVAL_1D = 320'h0,
    parameter [319:0] INITVAL_1E = 320'h0,
    parameter [319:0] INITVAL_1F = 320'h0,
    parameter [319:0] INITVAL_20 = 320'h0,
    parameter [319:0] INITVAL_21 = 320'h0,
    parameter [319:0] INITVAL_22 = 320'h0,
    parameter [319:0] INITVAL_23 = 320'h0,
    parameter [319:0] INITVAL_24 = 320'h0,
    parameter [319:0] INITVAL_25 = 320'h0,
    parameter [319:0] INITVAL_26 = 320'h0,
    parameter [319:0] INITVAL_27 = 320'h0,
    parameter [319:0] INITVAL_28 = 320'h0,
    parameter [319:0] INITVAL_29 = 320'h0,
    parameter [319:0] INITVAL_2A = 320'h0,
    parameter [319:0] INITVAL_2B = 320'h0,
    parameter [319:0] INITVAL_2C = 320'h0,
    parameter [319:0] INITVAL_2D = 320'h0,
    parameter [319:0] INITVAL_2E = 320'h0,
    parameter [319:0] INITVAL_2F = 320'h0,
    parameter [319:0] INITVAL_30 = 320'h0,
    parameter [319:0] INITVAL_31 = 320'h0,
    parameter [319:0] INITVAL_32 = 320'h0,
    parameter [319:0] INITVAL_33 = 320'h0,
    parameter [319:0] INITVAL_34 = 320'h0,
    parameter [319:0] INITVAL_35 = 320'h0,
    parameter [319:0] INITVAL_36 = 320'h0,
    parameter [319:0] INITVAL_37 = 320'h0,
    parameter [319:0] INITVAL_38 = 320'h0,
    parameter [319:0] INITVAL_39 = 320'h0,
    parameter [319:0] INITVAL_3A = 320'h0,
    parameter [319:0] INITVAL_3B = 320'h0,
    parameter [319:0] INITVAL_3C = 320'h0,
    parameter [319:0] INITVAL_3D = 320'h0,
    parameter [319:0] INITVAL_3E = 320'h0,
    parameter [319:0] INITVAL_3F = 320'h0,
    parameter [127:0] GSR = "ENABLED"
) (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
        DIA4, DIA3, DIA2, DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
        DOA4, DOA3, DOA2, DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
        DIB4, DIB3, DIB2, DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
        DOB4, DOB3, DOB2, DOB1, DOB0
);
  localparam bit OLD_A = WRITEMODE_A == "READBEFOREWRITE";
  localparam bit OLD_B = WRITEMODE_B == "READBEFOREWRITE";
  localparam bit WIDE = DATA_WIDTH_A == 36 && DATA_WIDTH_B == 36;
  if (!WIDE && (DATA_WIDTH_A != 9 && DATA_WIDTH_A != 18
      || DATA_WIDTH_B != 9 && DATA_WIDTH_B != 18))
    $fatal(1, "DP16KD: the widths must be 9 or 18, or both 36");
  if (WIDE && REGMODE_A != REGMODE_B)
    $fatal(1, "DP16KD: the register modes must be equal at a width of 36");
  if (REGMODE_A != "NOREG" && REGMODE_A != "OUTREG"
      || REGMODE_B != "NOREG" && REGMODE_B != "OUTREG")
    $fatal(1, "DP16KD: the register modes must be NOREG or OUTREG");
  if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || CLKAMUX != "CLKA"
      || CLKBMUX != "CLKB" || WRITEMODE_A != "NORMAL" && !OLD_A || WRITEMODE_B != "NORMAL" && !OLD_B)
    $fatal(1, "DP16KD: this mode has no model");

  localparam [20479:0] INITIAL = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A,
    INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34,
    INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
    INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22,
    INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
    INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
    INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
    INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
    INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04,
    INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
  };
  reg [17:0] memory[0:1023];
  initial for (int i = 0; i < 1024; i++) memory[i] = INITIAL[20*i+:18];

  wire [13:0] address_a = {
    ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
  };
  wire [17:0] data_a = {
    DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
    DIA3, DIA2, DIA1, DIA0
  };
  wire select_a = CEA && !CSA2 && !CSA1 && !CSA0;
  wire [1:0] half_a = {address_a[3], !address_a[3]};
  wire [1:0] write_a = select_a && WEA && !WIDE ? (DATA_WIDTH_A == 18 ? address_a[1:0] : half_a) : 0;
  wire [1:0] read_a = DATA_WIDTH_A == 18 ? 2'b11 : half_a;
  wire collision_a = (read_a & write_b) != 0 && address_a[13:4] == address_b[13:4];
  wire [13:0] address_b = {
    ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
  };
  wire [17:0] data_b = {
    DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
    DIB3, DIB2, DIB1, DIB0
  };
  wire select_b = CEB && !CSB2 && !CSB1 && !CSB0;
  wire [1:0] half_b = {address_b[3], !address_b[3]};
  wire [1:0] write_b = select_b && WEB ? (DATA_WIDTH_B == 18 ? address_b[1:0] : half_b) : 0;
  wire [1:0] read_b = DATA_WIDTH_B == 18 ? 2'b11 : half_b;
  wire collision_b = (read_b & write_a) != 0 && address_b[13:4] == address_a[13:4];

  reg [17:0] word_a = 0, held_a = 0;
  reg high_a = 0;
  wire [17:0] q_a = DATA_WIDTH_A == 18 ? word_a : {9'd0, high_a ? word_a[17:9] : word_a[8:0]};
  always @(posedge CLKA) begin
    if (RSTA) $fatal(1, "DP16KD: RSTA has no model");
    if (write_a[0]) memory[address_a[13:4]][8:0] <= data_a[8:0];
    if (write_a[1])
      memory[address_a[13:4]][17:9] <= DATA_WIDTH_A == 18 ? data_a[17:9] : data_a[8:0];
    if (select_a && (!WEA || OLD_A)) begin
      word_a <= memory[address_a[13:4]] ^ {18{collision_a}};
      high_a <= address_a[3];
    end
    if (OCEA) held_a <= q_a;
  end
  assign {
    DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
    DOA3, DOA2, DOA1, DOA0
  } = WIDE ? wide_used[17:0] : REGMODE_A == "OUTREG" ? held_a : q_a;

  reg [17:0] word_b = 0, held_b = 0;
  reg high_b = 0;
  wire [17:0] q_b = DATA_WIDTH_B == 18 ? word_b : {9'd0, high_b ? word_b[17:9] : word_b[8:0]};
  always @(posedge CLKB) begin
    if (RSTB) $fatal(1, "DP16KD: RSTB has no model");
    if (write_b[0]) memory[address_b[13:4]][8:0] <= data_b[8:0];
    if (write_b[1])
      memory[address_b[13:4]][17:9] <= DATA_WIDTH_B == 18 ? data_b[17:9] : data_b[8:0];
    if (select_b && (!WEB || OLD_B)) begin
      word_b <= memory[address_b[13:4]] ^ {18{collision_b}};
      high_b <= address_b[3];
    end
    if (OCEB) held_b <= q_b;
  end
  assign {
    DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
    DOB3, DOB2, DOB1, DOB0
  } = WIDE ? wide_used[35:18] : REGMODE_B == "OUTREG" ? held_b : q_b;

  wire [3:0] write_wide = WIDE && select_a && WEA ? address_a[3:0] : 0;
  wire collision_wide = write_wide != 0 && address_a[13:5] == address_b[13:5];
  reg [35:0] wide = 0, wide_held = 0;
  wire [35:0] wide_used = REGMODE_B == "OUTREG" ? wide_held : wide;
  always @(posedge CLKA) begin
    if (write_wide[0]) memory[{address_a[13:5], 1'b0}][8:0] <= data_a[8:0];
    if (write_wide[1]) memory[{address_a[13:5], 1'b0}][17:9] <= data_a[17:9];
    if (write_wide[2]) memory[{address_a[13:5], 1'b1}][8:0] <= data_b[8:0];
    if (write_wide[3]) memory[{address_a[13:5], 1'b1}][17:9] <= data_b[17:9];
  end
  always @(posedge CLKB) begin
    if (WIDE && WEB) $fatal(1, "DP16KD: port B only reads at a width of 36");
    if (select_b)
      wide <= {memory[{address_b[13:5], 1'b1}], memory[{address_b[13:5], 1'b0}]}
          ^ {36{collision_wide}};
    if (OCEB) wide_held <= wide;
  end
endmodule
