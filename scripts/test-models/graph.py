"""Writes transformer encoders as ONNX graphs, operator by operator, as exporters lay them out."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Graph:
    """Collects nodes and weights; every method returns the name of its result."""

    def __init__(self):
        self.nodes = []
        self.weights = {}

    def weight(self, name, values):
        self.weights[name] = np.asarray(values, order="C")
        return name

    def constant(self, values, dtype):
        return self.weight(f"constant_{len(self.weights)}", np.array(values, dtype=dtype))

    def op(self, kind, *inputs, **attributes):
        result = attributes.pop("result", f"{kind}_{len(self.nodes)}")
        self.nodes.append(helper.make_node(kind, list(inputs), [result], name=f"node_{len(self.nodes)}", **attributes))
        return result

    def linear(self, x, prefix, state, bias=True):
        """x W^T + b, the weight stored transposed as exporters do."""
        y = self.op("MatMul", x, self.weight(f"{prefix}.weight", state[f"{prefix}.weight"].T))
        return self.op("Add", y, self.weight(f"{prefix}.bias", state[f"{prefix}.bias"])) if bias else y

    def layer_norm(self, x, prefix, state, epsilon):
        scale = self.weight(f"{prefix}.weight", state[f"{prefix}.weight"])
        shift = self.weight(f"{prefix}.bias", state[f"{prefix}.bias"])
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)

    def heads(self, x, count):
        split = self.op("Reshape", x, self.constant([0, 0, count, -1], np.int64))
        return self.op("Transpose", split, perm=[0, 2, 1, 3])

    def attention(self, query, key, value, heads, width, mask):
        """softmax(Q K^T / sqrt(d) + mask) V; `mask` is added to the scores."""
        q, k, v = (self.heads(x, heads) for x in (query, key, value))
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.op("Mul", scores, self.constant((width // heads) ** -0.5, np.float32))
        weights = self.op("Softmax", self.op("Add", scores, mask), axis=-1)
        joined = self.op("Transpose", self.op("MatMul", weights, v), perm=[0, 2, 1, 3])
        return self.op("Reshape", joined, self.constant([0, 0, width], np.int64))

    def sequence_length(self, input_ids):
        return self.op("Gather", self.op("Shape", input_ids), self.constant(1, np.int64), axis=0)

    def positions(self, table, input_ids):
        """The first rows of a table of positions, as many as there are tokens."""
        end = self.op("Unsqueeze", self.sequence_length(input_ids), self.constant([0], np.int64))
        return self.op("Slice", table, self.constant([0], np.int64), end, self.constant([0], np.int64))

    def save(self, path, inputs, output, dimensions):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "encoder",
            [value(name, TensorProto.INT64, ["batch", "sequence"]) for name in inputs],
            [value(output, TensorProto.FLOAT, dimensions)],
            [numpy_helper.from_array(values, name) for name, values in self.weights.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)


def quick_gelu(graph, x):
    return graph.op("Mul", x, graph.op("Sigmoid", graph.op("Mul", x, graph.constant(1.702, np.float32))))


def gelu(graph, x):
    inner = graph.op("Erf", graph.op("Div", x, graph.constant(2**0.5, np.float32)))
    half = graph.op("Mul", x, graph.constant(0.5, np.float32))
    return graph.op("Mul", half, graph.op("Add", inner, graph.constant(1.0, np.float32)))


def write_clip(path, state, config):
    """CLIP's text tower: causal, pre-norm, read at the end token (the largest id), projected."""
    g = Graph()
    root = "text_model."
    tokens = g.weight("tokens", state[root + "embeddings.token_embedding.weight"])
    table = g.weight("positions", state[root + "embeddings.position_embedding.weight"])
    x = g.op("Add", g.op("Gather", tokens, "input_ids"), g.positions(table, "input_ids"))
    length = g.op("Unsqueeze", g.sequence_length("input_ids"), g.constant([0], np.int64))
    square = g.op("Expand", g.constant(-3.4028235e38, np.float32), g.op("Concat", length, length, axis=0))
    causal = g.op("Trilu", square, g.constant(1, np.int64), upper=1)
    width, heads, epsilon = config.hidden_size, config.num_attention_heads, config.layer_norm_eps
    for i in range(config.num_hidden_layers):
        layer = f"{root}encoder.layers.{i}."
        y = g.layer_norm(x, layer + "layer_norm1", state, epsilon)
        q, k, v = (g.linear(y, f"{layer}self_attn.{name}_proj", state) for name in "qkv")
        y = g.attention(q, k, v, heads, width, causal)
        x = g.op("Add", x, g.linear(y, layer + "self_attn.out_proj", state))
        y = g.layer_norm(x, layer + "layer_norm2", state, epsilon)
        y = quick_gelu(g, g.linear(y, layer + "mlp.fc1", state))
        x = g.op("Add", x, g.linear(y, layer + "mlp.fc2", state))
    x = g.layer_norm(x, root + "final_layer_norm", state, epsilon)
    end = g.op("ArgMax", "input_ids", axis=1, keepdims=1)
    x = g.op("GatherND", x, end, batch_dims=1)
    g.op("MatMul", x, g.weight("projection", state["text_projection.weight"].T), result="text_embeds")
    g.save(path, ["input_ids"], "text_embeds", ["batch", config.projection_dim])


def write_bert(path, state, config):
    """BERT: bidirectional with an attention mask, post-norm; a vector a token comes out."""
    g = Graph()
    width, heads, epsilon = config.hidden_size, config.num_attention_heads, config.layer_norm_eps
    tables = {name: g.weight(name, state[f"embeddings.{name}_embeddings.weight"]) for name in ("word", "position", "token_type")}
    x = g.op("Gather", tables["word"], "input_ids")
    x = g.op("Add", x, g.op("Gather", tables["token_type"], "token_type_ids"))
    x = g.op("Add", x, g.positions(tables["position"], "input_ids"))
    x = g.layer_norm(x, "embeddings.LayerNorm", state, epsilon)
    mask = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.constant([1, 2], np.int64)), to=TensorProto.FLOAT)
    mask = g.op("Mul", g.op("Sub", g.constant(1.0, np.float32), mask), g.constant(-3.4028235e38, np.float32))
    for i in range(config.num_hidden_layers):
        layer = f"encoder.layer.{i}."
        q, k, v = (g.linear(x, f"{layer}attention.self.{name}", state) for name in ("query", "key", "value"))
        y = g.linear(g.attention(q, k, v, heads, width, mask), layer + "attention.output.dense", state)
        x = g.layer_norm(g.op("Add", x, y), layer + "attention.output.LayerNorm", state, epsilon)
        y = gelu(g, g.linear(x, layer + "intermediate.dense", state))
        y = g.linear(y, layer + "output.dense", state)
        last = i == config.num_hidden_layers - 1
        x = g.op("Add", x, y)
        scale = g.weight(f"{layer}output.LayerNorm.weight", state[f"{layer}output.LayerNorm.weight"])
        shift = g.weight(f"{layer}output.LayerNorm.bias", state[f"{layer}output.LayerNorm.bias"])
        result = {"result": "last_hidden_state"} if last else {}
        x = g.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon, **result)
    g.save(path, ["input_ids", "attention_mask", "token_type_ids"], "last_hidden_state", ["batch", "sequence", width])
