# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""LiteRT's kernels, live: what they make of a file."""


def litert(interpreter, content, inputs, *, resolver="BUILTIN_REF"):
    """The outputs of the kernels of ``resolver``, by default the reference kernels."""
    runtime = interpreter.Interpreter(
        model_content=content,
        experimental_op_resolver_type=interpreter.OpResolverType[resolver],
        num_threads=1,
    )
    runtime.allocate_tensors()
    for detail, values in zip(runtime.get_input_details(), inputs, strict=True):
        runtime.set_tensor(detail["index"], values)
    runtime.invoke()
    return [runtime.get_tensor(detail["index"]) for detail in runtime.get_output_details()]
