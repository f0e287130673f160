"""The JSON Schemas of what people write and edit by hand: a question of a set, a line of a run."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator, ValidationError

LONGEST = 300  # letters of one sentence, which may repeat a whole answer


@cache
def schema(name: str) -> Draft202012Validator:
    """The validator of NAME.schema.json."""
    return Draft202012Validator(json.loads(Path(__file__).with_name(f"{name}.schema.json").read_text(encoding="utf-8")))


def wrong_in(value: object, name: str) -> list[str]:
    """What is wrong with a value by NAME.schema.json: where in it and what, one sentence a fault."""
    errors = sorted(schema(name).iter_errors(value), key=lambda error: error.json_path)
    return [f"{error.json_path.removeprefix('$.')}: {_told(error)}".removeprefix("$: ")[:LONGEST] for error in errors]


def _told(error: ValidationError) -> str:
    """What an error says; of a pattern what it means, where the schema says that."""
    if error.validator == "pattern" and "description" in error.schema:
        return f"{error.instance!r} is not {error.schema['description']}"
    return str(error.message)
