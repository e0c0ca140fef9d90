# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention as a layer."""

from mstorch._ops import creation, multi_head, views
from mstorch.nn import init
from mstorch.nn.modules.layers import Linear
from mstorch.nn.modules.module import Module
from mstorch.nn.parameter import Parameter


class MultiheadAttention(Module):
    """F.multi_head_attention_forward with its weights: one `in_proj_weight` where query, key and
    value are equally wide, otherwise three.
    """

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        like = {"device": device, "dtype": dtype}
        self._make_projections(like)
        self._register("in_proj_bias", (3 * embed_dim,) if bias else None, like)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, **like)
        for name in ("bias_k", "bias_v"):
            self._register(name, (1, 1, embed_dim) if add_bias_kv else None, like)
        self._reset_parameters()

    def _register(self, name, shape, like):
        value = None if shape is None else Parameter(creation.empty(shape, **like))
        self.register_parameter(name, value)

    def _make_projections(self, like):
        width, same = self.embed_dim, self._qkv_same_embed_dim
        for name, inputs in (("q", width), ("k", self.kdim), ("v", self.vdim)):
            self._register(f"{name}_proj_weight", None if same else (width, inputs), like)
        self._register("in_proj_weight", (3 * width, width) if same else None, like)

    def _reset_parameters(self):
        if self._qkv_same_embed_dim:
            init.xavier_uniform_(self.in_proj_weight)
        else:
            for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
        if self.bias_v is not None:
            init.xavier_normal_(self.bias_v)

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        swapped = self.batch_first and query.dim() == 3
        if swapped:
            query, key, value = (views.transpose(x, 0, 1) for x in (query, key, value))
        result, weights = multi_head.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (views.transpose(result, 0, 1) if swapped else result), weights
