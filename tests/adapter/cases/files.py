# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into files, and what is in a file that was read: plain data for comparison."""

import collections
import math
from typing import Any

TYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def _of_type(name: str) -> Any:
    def build(torch: Any) -> Any:
        values = torch.tensor([[0.0, 1.0, -2.5], [3.0, 100.25, -7.0]])
        kind = getattr(torch, name)
        if name == "uint8":
            values = values.abs()
        return {
            "matrix": values.to(kind),
            "scalar": values[1, 1].to(kind),
            "none": torch.zeros(0, 3, dtype=kind),
        }

    return build


def _views(torch: Any) -> Any:
    whole = torch.arange(24.0).reshape(4, 6)
    return {
        "whole": whole,
        "row": whole[2],
        "columns": whole[1:, ::2],
        "transposed": whole.t(),
        "detached": whole[3, 1:4].detach(),
        "one": whole[1, 5],
        "expanded": torch.arange(3).expand(2, 3),
        "empty": whole[4:],
        "again": [whole, whole],
        "other": torch.arange(24.0),
    }


def _parameters(torch: Any) -> Any:
    tied = torch.nn.Parameter(torch.arange(4.0))
    frozen = torch.nn.Parameter(torch.arange(3), requires_grad=False)
    marked = torch.nn.Parameter(torch.ones(2, 2))
    marked.partition_dim = 1
    marked.name_of_it = "a weight"
    tensor = torch.arange(3.0)
    tensor.note = {"kept": True}
    return [
        tied,
        {"tied": tied, "frozen": frozen},
        marked,
        tensor,
        torch.ones(2, requires_grad=True),
    ]


def _containers(torch: Any) -> Any:
    return collections.OrderedDict(
        numbers=[0, -1, 255, 65536, 2**31, -(2**63), 2**100, 1.5, math.inf, -0.0, 2 + 3j],
        texts=["", "plain", "äß€ 漢字", b"bytes\x00\xff", bytearray(b"array")],
        nothing=(None, True, False, (), [], {}),
        pair=({"a": {1: (2, [3])}}, (4, 5, 6, 7)),
        sets={1, 2},
        counted=collections.Counter("abca"),
        size=torch.Size([2, 3]),
        type=torch.bfloat16,
        float8=torch.float8_e4m3fn,
        device=torch.device("cpu"),
        second=torch.device("cuda", 1),
        layout=torch.strided,
    )


def _network(torch: Any) -> Any:
    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 3), torch.nn.LayerNorm(3)])
            self.layers[0].weight.data = torch.arange(9.0).reshape(3, 3) / 9
            self.layers[0].bias.data = torch.zeros(3)
            self.register_buffer("steps", torch.tensor(3))

        def forward(self, x: Any) -> Any:
            return self.layers[1](self.layers[0](x)).square().sum()

    return Network()


def _training(torch: Any) -> Any:
    network = _network(torch)
    optimizers = [
        torch.optim.AdamW(network.parameters(), lr=1e-3),
        torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.9),
    ]
    network(torch.arange(6.0).reshape(2, 3)).backward()
    for optimizer in optimizers:
        optimizer.step()
    return {
        "model": network.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "rng_state": torch.Generator().manual_seed(5).get_state(),
        "iteration": 7,
    }


OBJECTS = {
    **{f"tensors of {name}": _of_type(name) for name in TYPES},
    "views that share memory": _views,
    "parameters and attributes": _parameters,
    "containers": _containers,
    "state of a model and its optimizers": _training,
}


def facts(torch: Any, value: Any, seen: dict | None = None) -> Any:
    """What can be compared of an object that was loaded, memory that is shared included."""
    seen = {} if seen is None else seen
    if isinstance(value, torch.Tensor):
        return _tensor_facts(torch, value, seen)
    if isinstance(value, dict):
        entries = [[facts(torch, k, seen), facts(torch, v, seen)] for k, v in value.items()]
        state = getattr(value, "__dict__", {})
        return [type(value).__name__, entries, [[k, facts(torch, v)] for k, v in state.items()]]
    if isinstance(value, (set, frozenset)):
        return [type(value).__name__, sorted(value)]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [facts(torch, item, seen) for item in value]]
    if isinstance(value, (bool, str, type(None))):
        return value
    if type(value).__name__ == "Generator":
        return ["Generator", value.initial_seed(), torch.rand(3, generator=value).tolist()]
    return [type(value).__name__, repr(value)]


def _tensor_facts(torch: Any, tensor: Any, seen: dict) -> Any:
    storage = tensor.untyped_storage()
    number = seen.setdefault(storage.data_ptr(), len(seen)) if tensor.numel() else None
    plain = tensor.detach()
    return {
        "kind": type(tensor).__name__,
        "type": str(tensor.dtype),
        "shape": list(tensor.shape),
        "stride": list(tensor.stride()) if tensor.numel() else None,
        "offset": tensor.storage_offset() if tensor.numel() else None,
        "storage": [number, storage.nbytes() if tensor.numel() else None],
        "requires_grad": tensor.requires_grad,
        "values": repr(plain.tolist()),
        "note": facts(
            torch, [getattr(tensor, n, None) for n in ("note", "partition_dim", "name_of_it")]
        ),
    }


def _write(torch: Any, name: str, path: str, form: str) -> None:
    value = OBJECTS[name](torch) if name in OBJECTS else ODD[name](torch)
    torch.save(value, path, _use_new_zipfile_serialization=form == "archive")


def _read(torch: Any, path: str) -> Any:
    return facts(torch, torch.load(path))


def _read_mapped(torch: Any, path: str) -> Any:
    return facts(torch, torch.load(path, mmap=True))


def _read_anything(torch: Any, path: str) -> Any:
    return facts(torch, torch.load(path, weights_only=False))


def weights(torch: Any) -> Any:
    """Tensors of all types that safetensors has."""
    kinds = [name for name in TYPES if name != "complex128"]
    return {name: _of_type(name)(torch)["matrix"] for name in kinds} | {
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
    }


def _write_safetensors(torch: Any, path: str) -> None:
    import safetensors.torch

    safetensors.torch.save_file(weights(torch), path, {"format": "pt"})


def _read_safetensors(torch: Any, path: str) -> Any:
    import safetensors.torch

    return sorted_facts(torch, safetensors.torch.load_file(path))


def sorted_facts(torch: Any, tensors: dict[str, Any]) -> Any:
    """The facts of tensors by name, in the order of the names."""
    return {name: facts(torch, value) for name, value in sorted(tensors.items())}


# What only one of the two frameworks can hold, or safe mode refuses.
ODD = {
    "a generator": lambda torch: torch.Generator().manual_seed(3),
    "float8": lambda torch: torch.ones(2).to(torch.float8_e5m2),
    "uint16": lambda torch: torch.ones(2, dtype=torch.uint16),
    "sparse": lambda torch: torch.eye(2).to_sparse(),
    "quantised": lambda torch: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    "meta": lambda torch: torch.ones(2, device="meta"),
    "lazily conjugated": lambda torch: torch.tensor([1 + 2j, 3 - 4j]).conj(),
    "lazily negated": lambda torch: torch.tensor([1 + 2j, 3 - 4j]).conj().imag,
    "storages": lambda torch: [torch.arange(3).untyped_storage(), torch.arange(3)],
}

CASES = {
    "write": _write,
    "read": _read,
    "read mapped": _read_mapped,
    "read anything": _read_anything,
    "write safetensors": _write_safetensors,
    "read safetensors": _read_safetensors,
}
