# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Records what the frameworks compute: ``python tests/golden/recorded/make.py PYTHON``.

Writes torch_onnxruntime.npz and tensorflow_lite.npz beside this file, with the versions that
made them inside. Needs the extras torch, onnx and tflite, and another interpreter PYTHON with
tflite-runtime 2.14.0 and numpy 1, which do not go together with the extras.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

_WORKER = """
import sys
from importlib.metadata import version
from pathlib import Path
import numpy as np
from tflite_runtime.interpreter import Interpreter, OpResolverType
for path in Path(sys.argv[1]).glob("*.tflite"):
    runtime = Interpreter(str(path), num_threads=1,
                          experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    runtime.allocate_tensors()
    runtime.set_tensor(runtime.get_input_details()[0]["index"], np.load(path.with_suffix(".npy")))
    runtime.invoke()
    np.save(path.with_suffix(".out.npy"),
            runtime.get_tensor(runtime.get_output_details()[0]["index"]))
print(version("tflite-runtime"))
"""


def _run_tflite_runtime(python: str, files: list[tuple[bytes, Any]]) -> tuple[str, list[Any]]:
    """The version of another interpreter's tflite-runtime, and its results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, (content, inputs) in enumerate(files):
            (folder / f"{index}.tflite").write_bytes(content)
            np.save(folder / f"{index}.npy", inputs)
        done = subprocess.run(
            [python, "-c", _WORKER, name], check=True, text=True, stdout=subprocess.PIPE
        )
        results = [np.load(folder / f"{index}.out.npy") for index in range(len(files))]
    return done.stdout.strip(), results


def main() -> None:
    """Write the files."""
    import ai_edge_litert
    import golden_recorded
    import onnxruntime
    import torch

    parser = argparse.ArgumentParser(description="Record the results of the frameworks.")
    parser.add_argument("python", metavar="PYTHON", help="interpreter with tflite-runtime")
    python = parser.parse_args().python
    recorded = {
        "torch_onnxruntime": golden_recorded.record_torch_and_onnxruntime(torch, onnxruntime),
        "tensorflow_lite": golden_recorded.record_tensorflow_lite(
            ai_edge_litert, lambda files: _run_tflite_runtime(python, files)
        ),
    }
    for name, arrays in recorded.items():
        path = HERE / f"{name}.npz"
        np.savez_compressed(path, **arrays)
        versions = golden_recorded.read_about(arrays)["versions"]
        print(f"{path.name}: {', '.join(versions)}; {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
