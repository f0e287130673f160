"""python -m training.query DATA OUT: train how questions are embedded; sentences stay as they are.

A low-rank adapter for questions only: the vector of a question is drawn to those of the sentences that answer it, and
away from all other sentences of a pool (softmax over the pool, as in Karpukhin et al., EMNLP 2020, arXiv:2004.04906,
with a frozen encoder of passages). So an index stays as it is. Only a share of the change is kept: weights between
the old and the new ones lose less elsewhere (Wortsman et al., CVPR 2022, arXiv:2109.01903).
"""

import argparse
import hashlib
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rag.cores import fastest_numbers
from rag.embed import SentenceEmbedder, Vector
from rag.reader_model import QUESTION_TOKENS, padded
from training.__main__ import HELD_OUT, SETS, WRITTEN
from training.examples import Item, ReadingSet
from training.train import Plan, export_tensors, open_encoder

TEMPERATURE = 0.03
BATCH = 64  # questions
WARM_UP = 30  # steps
KEEP = 1.0  # weight of staying near the vector that a question had, so that similarities keep their meaning


def pool_of(reading: ReadingSet, passages: list[str], out: Path) -> tuple[Vector, dict[str, int]]:
    """Vectors of all sentences of the passages, kept in `out`, and the row at which those of each passage begin."""
    texts, first = [], {}
    for id_ in passages:
        first[id_] = len(texts)
        texts += [f"{reading.titles[id_]}\n{reading.texts[id_][a:b]}" for a, b in reading.spans[id_]]
    kept = out / f"pool-{hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]}.npy"
    if not kept.exists():
        out.mkdir(parents=True, exist_ok=True)
        np.save(kept, SentenceEmbedder().embed_texts(texts))
    return np.load(kept), first


def answering_rows(reading: ReadingSet, item: Item, first: dict[str, int]) -> list[int]:
    """Rows of the sentences that hold an item's answer."""
    spans = reading.spans[item.passage]
    return [first[item.passage] + i for i, (a, b) in enumerate(spans) if a < item.end and b > item.start]


class QueryModel(nn.Module):
    """Embeds questions: the mean of their tokens' states, of unit length."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(rows, d) float32."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        summed = (states * mask[..., None]).sum(1)
        return functional.normalize(summed / mask.sum(1, keepdim=True), dim=1)


def asked(reading: ReadingSet, items: list[Item], first: dict[str, int]) -> list[tuple[str, list[int]]]:
    """The questions of the items, each with the rows that answer it. Raises ValueError where they fill no batch."""
    found = [(item.question, rows) for item in items if (rows := answering_rows(reading, item, first))]
    if len(found) < BATCH:
        raise ValueError(f"{len(found)} questions are too few: a batch has {BATCH}")
    return found


def train(plan: Plan, reading: ReadingSet, items: list[Item], out: Path) -> dict[str, Tensor]:
    """Train to the end of the plan; gives the adapter's matrices by name. Raises ValueError for too few questions."""
    torch.manual_seed(plan.seed)
    vectors, first = pool_of(reading, sorted({item.passage for item in items}), out)
    questions, pool = asked(reading, items, first), torch.from_numpy(vectors)
    encoder, tokenizer, _ = open_encoder(plan)
    model = QueryModel(encoder)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), lr=plan.rate, weight_decay=0.01)
    chance = random.Random(plan.seed)
    steps = round(plan.epochs * len(questions) / BATCH)
    begun, mean = time.time(), 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / WARM_UP, (steps - step) / steps)
        loss = _loss(model, tokenizer, chance.sample(questions, BATCH), pool)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        mean = loss.item() if step == 0 else 0.95 * mean + 0.05 * loss.item()
        if (step + 1) % 25 == 0:
            rate = (step + 1) * BATCH / (time.time() - begun)
            print(f"step {step + 1}/{steps} loss {mean:.3f} {rate:.0f} questions/s", flush=True)
    return dict(trained)


def _loss(model: QueryModel, tokenizer: Any, batch: list[tuple[str, list[int]]], pool: Tensor) -> Tensor:
    """How far the questions are from what answers them, and from where they were before."""
    ids, mask = padded([tokenizer(f"query: {question}")["input_ids"][:QUESTION_TOKENS] for question, _ in batch])
    with torch.autocast("cpu", torch.bfloat16, enabled=fastest_numbers() == "bfloat16"):
        with torch.no_grad(), model.encoder.disable_adapter():  # type: ignore[operator]
            before = model(ids, mask)
        after = model(ids, mask)
    logs = functional.log_softmax(after @ pool.T / TEMPERATURE, dim=1)
    told = torch.stack([logs[i, rows].logsumexp(0) for i, (_, rows) in enumerate(batch)])
    return -told.mean() + KEEP * (1 - (after * before).sum(1)).mean()


def with_share(trained: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The adapter that adds only a share of what it learned to the weights."""
    return {name: tensor * share if ".lora_B" in name else tensor for name, tensor in trained.items()}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.query", description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds cmrc2018-train and drcd-dev")
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--passages", type=int, default=2000, help="how many; those of training/written come first")
    parser.add_argument("--share", type=float, default=0.3, help="of what was learned that is kept, 0 to 1")
    options = parser.parse_args(arguments)
    folders = [options.data / name for name in SETS]
    try:
        reading, _ = ReadingSet.load(*folders, WRITTEN).split(HELD_OUT)
    except OSError as error:
        print(f"error: {error}: give the folder that holds {' and '.join(SETS)}", file=sys.stderr)
        return 1
    others = sorted({item.passage for item in reading.items} - reading.missed.keys())
    random.Random(options.seed).shuffle(others)
    chosen = {*reading.missed, *others[: max(0, options.passages - len(reading.missed))]}
    items = [item for item in reading.items if item.passage in chosen]
    plan = Plan(options.epochs, options.rank, options.rate, options.seed)
    print(f"{len(items)} questions over {len(chosen)} passages; {plan}", flush=True)
    trained = train(plan, reading, items, options.out)
    said = {"trained on": ", ".join([*SETS, "training/written"]), "plan": str(plan), "share": str(options.share)}
    export_tensors(with_share(trained, options.share), options.out / "query.safetensors", said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
