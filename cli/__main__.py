# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m macaw.cli`` is the command ``macaw``."""

from macaw.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    main(prog_name="macaw")
