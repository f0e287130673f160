"""python -m training.truncate: an adapter of a lower rank that changes the encoder as nearly as that rank can.

The largest singular values of each change are kept (Eckart and Young 1936).
"""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from rag.adapter import changes, heads, read_adapter


def truncated(change: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Factors (rank, in) and (out, rank) of the nearest matrix of that rank to a change (out, in)."""
    u, s, v = torch.linalg.svd(change, full_matrices=False)
    root = s[:rank].sqrt()
    return root[:, None] * v[:rank], u[:, :rank] * root


def truncate(adapter: Path, out: Path, rank: int) -> None:
    """Write the adapter with a lower rank; its heads, and what it changes that is no matrix, stay as they are."""
    tensors, said = read_adapter(adapter)
    lower = {name: tensor for name, tensor in tensors.items() if name.endswith(".C")} | heads(tensors)
    for name, change in changes(tensors).items():
        if change.ndim == 2:
            a, b = truncated(change, rank)
            lower[f"{name}.A"], lower[f"{name}.B"] = a.bfloat16().contiguous(), b.bfloat16().contiguous()
    save_file(lower, out, metadata={**said, "truncated": f"to rank {rank}"})


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.truncate", description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rank", type=int, required=True)
    options = parser.parse_args(arguments)
    if options.rank < 1:
        parser.error("--rank must be 1 or more")
    truncate(options.adapter, options.out, options.rank)
    return 0


if __name__ == "__main__":
    sys.exit(main())
