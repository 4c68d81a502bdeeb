# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A network for handwritten digits: trained on real ones, quantised by PyTorch, for `macaw sim`.

scikit-learn brings 1,797 digits of 8x8 pixels of 0 to 16, which are the quantised image as they
are, at a scale of 1/16. 360 of them are held back: neither training nor calibration sees them. The
example writes ``data/digits.macaw``, the network, and ``data/digits_held_back.npz``, the digits
held back, with what PyTorch makes of them: ``images``, ``labels`` and ``logits``, all uint8.

``python examples/digits.py`` takes half a minute; it needs the extra ``examples``.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from macaw.golden import run
from macaw.nn import QuantizedGraph, from_torch, save_graph

__all__ = ["HELD_BACK", "NETWORK", "digits", "main", "quantised_digits", "train"]

DATA = Path(__file__).resolve().parent / "data"
#: The files that are written.
NETWORK, HELD_BACK = DATA / "digits.macaw", DATA / "digits_held_back.npz"

HELD_BACK_COUNT = 360
#: The scale of the pixels.
SCALE = 1 / 16
EPOCHS, BATCH, RATE = 30, 64, 6e-3
SEED = 2026


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images, uint8 [count, 1, 8, 8], and labels: first those to train with, then those held
    back."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = found.images.astype(np.uint8)[:, np.newaxis]
    order = np.random.default_rng(SEED).permutation(len(images))
    held_back, others = order[:HELD_BACK_COUNT], order[HELD_BACK_COUNT:]
    return images[others], found.target[others], images[held_back], found.target[held_back]


def train(torch: Any, images: np.ndarray, labels: np.ndarray, *, epochs: int = EPOCHS) -> Any:
    """The network in float32, in evaluation mode."""
    nn = torch.nn
    torch.manual_seed(SEED)
    network = nn.Sequential()
    for name, layer in {
        "first": nn.Conv2d(1, 16, 3, padding=1),
        "first_relu": nn.ReLU(),
        "second": nn.Conv2d(16, 32, 3, padding=1),
        "second_relu": nn.ReLU(),
        "largest": nn.MaxPool2d(2),
        "third": nn.Conv2d(32, 32, 3, padding=1),
        "third_relu": nn.ReLU(),
        "mean": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
        "scores": nn.Linear(32, 10),
    }.items():
        network.add_module(name, layer)
    inputs, targets = torch.from_numpy(images) * SCALE, torch.from_numpy(labels)
    optimiser = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=epochs * -(-len(images) // BATCH)
    )
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(BATCH):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(inputs[batch]), targets[batch]).backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def quantised_digits(torch: Any, network: Any, images: np.ndarray) -> Any:
    """The network on the engine qnnpack, calibrated on ``images``; it takes quantised images."""
    from torch.ao import quantization

    whole = torch.nn.Sequential(quantization.QuantStub(), network)
    fused = [[name, f"{name}_relu"] for name in ("first", "second", "third")]
    quantization.fuse_modules(network, fused, inplace=True)
    whole.qconfig = quantization.get_default_qconfig("qnnpack")
    quantization.prepare(whole.eval(), inplace=True)
    whole(torch.from_numpy(images) * SCALE)
    return quantization.convert(whole, inplace=True)[1]


def outputs(torch: Any, module: Any, images: np.ndarray) -> np.ndarray:
    """What PyTorch's module makes of each digit: quantised logits, uint8 [count, 10]."""
    found = module(quantised_images(torch, images)).int_repr().numpy()
    return np.ascontiguousarray(found)


def quantised_images(torch: Any, images: np.ndarray) -> Any:
    """Images as PyTorch's tensors, which hold just these integers."""
    return torch._make_per_tensor_quantized_tensor(torch.from_numpy(images), SCALE, 0)


def graph_of(torch: Any, module: Any, images: np.ndarray) -> QuantizedGraph:
    """The module's graph, of one digit."""
    return from_torch(module, quantised_images(torch, images[:1]), engine="qnnpack", name="digits")


def main() -> bool:
    """Trains, quantises and writes; whether the golden model gives PyTorch's every bit."""
    import torch

    torch.backends.quantized.engine = "qnnpack"
    torch.set_num_threads(1)
    images, labels, held_back, held_back_labels = digits()
    network = train(torch, images, labels)
    with warnings.catch_warnings(), torch.no_grad():
        # torch.ao says that it moves elsewhere.
        warnings.simplefilter("ignore")
        module = quantised_digits(torch, network, images)
        logits = outputs(torch, module, held_back)
        graph = graph_of(torch, module, held_back)
    ours = [next(iter(run(graph, [image[np.newaxis]]).values()))[0] for image in held_back]
    equal = np.array_equal(logits, np.stack(ours))
    right = int(np.count_nonzero(logits.argmax(axis=1) == held_back_labels))
    print(f"{right} of {len(held_back)} digits right, golden {'equal' if equal else 'DIFFERENT'}")
    if equal:
        DATA.mkdir(exist_ok=True)
        save_graph(graph, NETWORK)
        np.savez_compressed(
            HELD_BACK, images=held_back, labels=held_back_labels.astype(np.uint8), logits=logits
        )
    return equal


if __name__ == "__main__":
    raise SystemExit(not main())
