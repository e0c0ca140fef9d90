# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Models of transformers in one framework: what they compute, written to a file a model.

    transformers_worker.py FRAMEWORK TABLE FOLDER [MODEL ...]

FRAMEWORK is torch or mstorch; the transformers that is imported is the one written for it.
"""

import importlib
import os
import sys
import tempfile
import tomllib
import zlib
from pathlib import Path

import numpy

torch = importlib.import_module(sys.argv[1])
transformers = importlib.import_module("transformers")

_LENGTH = 12


def _weights(model):
    """Numbers for every parameter and buffer that is saved, drawn from a seed of its name."""
    state = {}
    for name, tensor in model.state_dict().items():
        draw = numpy.random.RandomState(zlib.crc32(name.encode()))
        numbers = draw.normal(0.0, 1.0, tuple(tensor.shape))
        if numbers.ndim > 1:
            numbers /= numpy.sqrt(numpy.prod(numbers.shape[1:]))
        else:
            numbers = 0.1 * numbers + ("norm" in name and name.endswith("weight"))
        state[name] = torch.from_numpy(numbers.astype(numpy.float32))
    return state


def _build(entry, defaults):
    settings = {**defaults, **entry.get("settings", {})}
    config = getattr(transformers, entry["config"])(**settings)
    model = getattr(transformers, entry["model"])(config).eval()
    model.load_state_dict(_weights(model))
    return model


def _array(tensor):
    return tensor.detach().numpy().copy()


def _trained(model, **inputs):
    """Logits, loss and gradients of all parameters."""
    output = model(**inputs)
    output.loss.backward()
    found = {"logits": _array(output.logits), "loss": _array(output.loss)}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            found[f"gradient of {name}"] = _array(parameter.grad)
    return found


def _padded(tokens):
    """The tokens, and a mask that hides the first ones of the second text."""
    mask = torch.ones_like(tokens)
    mask[1, :5] = 0
    return {"input_ids": tokens, "attention_mask": mask}


def _saved(model):
    """What is left of the parameters' differences after a model was saved and loaded, in both
    formats and in another type: nothing.
    """
    found = {}
    for safe in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder, safe_serialization=safe)
            again = type(model).from_pretrained(folder)
            half = type(model).from_pretrained(folder, torch_dtype=torch.bfloat16)
        for name, one in again.state_dict().items():
            found[f"loaded of {name}, {safe}"] = _array(one)
            found[f"loaded as bfloat16 of {name}, {safe}"] = _array(half.state_dict()[name].float())
    return found


def _images(model):
    draw = numpy.random.RandomState(0)
    pixels = torch.from_numpy(draw.normal(size=(2, 3, 16, 16)).astype(numpy.float32))
    found = _trained(model, pixel_values=pixels, labels=torch.tensor([1, 3]))
    model.set_attn_implementation("eager")
    with torch.no_grad():
        found["eager logits"] = _array(model(pixel_values=pixels).logits)
    return found


def _text(model):
    draw = numpy.random.RandomState(0)
    tokens = torch.from_numpy(draw.randint(3, 99, (2, _LENGTH)))
    found = _trained(model, input_ids=tokens, labels=tokens)
    batch = _padded(tokens)
    with torch.no_grad():
        found["padded logits"] = _array(model(**batch).logits)
        ways = {
            "greedy": {"do_sample": False},
            "beams": {"do_sample": False, "num_beams": 3},
            "sampled": {"do_sample": True, "top_k": 20, "top_p": 0.9, "temperature": 0.7},
        }
        for way, options in ways.items():
            torch.manual_seed(11)
            made = model.generate(**batch, max_new_tokens=8, **options)
            found[f"tokens, {way}"] = _array(made)
        model.set_attn_implementation("eager")
        found["eager logits"] = _array(model(**batch).logits)
        made = model.generate(**batch, max_new_tokens=8, do_sample=False)
        found["tokens, eager"] = _array(made)
    return found


def main():
    table, folder, *names = sys.argv[2:]
    # Frameworks print; the test reads nothing from here.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    entries = tomllib.loads(Path(table).read_text(encoding="utf-8"))
    defaults = entries.pop("defaults")
    for name in names or entries:
        model = _build(entries[name], defaults)
        found = (_images if entries[name].get("images") else _text)(model)
        found.update(_saved(model))
        numpy.savez(Path(folder, f"{name}.npz"), source=transformers.__file__, **found)


if __name__ == "__main__":
    main()
