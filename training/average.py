"""python -m training.average: mix two adapters, one of which was trained on from the other, or both from a third.

The mean of the weights of runs with a common start often does better than each (Wortsman et al. 2022, "Model soups",
arXiv:2203.05482).
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from rag.adapter import changes, heads, read_adapter
from training.train import write_changes


def average(first: Path, second: Path, out: Path, share: float) -> None:
    """Write `share` (0 to 1) of the second adapter and the rest of the first; a weight that one leaves alone counts 0.

    Raises ValueError where they do not fit.
    """
    (one, _), (other, said) = read_adapter(first), read_adapter(second)
    if _shapes(heads(one)) != _shapes(heads(other)):
        raise ValueError(f"{first} and {second} are adapters with different heads or of different models")

    def mixed(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, Tensor]:
        parts = ((1 - share, one), (share, other))
        return {name: sum(part * t[name].float() for part, t in parts if name in t) for name in {**one, **other}}  # type: ignore[misc]

    said = {**said, "averaged": f"{share:g} of it"}
    write_changes(mixed(changes(one), changes(other)), mixed(heads(one), heads(other)), out, said)


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


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
