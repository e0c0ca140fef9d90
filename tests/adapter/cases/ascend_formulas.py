# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch_npu's functions as their documentation has them, composed of torch's own operators.

What is not differentiated there is not recorded here either. PyTorch runs these; mstorch has
functions of its own.
"""

import itertools
import math


class Formulas:
    """The functions, for a torch module."""

    def __init__(self, torch):
        self._torch = torch
        self._functional = torch.nn.functional

    def npu_rms_norm(self, x, gamma, epsilon=1e-6):
        dims = tuple(range(x.ndim - gamma.ndim, x.ndim))
        scale = self._torch.rsqrt(x.float().square().mean(dims, keepdim=True) + epsilon)
        return (x.float() * scale * gamma.float()).to(x.dtype), scale.detach()

    def npu_add_rms_norm(self, x1, x2, gamma, epsilon=1e-6):
        total = x1 + x2
        y, scale = self.npu_rms_norm(total, gamma, epsilon)
        return y, scale, total

    def npu_swiglu(self, x, dim=-1):
        a, b = x.float().chunk(2, dim)
        return (self._functional.silu(a) * b).to(x.dtype)

    def npu_swiglu_backward(self, grad, x, dim=-1):
        x = x.detach().requires_grad_()
        self.npu_swiglu(x, dim).backward(grad)
        return x.grad

    def npu_fast_gelu(self, x):
        return x / (1 + self._torch.exp(-1.702 * x))

    fast_gelu = npu_fast_gelu

    def npu_rotary_mul(self, x, r1, r2, rotary_mode="half", rotate=None):
        if rotate is not None:
            turned = x @ rotate
        elif rotary_mode == "half":
            a, b = x.chunk(2, -1)
            turned = self._torch.cat((-b, a), -1)
        else:
            turned = self._torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)
        return r1 * x + r2 * turned

    def npu_rotary_position_embedding(self, x, cos, sin, mode=0):
        return self.npu_rotary_mul(x, cos, sin, "interleave" if mode else "half")

    def npu_cross_entropy_loss(self, x, target, **options):
        loss = self._functional.cross_entropy(x, target, **options)
        if options.get("reduction", "mean") != "none":
            loss = loss.reshape(1)
        empty = self._torch.zeros(0, dtype=x.dtype)
        return loss, self._functional.log_softmax(x.detach(), 1), empty, empty.clone()

    def npu_apply_adam_w(
        self, power1, power2, lr, decay, beta1, beta2, eps, grad, _, amsgrad, maximize, *, out
    ):
        assert not amsgrad
        var, average, squares = out
        grad = -grad if maximize else grad
        average.mul_(beta1).add_(grad, alpha=1 - beta1)
        squares.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        mean = average / (1 - power1 * beta1)
        spread = (squares / (1 - power2 * beta2)).sqrt()
        var.copy_(var - lr / (spread + eps) * mean - lr * decay * var)
        return out

    # --- experts

    def npu_grouped_matmul(
        self, x, weight, *, bias=None, group_list=None, split_item=0, group_list_type=0, **_
    ):
        torch = self._torch
        if group_list is not None:
            numbers = list(map(int, group_list))
            counts = numbers
            if group_list_type == 0:
                counts = [b - a for a, b in zip([0, *numbers], numbers, strict=False)]
            x = x[0].split(counts)
            weight = weight[0].unbind() if len(weight) == 1 else weight
            bias = None if bias is None else (bias[0].unbind() if len(bias) == 1 else bias)
        results = [a @ b for a, b in zip(x, weight, strict=True)]
        if bias is not None:
            results = [y + b for y, b in zip(results, bias, strict=True)]
        return [torch.cat(results)] if split_item in (2, 3) else results

    def npu_moe_gating_top_k(
        self,
        x,
        k,
        *,
        bias=None,
        k_group=1,
        group_count=1,
        group_select_mode=0,
        norm_type=0,
        out_flag=False,
        routed_scaling_factor=1.0,
        eps=1e-20,
    ):
        torch = self._torch
        scores = torch.sigmoid(x) if norm_type else torch.softmax(x, -1)
        ranked = scores.detach() if bias is None else scores.detach() + bias
        groups = ranked.unflatten(-1, (group_count, -1))
        best = groups.topk(group_select_mode + 1, -1)[0].sum(-1).topk(k_group, -1)[1]
        seen = torch.zeros(groups.shape[:-1], dtype=torch.bool).scatter(1, best, True)
        ranked = groups.masked_fill(~seen.unsqueeze(-1), -math.inf).flatten(-2)
        experts = ranked.topk(k, -1)[1]
        y = scores.gather(-1, experts)
        if norm_type:
            y = y / (y.sum(-1, keepdim=True) + eps)
        out = scores.detach().float() if out_flag else torch.zeros(x.shape)
        return y * routed_scaling_factor, experts.int(), out

    def npu_moe_gating_top_k_softmax(self, x, finished=None, k=1):
        y, experts = self._torch.softmax(x, -1).topk(k, -1)
        rows = x.numel() // x.shape[-1]
        numbers = self._torch.arange(rows * k, dtype=self._torch.int32).reshape(k, rows).T
        return y, experts.int(), numbers.reshape(y.shape)

    def npu_moe_token_permute(self, tokens, indices, num_out_tokens=None):
        order = indices.reshape(-1).argsort(stable=True)
        top_k = indices.numel() // indices.shape[0]
        rows = tokens[order // top_k]
        places = order.argsort().int()
        return (rows[:num_out_tokens] if num_out_tokens else rows), places

    def npu_moe_token_unpermute(self, permuted, places, probs=None):
        top_k = 1 if probs is None else probs.shape[1]
        kept = (places < permuted.shape[0]).unsqueeze(1)
        rows = permuted[places.long().clamp(max=permuted.shape[0] - 1)] * kept
        rows = rows.unflatten(0, (-1, top_k))
        return (rows if probs is None else rows * probs.unsqueeze(-1)).sum(1)

    def npu_moe_token_permute_with_routing_map(
        self, tokens, routing_map, *, probs=None, num_out_tokens=None
    ):
        chosen = routing_map.bool()
        experts = chosen.nonzero()[:, 1].reshape(tokens.shape[0], -1)
        rows, places = self.npu_moe_token_permute(tokens, experts)
        return rows, None if probs is None else probs.T[chosen.T], places

    def npu_moe_token_unpermute_with_routing_map(
        self, permuted, places, restore_shape, *, probs=None, routing_map=None
    ):
        weights = None
        if probs is not None:
            weights = probs[routing_map.bool()].reshape(restore_shape[0], -1)
        rows = permuted[places.long()].unflatten(0, (restore_shape[0], -1))
        return (rows if weights is None else rows * weights.unsqueeze(-1)).sum(1)

    # --- attention

    def npu_fusion_attention(self, query, key, value, head_num, input_layout, **options):
        if input_layout == "TND":
            return self._packed(query, key, value, head_num, **options)
        q = _by_heads(query, input_layout, head_num)
        heads = head_num
        if input_layout in ("BSH", "SBH"):
            heads = key.shape[2] // q.shape[3]
        k, v = (_by_heads(t, input_layout, heads) for t in (key, value))
        output, largest, sums = self._attention(q, k, v, **options)
        largest, sums = (t.unsqueeze(-1).expand(*t.shape, 8) for t in (largest, sums))
        nothing = self._torch.zeros(0, dtype=query.dtype)
        return _from_heads(output, input_layout), largest, sums, nothing, 0, 0, 0

    def npu_fusion_attention_v2(self, *operands, pre_tokens=None, next_tokens=None, **options):
        if pre_tokens is not None:
            options |= {"pre_tockens": pre_tokens, "next_tockens": next_tokens}
        return self.npu_fusion_attention(*operands, **options)

    def _attention(
        self,
        q,
        k,
        v,
        *,
        pse=None,
        atten_mask=None,
        scale=1.0,
        pre_tockens=2**31,
        next_tockens=2**31,
        prefix=None,
        sparse_mode=0,
        pse_type=1,
        **_,
    ):
        torch = self._torch
        shared = q.shape[1] // k.shape[1]
        k, v = (t.repeat_interleave(shared, 1) for t in (k, v))
        scores = q @ k.transpose(-1, -2)
        if pse_type == 1:
            scores = (scores if pse is None else scores + pse) * scale
        else:
            scores = scores * scale + pse
        if atten_mask is not None:
            rows, columns = q.shape[2], k.shape[2]
            place = torch.arange(columns) - torch.arange(rows).unsqueeze(1)
            from_end = place - (columns - rows)
            seen = {
                0: lambda: ~atten_mask.bool() & (place <= next_tockens) & (-place <= pre_tockens),
                1: lambda: ~atten_mask.bool(),
                2: lambda: place <= 0,
                3: lambda: from_end <= 0,
                4: lambda: (from_end <= next_tockens) & (-from_end <= pre_tockens),
            }
            if sparse_mode in (5, 6):
                first = torch.arange(columns) < torch.tensor(prefix).reshape(-1, 1, 1, 1)
                hidden = ~((from_end <= 0) | first)
            else:
                hidden = ~seen[sparse_mode]()
            scores = scores.masked_fill(hidden, -math.inf)
        kept = scores.detach()
        largest = kept.amax(-1)
        sums = torch.exp(kept - largest.unsqueeze(-1)).sum(-1)
        return torch.softmax(scores, -1) @ v, largest, sums

    def _packed(
        self,
        query,
        key,
        value,
        head_num,
        *,
        actual_seq_qlen,
        actual_seq_kvlen,
        softmax_layout="",
        **options,
    ):
        torch = self._torch
        parts = []
        ends = zip(actual_seq_qlen, actual_seq_kvlen, strict=True)
        first, first_key = 0, 0
        for end, end_key in ends:
            q, k, v = (
                t.transpose(0, 1).unsqueeze(0)
                for t in (query[first:end], key[first_key:end_key], value[first_key:end_key])
            )
            parts.append(self._attention(q, k, v, **options))
            first, first_key = end, end_key
        output = torch.cat([part[0][0].transpose(0, 1) for part in parts])
        numbers = []
        for which in (1, 2):
            blocks = [part[which][0] for part in parts]  # (heads, length)
            if softmax_layout == "TND":
                blocks = [block.T for block in blocks]
            flat = torch.cat([block.reshape(-1) for block in blocks])
            table = flat.reshape(query.shape[0], head_num).unsqueeze(-1)
            numbers.append(table.expand(*table.shape[:2], 8))
        nothing = torch.zeros(0, dtype=query.dtype)
        return output, *numbers, nothing, 0, 0, 0

    def npu_ring_attention_update(
        self, output1, max1, sum1, output2, max2, sum2, *, actual_seq_qlen=None, input_layout="SBH"
    ):
        torch = self._torch
        largest = torch.maximum(max1, max2)
        part1, part2 = sum1 * torch.exp(max1 - largest), sum2 * torch.exp(max2 - largest)
        sums = part1 + part2
        share1, share2 = part1[..., 0] / sums[..., 0], part2[..., 0] / sums[..., 0]
        if input_layout == "SBH":
            heads = max1.shape[1]
            one, two = (_by_heads(t, "SBH", heads) for t in (output1, output2))
            merged = share1.unsqueeze(-1) * one + share2.unsqueeze(-1) * two
            return _from_heads(merged, "SBH"), largest, sums
        ends = actual_seq_qlen.tolist()
        shares = []
        for share in (share1, share2):
            flat, heads = share.reshape(-1), share.shape[1]
            pairs = itertools.pairwise(ends)
            blocks = [flat[a * heads : b * heads].reshape(heads, b - a).T for a, b in pairs]
            shares.append(torch.cat(blocks).unsqueeze(-1))
        return shares[0] * output1 + shares[1] * output2, largest, sums


def _by_heads(x, layout, heads):
    if layout == "BSND":
        return x.transpose(1, 2)
    if layout == "BSH":
        return x.unflatten(2, (heads, -1)).transpose(1, 2)
    if layout == "SBH":
        return x.unflatten(2, (heads, -1)).permute(1, 2, 0, 3)
    return x


def _from_heads(x, layout):
    if layout == "BSND":
        return x.transpose(1, 2)
    if layout == "BSH":
        return x.transpose(1, 2).flatten(2)
    if layout == "SBH":
        return x.permute(2, 0, 1, 3).flatten(2)
    return x
