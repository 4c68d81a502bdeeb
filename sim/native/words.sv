// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Files that are mapped into the simulator (words.cpp), and what reads and writes them: a long
// run is fed without a step of Python.
package words;
  import "DPI-C" function chandle words_open(input string path);
  import "DPI-C" function longint words_get(input chandle file, input longint offset,
                                            input int bytes);
  import "DPI-C" function void words_put(input chandle file, input longint offset,
                                         input int bytes, input longint value);
endpackage
