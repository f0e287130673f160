"""Adapters: the small files that make the embedded encoder read, or embed questions, as it was trained to.

An adapter says by how much each weight changes. `NAME.A` (rank, in) and `NAME.B` (out, rank) change the weight NAME by
B A (Hu et al., ICLR 2022, arXiv:2106.09685). `NAME.Q` (out, in / 2) holds a change of any rank, four bits a number, and
`NAME.S` (out, in / GROUP) a scale for each GROUP of them. `NAME.C` is a change as it is. Other names are of a head.

Imports torch: import it only where a model is made. The files are written by `training/`.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

GROUP = 64
HIGHEST = 7  # of the whole numbers -7 to 7 that four bits hold
_IS_CHANGE = (".A", ".B", ".Q", ".S", ".C")


def read_adapter(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    """The tensors of an adapter file and what it says of itself."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    return load_file(path), metadata


def changes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What the tensors of an adapter add to each weight that it changes, in float32."""
    added = {}
    for key in sorted(tensors):
        name, kind = key[:-2], key[-2:]
        if kind == ".A":
            added[name] = tensors[f"{name}.B"].float() @ tensors[key].float()
        elif kind == ".Q":
            added[name] = from_four_bits(tensors[key], tensors[f"{name}.S"])
        elif kind == ".C":
            added[name] = tensors[key].float()
    return added


def heads(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of an adapter that belong to its heads."""
    return {name: tensor for name, tensor in tensors.items() if not name.endswith(_IS_CHANGE)}


def merge_adapter(encoder: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Add an adapter to the weights of an encoder, in place."""
    weights = dict(encoder.named_parameters())
    with torch.no_grad():
        for name, added in changes(tensors).items():
            weights[name].copy_(weights[name].float() + added)


def to_four_bits(change: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix (out, in) as whole numbers, two in a byte, (out, in / 2) uint8, and scales, (out, in / GROUP) half."""
    groups = change.float().view(len(change), -1, GROUP)
    scales = (groups.abs().amax(2) / HIGHEST).half()
    whole = (groups / scales.float().clamp_min(1e-12)[..., None]).round().clamp(-HIGHEST, HIGHEST) + HIGHEST
    numbers = whole.to(torch.uint8).flatten(1)
    return (numbers[:, ::2] | numbers[:, 1::2] << 4).contiguous(), scales.contiguous()


def from_four_bits(numbers: Tensor, scales: Tensor) -> Tensor:
    """The matrix (out, in) float32 that `to_four_bits` made whole numbers of."""
    whole = torch.stack([numbers & 15, numbers >> 4], 2).flatten(1).float() - HIGHEST
    return (whole.view(len(whole), -1, GROUP) * scales.float()[..., None]).flatten(1)
