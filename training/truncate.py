"""python -m training.truncate: an adapter of a lower rank that changes the encoder as nearly as that rank can.

The largest singular values of each change B A are kept (Eckart and Young 1936), by QR decompositions of its factors.
"""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from rag.adapter import read_adapter


def truncated(a: Tensor, b: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Factors (rank, in) and (out, rank) of the nearest matrix of that rank to `b @ a`."""
    qb, rb = torch.linalg.qr(b.double())
    qa, ra = torch.linalg.qr(a.double().T)
    u, s, v = torch.linalg.svd(rb @ ra.T)
    root = s[:rank].sqrt()
    return root[:, None] * (v[:rank] @ qa.T), (qb @ u[:, :rank]) * root


def truncate(adapter: Path, out: Path, rank: int) -> None:
    """Write the adapter with a lower rank; its heads stay as they are."""
    tensors, said = read_adapter(adapter)
    lower = dict(tensors)
    for name in sorted(name.removesuffix(".A") for name in tensors if name.endswith(".A")):
        a, b = truncated(tensors[f"{name}.A"], tensors[f"{name}.B"], rank)
        lower[f"{name}.A"] = a.to(tensors[f"{name}.A"].dtype).contiguous()
        lower[f"{name}.B"] = b.to(tensors[f"{name}.B"].dtype).contiguous()
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
