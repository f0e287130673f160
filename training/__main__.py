"""python -m training: train the reader on reading-comprehension sets; writes the adapter that rag/reader.py loads."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds cmrc2018-train and drcd-dev")
    parser.add_argument("out", type=Path, help="folder of the checkpoint and the adapter; a run in it is resumed")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--rank", type=int, default=64, help="rank of the adapter; 0 trains every weight")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", default="", metavar="ADAPTER", help="adapter file to begin with")
    parser.add_argument("--often", type=int, default=2, help="times that passages with near misses come in an epoch")
    parser.add_argument("--sets", nargs="+", default=SETS, help="sets to train on")
    parser.add_argument("--without", nargs="+", default=[], metavar="KIND", help="kinds of negatives to leave out")
    parser.add_argument("--longest", type=int, default=360, help="code points of the longest window")
    parser.add_argument("--shortest", type=int, default=60, help="code points of the shortest window")
    parser.add_argument("--batch", type=int, default=4500, help="tokens of a step")
    options = parser.parse_args(arguments)

    from training.examples import KINDS, Examples, ReadingSet
    from training.train import LENGTHS, Plan, export_adapter, train

    if not any(options.shortest <= length <= options.longest for length in LENGTHS):
        parser.error(f"no window has {options.shortest} to {options.longest} code points: there are {sorted(LENGTHS)}")
    if unknown := set(options.without) - set(KINDS):
        parser.error(f"there is no kind {' and '.join(sorted(unknown))}: the kinds are {', '.join(KINDS)}")

    try:
        whole = ReadingSet.load(*(options.data / name for name in options.sets), WRITTEN)
    except OSError as error:
        print(f"error: {error}: give the folder that holds {' and '.join(options.sets)}", file=sys.stderr)
        return 1
    learn, held = whole.split(HELD_OUT)
    without = tuple(options.without)
    how = options.epochs, options.rank, options.rate, options.seed, options.start
    plan = Plan(*how, without, options.longest, options.shortest, options.batch)
    print(f"{len(learn.items)} questions to learn from, {len(held.items)} held out; {plan}", flush=True)
    often = [item for item in learn.items if item.passage in learn.missed] * (options.often - 1)
    examples = Examples(learn, without=without)
    try:
        train(plan, examples, learn.items + often, options.out, lambda line: print(line, flush=True))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    trained_on = ", ".join([*options.sets, "training/written"])
    export_adapter(options.out / "checkpoint.pt", options.out / "reader.safetensors", trained_on)
    return 0


SETS = ["cmrc2018-train", "drcd-dev"]
WRITTEN = Path(__file__).with_name("written")  # questions in other words than the text, and ones it leaves open
HELD_OUT = 0.08  # share of the passages that are never trained on, for choosing and for calibration

if __name__ == "__main__":
    sys.exit(main())
