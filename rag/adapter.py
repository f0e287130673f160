"""Low-rank adapters: the small files that make the embedded encoder read, or embed questions, as it was trained to.

Imports torch: import it only where a model is made. The files are written by `training/`.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn


def read_adapter(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    """The tensors of an adapter file and what it says of itself."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    return load_file(path), metadata


def merge_adapter(encoder: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Add an adapter to the weights of an encoder, in place.

    `NAME.A` (rank, in) and `NAME.B` (out, rank) add B A to the weight NAME (Hu et al., ICLR 2022, arXiv:2106.09685).
    """
    weights = dict(encoder.named_parameters())
    with torch.no_grad():
        for name in sorted({name.removesuffix(".A") for name in tensors if name.endswith(".A")}):
            added = tensors[f"{name}.B"].float() @ tensors[f"{name}.A"].float()
            weights[name].copy_(weights[name].float() + added)
