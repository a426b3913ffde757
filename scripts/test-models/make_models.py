"""Builds text encoders with seeded random weights: see README.md.

usage: make_models.py tiny|clip-b32 FOLDER [--vocabulary FILE]
"""

import argparse
import json
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import BertConfig, BertModel, CLIPTextConfig, CLIPTextModelWithProjection

from graph import write_bert, write_clip
from texts import REFERENCE_TEXTS
from tokenizer_files import bert_tokenizer, clip_tokenizer, learnt_merges, published_merges

SEED = 20


def weights(model):
    return {name: value.detach().numpy() for name, value in model.state_dict().items()}


def roughen(model):
    """Random biases and norms too: freshly made they are 0 and 1, and a mistake with them would not show."""
    for name, value in model.named_parameters():
        if value.dim() == 1:
            value.data.add_(torch.randn_like(value) * 0.1)
    return model.eval()


def save_folder(folder, tokenizer, config):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def quantize(file):
    """Signed int8, which is the faster kind; as the hub's `…_quantized.onnx`."""
    quantize_dynamic(file, file.with_name(f"{file.stem}_quantized.onnx"), weight_type=QuantType.QInt8)


def save_reference(folder, tokenizer, limit, embed):
    """Texts with their tokens (truncated, end token kept) and vectors of length 1."""
    rows = []
    for text in REFERENCE_TEXTS:
        ids = tokenizer.encode(text).ids
        ids = ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]
        vector = torch.nn.functional.normalize(embed(torch.tensor([ids])), dim=-1)[0]
        rows.append({"text": text, "tokens": ids, "vector": [round(value, 8) for value in vector.tolist()]})
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "reference.json").write_text(f"[\n{lines}\n]\n")


def make_clip(folder, tokenizer, shape):
    torch.manual_seed(SEED)
    end = tokenizer.token_to_id("<|endoftext|>")
    config = CLIPTextConfig(
        vocab_size=end + 1, max_position_embeddings=77, bos_token_id=end - 1, eos_token_id=end, pad_token_id=end,
        hidden_act="quick_gelu", **shape,
    )  # fmt: skip
    model = roughen(CLIPTextModelWithProjection(config))
    text_config = {"max_position_embeddings": 77, "vocab_size": end + 1, "pad_token_id": end, **shape}
    save_folder(folder, tokenizer, {"model_type": "clip", "text_config": text_config})
    file = folder / "onnx" / "text_model.onnx"
    write_clip(file, weights(model), config)
    quantize(file)
    return lambda ids: model(ids).text_embeds


def make_bert(folder, tokenizer, shape):
    torch.manual_seed(SEED)
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), pad_token_id=0, **shape)
    model = roughen(BertModel(config, add_pooling_layer=False))
    save_folder(folder, tokenizer, {"model_type": "bert", "vocab_size": config.vocab_size, "pad_token_id": 0, **shape})
    (folder / "1_Pooling").mkdir(exist_ok=True)
    pooling = {"word_embedding_dimension": config.hidden_size, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling, indent=2) + "\n")
    file = folder / "onnx" / "model.onnx"
    write_bert(file, weights(model), config)
    quantize(file)
    return lambda ids: model(ids).last_hidden_state.mean(1)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["tiny", "clip-b32"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vocabulary", type=Path)
    options = parser.parse_args()
    merges = published_merges(options.vocabulary) if options.vocabulary else learnt_merges(200)
    clip = clip_tokenizer(merges)
    if options.kind == "clip-b32":
        shape = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8, "projection_dim": 512}
        make_clip(options.folder, clip, shape)
        return
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    folder = options.folder / "tiny-clip"
    save_reference(folder, clip, 77, make_clip(folder, clip, {**small, "projection_dim": 16}))
    folder = options.folder / "tiny-bert"
    bert = bert_tokenizer()
    save_reference(folder, bert, 64, make_bert(folder, bert, {**small, "max_position_embeddings": 64}))


main()
