# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Where the place of values in memory decides what PyTorch's kernels compute.

Kernels take images whose channels lie innermost in vectors, pixel by pixel, and others value by
value, with other roundings. The graph's operators mean the first; convolutions leave images so.
What would come out otherwise is refused. In exported programs it makes no difference.
"""

from macaw.nn.errors import ModelError
from macaw.nn.torch.recording import Facts
from macaw.nn.torch.site import Site

__all__ = [
    "check_average",
    "check_clamp",
    "check_concat",
    "check_elu",
    "check_mean",
    "check_vectors",
]

#: Values of a vector in the kernels of single values, with AVX512.
_VECTOR = 64

#: With fewer pixels an average's rounding errors stay below its distance from a tie.
_EXACT = 1 << 12

_ADVICE = "let a convolution come before, or give the module an image in torch.channels_last"


def _innermost(facts: Facts) -> bool:
    """Whether the graph's order of values is that in memory."""
    return facts.channels_last if len(facts.shape) == 4 else facts.channels_first


def check_vectors(site: Site, *sources: str) -> None:
    """Refuse functions of single values whose vectors, or the rest behind them, lie elsewhere."""
    known = [*(site.draft.facts[source] for source in sources), site.facts]
    if site.program or all(_innermost(facts) for facts in known):
        return
    count = 1
    for size in site.facts.shape:
        count *= size
    if all(facts.channels_first for facts in known) and count % _VECTOR == 0:
        return
    raise ModelError(f"channels must lie innermost in memory: {_ADVICE}")


def check_elu(site: Site, source: str) -> None:
    """The same for ELU, whose results lie channels first."""
    if not _innermost(site.draft.facts[source]) or not site.facts.channels_first:
        raise ModelError(f"channels must lie innermost in memory: {_ADVICE}")


def check_average(site: Site, source: str, *, count: int, native: bool) -> None:
    """Refuse averages of images whose channels do not lie innermost; qnnpack moves them first,
    unless ``native``, where it leaves the work to another. An odd ``count`` of pixels makes no
    ties, so that all kernels agree; 0 stands for different counts."""
    if site.program or (count % 2 == 1 and count < _EXACT):
        return
    if (native or not site.qnnpack) and not site.draft.facts[source].channels_last:
        raise ModelError(f"channels must lie innermost in memory: {_ADVICE}")


def check_clamp(site: Site, source: str) -> None:
    """Refuse what qnnpack gets wrong: bounds other than ReLU's, on images whose channels lie
    innermost, come out with their axes mixed up."""
    if site.qnnpack and not site.draft.facts[source].channels_first:
        raise ModelError(
            "the engine qnnpack mixes up the pixels of an image here: use ReLU, or another engine"
        )


def check_mean(site: Site, source: str) -> None:
    """Refuse a mean over pixels that do not lie innermost, but in qnnpack."""
    exact = site.qnnpack or site.program
    if not exact and not site.draft.facts[source].channels_first:
        raise ModelError(
            "an image whose channels lie innermost in memory is averaged in float32, in an order "
            "that is not fixed: use AdaptiveAvgPool2d"
        )


def check_concat(site: Site, sources: list[str]) -> None:
    """Refuse channels that are put side by side with another scale, and do not lie innermost."""
    known = [site.draft.facts[source] for source in sources]
    moved = not site.program and any(
        (facts.scale, facts.zero_point) != (site.facts.scale, site.facts.zero_point)
        for facts in known
    )
    if moved and len(site.facts.shape) == 4 and not all(facts.channels_last for facts in known):
        raise ModelError(f"channels must lie innermost in memory: {_ADVICE}")
