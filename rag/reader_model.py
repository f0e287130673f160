"""The network of the reader: the embedded encoder with a low-rank adapter merged in, and two heads.

Imports torch: import it only where a model is made. The adapter is trained by `training/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rag.adapter import merge_adapter, read_adapter

QUESTION_TOKENS = 64  # a longer question is cut
WINDOW_TOKENS = 256  # a longer window is cut
LONGEST_ANSWER = 40  # tokens
BOS, PAD, EOS = 0, 1, 2
PADDED_TO = 16  # tokens: few shapes of batches are set up once and reused


@dataclass(frozen=True)
class Encoded:
    """Token ids of `<s> query: question </s> title, window </s>`, and for each token of the window its characters."""

    ids: list[int]
    first: int  # index of the window's first token in `ids`
    offsets: list[tuple[int, int]]  # of the window's tokens, in its characters


def encode(tokenizer: Any, question: str, title: str, window: str) -> Encoded:
    """The input of the network for one window of an article."""
    asked = tokenizer(f"query: {question}", add_special_tokens=False)["input_ids"][:QUESTION_TOKENS]
    head = tokenizer(title, add_special_tokens=False)["input_ids"][:QUESTION_TOKENS]
    body = tokenizer(window, add_special_tokens=False, return_offsets_mapping=True)
    read, offsets = body["input_ids"][:WINDOW_TOKENS], body["offset_mapping"][:WINDOW_TOKENS]
    ids = [BOS, *asked, EOS, *head, *([EOS] if head else []), *read, EOS]
    return Encoded(ids, len(ids) - len(read) - 1, [(int(start), int(end)) for start, end in offsets])


def padded(rows: Sequence[Sequence[int]], multiple: int = PADDED_TO) -> tuple[Tensor, Tensor]:
    """(rows, longest) token ids, and a mask that is 1 where there is a token; the length is rounded up."""
    longest = -(-max(map(len, rows)) // multiple) * multiple
    ids = torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in rows])
    return ids, (ids != PAD).long()


class ReaderModel(nn.Module):
    """Reads a question with a window of an article."""

    def __init__(self, encoder: nn.Module, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.span = nn.Linear(hidden, 2)
        self.answers = nn.Linear(hidden, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (rows, tokens, 2) of where an answer starts and ends, and (rows,) of whether there is one."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states.to(self.span.weight.dtype)
        return self.span(states).float(), self.answers(states[:, 0]).squeeze(-1).float()


def best_span(start: Tensor, end: Tensor) -> tuple[int, int]:
    """The span of at most LONGEST_ANSWER tokens with the highest sum of logits: its first and last token."""
    count = len(start)
    allowed = torch.ones(count, count).triu() - torch.ones(count, count).triu(LONGEST_ANSWER)
    sums = (start[:, None] + end[None, :]).masked_fill(~allowed.bool(), float("-inf"))
    at = int(sums.argmax())
    return divmod(at, count)


def with_adapter(encoder: nn.Module, hidden: int, path: Path) -> ReaderModel:
    """The reader that an adapter file makes of the encoder, whose weights are changed in place."""
    tensors, _ = read_adapter(path)
    merge_adapter(encoder, tensors)
    model = ReaderModel(encoder, hidden)
    with torch.no_grad():
        for name, head in (("span", model.span), ("answers", model.answers)):
            head.weight.copy_(tensors[f"{name}.weight"])
            head.bias.copy_(tensors[f"{name}.bias"])
    return model.eval()
