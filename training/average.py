"""python -m training.average: mix two adapters, one of which was trained on from the other.

The numbers of both are averaged, the low-rank factors each by itself: of runs with a common start, that lies close to
the mean of the changes (Wortsman et al. 2022, "Model soups", arXiv:2203.05482, average whole weights).
"""

import argparse
import sys
from pathlib import Path

from safetensors.torch import save_file

from rag.adapter import read_adapter


def average(first: Path, second: Path, out: Path, share: float) -> None:
    """Write `share` (0 to 1) of the second adapter and the rest of the first.

    Raises ValueError where they do not fit.
    """
    (one, _), (other, said) = read_adapter(first), read_adapter(second)
    if {name: tensor.shape for name, tensor in one.items()} != {name: t.shape for name, t in other.items()}:
        raise ValueError(f"{first} and {second} are adapters of different ranks or models")
    mixed = {
        name: ((1 - share) * one[name].float() + share * tensor.float()).to(tensor.dtype).contiguous()
        for name, tensor in other.items()
    }
    save_file(mixed, out, metadata={**said, "averaged": f"{share:g} of it"})


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.average", description=__doc__)
    parser.add_argument("first", type=Path, help="adapter that the second was trained on from")
    parser.add_argument("second", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second (0.5)")
    options = parser.parse_args(arguments)
    try:
        average(options.first, options.second, options.out, options.share)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
