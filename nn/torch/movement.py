# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Those operators of PyTorch that move values about, as operators of the graph."""

from collections.abc import Callable

from macaw.nn.errors import ModelError
from macaw.nn.graph import operators as op
from macaw.nn.torch.site import TO_PLAIN, Site

__all__ = ["MOVEMENT"]


def _reshape(site: Site) -> None:
    """flatten, reshape, view, squeeze and unsqueeze: the result's shape says it all, and values
    go in PyTorch's order."""
    source = site.only
    shape, name = site.shape(source), site.draft.images.get(source)
    if name is None or (shape[1] > 1 and shape[2] * shape[3] > 1):
        name = site.draft.plain(source)
    result = site.draft.define(site.call.name, site.facts, image=False)
    site.add(op.Reshape(inputs=(name,), outputs=(result,), shape=site.facts.shape))


def _permute(site: Site) -> None:
    values = site.bound("input", "dims", *(f"dim{n}" for n in range(8)), **{
        f"dim{n}": None for n in range(8)
    })  # fmt: skip
    more = [values[f"dim{n}"] for n in range(8) if values[f"dim{n}"] is not None]
    axes = values["dims"] if isinstance(values["dims"], tuple) else (values["dims"], *more)
    rank = len(site.facts.shape)
    site.add(
        op.Transpose(
            **site.on_plains(site.only), permutation=tuple(int(axis) % rank for axis in axes)
        )
    )


def _transpose(site: Site) -> None:
    values = site.bound("input", "dim0", "dim1")
    rank = len(site.facts.shape)
    axes = list(range(rank))
    first, second = int(values["dim0"]) % rank, int(values["dim1"]) % rank
    axes[first], axes[second] = axes[second], axes[first]
    site.add(op.Transpose(**site.on_plains(site.only), permutation=tuple(axes)))


def _split(site: Site) -> None:
    """Chunk and split: the sizes are those of the results."""
    values = site.bound("input", "count", "dim", dim=0)
    source = site.source(values["input"])
    pieces = site.call.facts
    if not isinstance(pieces, tuple):
        raise ModelError("the result must be several tensors")
    axis = int(values["dim"]) % len(site.shape(source))
    image = source in site.draft.images and source not in site.draft.plains
    names = tuple(
        site.draft.define(f"{site.call.name}#{index}", facts, image=image)
        for index, facts in enumerate(pieces)
    )
    site.add(
        op.Split(
            inputs=(site.draft.image(source) if image else site.draft.plain(source),),
            outputs=names,
            axis=TO_PLAIN[axis] if image else axis,
            sizes=tuple(facts.shape[axis] for facts in pieces),
        )
    )


def _getitem(site: Site) -> None:
    values = site.bound("input", "index")
    source, index = site.source(values["input"]), values["index"]
    name = f"{source}#{index}"
    if name not in site.draft.facts:
        raise ModelError("indices must be those of pieces of chunk or split")
    site.draft.alias(site.call.name, name, site.facts)


#: The conversion of each such call.
MOVEMENT: dict[str, Callable[[Site], None]] = {
    "Flatten": _reshape,
    "chunk": _split,
    "flatten": _reshape,
    "getitem": _getitem,
    "permute": _permute,
    "reshape": _reshape,
    "split": _split,
    "squeeze": _reshape,
    "transpose": _transpose,
    "unsqueeze": _reshape,
    "view": _reshape,
}
