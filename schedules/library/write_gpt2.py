#!/usr/bin/env python3
"""Writes the GPT-2 graphs of this folder: decode steps over a key and value cache, and
the prefill that fills it. Run without arguments to rewrite them all.

Weights are the caller's; the shapes are GPT-2 small's (Radford et al., 2019), but for a
vocabulary of 8,192 instead of 50,257, so that the weights of all 12 layers take 368 MB.
"""
import pathlib

FOLDER = pathlib.Path(__file__).parent


def graph(name, about, layers, width, heads, capacity, vocabulary, tokens):
    """`tokens` 1 is a decode step at the scalar `position`, more are a prefill from row 0 on."""
    step = tokens == 1
    hidden = 4 * width
    lines = [f"# {line}" for line in about] + ["# Written by write_gpt2.py.", f"graph: {name}"]
    lines += [f"scalars: {{position: {{max: {capacity - 1}}}}}"]
    lines += ["states:"]
    for layer in range(layers):
        for part in ("keys", "values"):
            lines += [f"  h{layer}.{part}: {{shape: [{capacity}, {width}], filled: position}}"]
    lines += [f"tables: {{{'token' if step else 'tokens'}: {{shape: [{tokens}], limit: {vocabulary}}}}}", "tensors:"]

    def constant(tensor, *shape):
        lines.append(f"  {tensor}: {{shape: [{', '.join(map(str, shape))}], role: constant}}")

    constant("embedding", vocabulary, width)
    constant("positions", capacity, width)
    for layer in range(layers):
        h = f"h{layer}"
        for norm in ("norm1", "norm2"):
            constant(f"{h}.{norm}.gain", width)
            constant(f"{h}.{norm}.shift", width)
        for product, rows, columns in (("qkv", width, 3 * width), ("merge", width, width),
                                       ("wide", width, hidden), ("narrow", hidden, width)):
            constant(f"{h}.{product}.weight", rows, columns)
            constant(f"{h}.{product}.bias", columns)
    constant("norm.gain", width)
    constant("norm.shift", width)
    result = "logits" if step else "prompt_logits"
    lines += [f"  {result}: {{role: output}}", "operators:"]

    def op(kind, output, inputs, **attributes):
        more = "".join(f", {key}: {value}" for key, value in attributes.items())
        lines.append(f"  - {{op: {kind}, name: {output}, inputs: [{', '.join(inputs)}], output: {output}{more}}}")

    def product(h, name, source):
        op("matmul", f"{h}.{name}.product", [source, f"{h}.{name}.weight"])
        op("bias", f"{h}.{name}", [f"{h}.{name}.product", f"{h}.{name}.bias"])

    op("gather", "looked_up", ["embedding", "token" if step else "tokens"])
    if step:
        op("slice", "place", ["positions"], axis=0, at="position", length=1)
    else:
        op("slice", "place", ["positions"], axis=0, end=tokens)
    op("add", "x0", ["looked_up", "place"])
    for layer in range(layers):
        h, x = f"h{layer}", f"x{layer}"
        op("layer_norm", f"{h}.normal1", [x, f"{h}.norm1.gain", f"{h}.norm1.shift"])
        product(h, "qkv", f"{h}.normal1")
        for i, part in enumerate(("q", "k", "v")):
            op("slice", f"{h}.{part}", [f"{h}.qkv"], begin=i * width, end=(i + 1) * width)
        at = {"at": "position"} if step else {}
        op("append", f"{h}.all_keys", [f"{h}.keys", f"{h}.k"], **at)
        op("append", f"{h}.all_values", [f"{h}.values", f"{h}.v"], **at)
        causal = {} if step else {"causal": "true"}
        op("attention", f"{h}.heads", [f"{h}.q", f"{h}.all_keys", f"{h}.all_values"], heads=heads, **causal)
        product(h, "merge", f"{h}.heads")
        op("add", f"{h}.middle", [x, f"{h}.merge"])
        op("layer_norm", f"{h}.normal2", [f"{h}.middle", f"{h}.norm2.gain", f"{h}.norm2.shift"])
        product(h, "wide", f"{h}.normal2")
        op("gelu", f"{h}.bent", [f"{h}.wide"], form="tanh")
        product(h, "narrow", f"{h}.bent")
        op("add", f"x{layer + 1}", [f"{h}.middle", f"{h}.narrow"])
    op("layer_norm", "last", [f"x{layers}", "norm.gain", "norm.shift"])
    op("matmul", result, ["last", "embedding"], transpose_b="true")
    return "\n".join(lines) + "\n"


def main():
    small = dict(layers=12, width=768, heads=12, capacity=1024, vocabulary=8192)
    tiny = dict(layers=2, width=64, heads=4, capacity=24, vocabulary=101)
    step = "One decode step of {}: a token in, logits out, keys and values appended at `position`."
    fill = "The prefill of {}: {} tokens from row 0 on, padded by the caller; logits for each."
    for name, size, tokens, about in (
            ("gpt2-decode", small, 1, [step.format("GPT-2 small"), "The vocabulary is cut to 8,192."]),
            ("gpt2-prefill-128", small, 128, [fill.format("GPT-2 small", 128), "The vocabulary is cut to 8,192."]),
            ("gpt2-tiny-decode", tiny, 1, [step.format("a GPT-2 of 2 layers of 64")]),
            ("gpt2-tiny-prefill", tiny, 9, [fill.format("a GPT-2 of 2 layers of 64", 9)])):
        (FOLDER / f"{name}.yaml").write_text(graph(name, about, tokens=tokens, **size))


if __name__ == "__main__":
    main()
