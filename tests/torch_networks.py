# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""ResNet-18, ResNet-50 and MobileNetV2 in PyTorch, with weights from a seed.

As torchvision has them, with BatchNorm2d and plain sums; PyTorch is imported within functions.
"""

from typing import Any


def resnet(torch: Any, counts: tuple[int, ...], *, bottleneck: bool, classes: int = 1000) -> Any:
    """A residual network of ``counts`` blocks in each of four stages."""
    nn = torch.nn
    growth = 4 if bottleneck else 1

    def norm(*layer: Any, **more: Any) -> list[Any]:
        return [nn.Conv2d(*layer, bias=False, **more), nn.BatchNorm2d(layer[1])]

    class Block(nn.Module):
        def __init__(self, inner: int, width: int, stride: int) -> None:
            super().__init__()
            outer = growth * width
            if bottleneck:
                self.layers = nn.Sequential(
                    *norm(inner, width, 1), nn.ReLU(),
                    *norm(width, width, 3, stride=stride, padding=1), nn.ReLU(),
                    *norm(width, outer, 1),
                )  # fmt: skip
            else:
                self.layers = nn.Sequential(
                    *norm(inner, width, 3, stride=stride, padding=1), nn.ReLU(),
                    *norm(width, outer, 3, padding=1),
                )  # fmt: skip
            short = norm(inner, outer, 1, stride=stride)
            self.short = nn.Sequential(*(short if stride > 1 or inner != outer else ()))
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.relu(self.layers(x) + self.short(x))

    layers = [*norm(3, 64, 7, stride=2, padding=3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inner = 64
    for stage, count in enumerate(counts):
        for index in range(count):
            layers.append(Block(inner, 64 << stage, 2 if stage and not index else 1))
            inner = growth * (64 << stage)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, classes)]
    return nn.Sequential(*layers)


def mobilenet_v2(torch: Any, *, relu6: bool = True) -> Any:
    """Inverted residuals; without ``relu6`` with ReLU, for an engine that mixes up the other."""
    nn = torch.nn

    def norm(inner: int, outer: int, kernel: int, *, act: bool = True, **more: Any) -> list[Any]:
        layer = nn.Conv2d(inner, outer, kernel, padding=kernel // 2, bias=False, **more)
        last = [nn.ReLU6() if relu6 else nn.ReLU()] if act else []
        return [layer, nn.BatchNorm2d(outer), *last]

    class Inverted(nn.Module):
        def __init__(self, inner: int, outer: int, stride: int, factor: int) -> None:
            super().__init__()
            wide = factor * inner
            self.layers = nn.Sequential(
                *(norm(inner, wide, 1) if factor > 1 else ()),
                *norm(wide, wide, 3, stride=stride, groups=wide),
                *norm(wide, outer, 1, act=False),
            )
            self.residual = stride == 1 and inner == outer

        def forward(self, x: Any) -> Any:
            return x + self.layers(x) if self.residual else self.layers(x)

    layers, inner = norm(3, 32, 3, stride=2), 32
    for factor, outer, count, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
        (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for index in range(count):
            layers.append(Inverted(inner, outer, 1 if index else stride, factor))
            inner = outer
    layers += [*norm(inner, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers)


#: The networks by name; each takes whether there may be a ReLU6.
NETWORKS = {
    "resnet18": lambda torch, relu6: resnet(torch, (2, 2, 2, 2), bottleneck=False),
    "resnet50": lambda torch, relu6: resnet(torch, (3, 4, 6, 3), bottleneck=True),
    "mobilenet_v2": lambda torch, relu6: mobilenet_v2(torch, relu6=relu6),
}


def seeded(torch: Any, name: str, images: Any, *, relu6: bool = True) -> Any:
    """A network whose weights come from a seed, and its norms from ``images``, in evaluation
    mode."""
    torch.manual_seed(13)
    network = NETWORKS[name](torch, relu6)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, torch.nn.BatchNorm2d):
            # The norms are those of the images alone.
            layer.momentum = None
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias, 0, 0.3)
    with torch.no_grad():
        network(images)
    return network.eval()
