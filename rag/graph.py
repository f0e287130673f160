"""A network as one graph, which Python does not hold up between its layers.

Imports torch: import it only where a model is made.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Network = Callable[[Tensor, Tensor], Any]


class LastStates(nn.Module):
    """The last states of a transformer: (texts, tokens, d) of token ids and their mask."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, ids: Tensor, mask: Tensor) -> Any:
        """(texts, tokens, d) in the numbers of the transformer."""
        return self.transformer(input_ids=ids, attention_mask=mask).last_hidden_state


def as_graph(model: nn.Module) -> Network:
    """What a model makes of token ids and their mask, the same to the bit; threads wait less for each other.

    It shares the model's numbers. From Python 3.14 on, where torch has no TorchScript, the model as it is.
    """
    if sys.version_info >= (3, 14):
        return model
    with torch.inference_mode(), warnings.catch_warnings():
        # It warns that TorchScript is going away, and that lengths may be constants, which a test holds they are not.
        warnings.simplefilter("ignore")
        example = torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 2, dtype=torch.long)
        # A function would be traced in half the time, but torch never lets go of its numbers.
        graph = torch.jit.trace(model, example, check_trace=False, strict=False)  # type: ignore[no-untyped-call]

    def run(ids: Tensor, mask: Tensor) -> Any:
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]  # no slower, and keeps 40 MB less
            return graph(ids, mask)

    return run
