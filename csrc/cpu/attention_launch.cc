// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention on MindSpore tensors in CPU memory.
#include <optional>
#include <vector>

#include "csrc/cpu/attention.h"
#include "csrc/cpu/attention_merge.h"
#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/attention.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/tensors.h"

namespace mindforge {
namespace {

// (batch, heads, length, size), or (total length, heads, size).
template <typename T>
cpu::Heads<T> HeadsOf(const ms::Tensor& tensor) {
  const std::vector<int64_t> strides = tensor.stride();
  const auto step = [&](size_t i) { return static_cast<size_t>(strides[i]); };
  T* data = tensor.data_ptr<T>();
  if (tensor.shape().size() == 3) {
    return {data, 0, step(1), step(0)};
  }
  return {data, step(0), step(1), step(2)};
}

// (batch, heads, length), or (total length, heads).
template <typename T>
cpu::Heads<T> LogSumOf(const ms::Tensor& tensor) {
  const Shape& shape = tensor.shape();
  const auto size = [&](size_t i) { return static_cast<size_t>(shape[i]); };
  T* data = tensor.data_ptr<T>();
  if (shape.size() == 2) {
    return {data, 0, 1, size(1)};
  }
  return {data, size(1) * size(2), size(2), 1};
}

template <typename T>
cpu::AttentionMask<T> MaskOf(const std::optional<ms::Tensor>& tensor) {
  cpu::AttentionMask<T> mask;
  if (!tensor.has_value()) {
    return mask;
  }
  if (tensor->data_type() == mindspore::kNumberTypeBool) {
    mask.seen = tensor->data_ptr<uint8_t>();
  } else {
    mask.added = tensor->data_ptr<T>();
  }
  const Shape& shape = tensor->shape();
  const std::vector<int64_t> strides = tensor->stride();
  size_t* const steps[] = {&mask.key, &mask.query, &mask.head, &mask.batch};
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t dim = shape.size() - 1 - i;
    *steps[i] = shape[dim] == 1 ? 0 : static_cast<size_t>(strides[dim]);
  }
  return mask;
}

cpu::AttentionSize SizeOf(const AttentionArguments& in) {
  const Shape &query = in.query.shape(), &key = in.key.shape();
  const auto at = [](const Shape& shape, size_t i) { return static_cast<size_t>(shape[i]); };
  cpu::AttentionSize size{at(query, 1),
                          at(key, 1),
                          static_cast<size_t>(query.back()),
                          static_cast<size_t>(in.value.shape().back()),
                          {}};
  if (query.size() == 4) {
    for (size_t b = 0; b < at(query, 0); ++b) {
      size.sequences.push_back({b, 0, at(query, 2), 0, at(key, 2)});
    }
    return size;
  }
  size_t first = 0, first_key = 0;
  for (size_t i = 0; i < in.packing.query_ends.size(); ++i) {
    const size_t end = static_cast<size_t>(in.packing.query_ends[i]);
    const size_t end_key = static_cast<size_t>(in.packing.key_ends[i]);
    size.sequences.push_back({0, first, end - first, first_key, end_key - first_key});
    first = end;
    first_key = end_key;
  }
  return size;
}

template <typename T>
cpu::AttentionInputs<T> InputsOf(const AttentionArguments& in) {
  return {HeadsOf<const T>(in.query), HeadsOf<const T>(in.key), HeadsOf<const T>(in.value),
          MaskOf<T>(in.mask)};
}

MergedAttention BothLike(const MergedAttention& tensors) {
  return {Like(tensors.output), Like(tensors.log_sum)};
}

std::vector<ms::Tensor> Joined(const std::vector<MergedAttention>& pairs) {
  std::vector<ms::Tensor> tensors;
  for (const MergedAttention& pair : pairs) {
    tensors.insert(tensors.end(), {pair.output, pair.log_sum});
  }
  return tensors;
}

}  // namespace

std::vector<mindspore::TypeId> AttentionDtypes() { return FloatAndDoubleDtypes(); }

AttentionResult LaunchAttention(const AttentionArguments& in) {
  const Shape& query = in.query.shape();
  const ms::Tensor output(in.query.data_type(), AttentionOutputShape(query, in.value.shape()));
  const ms::Tensor log_sum(ComputeDtype(in.query.data_type()), AttentionLogSumShape(query));
  const ms::Tensor maximum = Like(log_sum);
  const Tensors inputs = Present({in.query, in.key, in.value, in.mask});
  cpu::Run("fusion_attention", inputs, {output, log_sum, maximum}, [=]() {
    cpu::VisitStorage(in.query.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      cpu::Attention<T>(InputsOf<T>(in), SizeOf(in), in.settings,
                        {HeadsOf<T>(output), LogSumOf<C>(log_sum), LogSumOf<C>(maximum)});
    });
  });
  return {{output, log_sum}, maximum};
}

AttentionGradientTensors LaunchAttentionGrad(const AttentionArguments& in,
                                             const AttentionOutput& output,
                                             const ms::Tensor& doutput,
                                             const std::optional<ms::Tensor>& dlog_sum) {
  const ms::Tensor dquery = Like(in.query), dkey = Like(in.key), dvalue = Like(in.value);
  const Tensors inputs = Present(
      {in.query, in.key, in.value, in.mask, output.output, output.log_sum, doutput, dlog_sum});
  cpu::Run("fusion_attention_grad", inputs, {dquery, dkey, dvalue}, [=]() {
    cpu::VisitStorage(in.query.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      const cpu::AttentionUpstream<T> upstream{
          HeadsOf<const T>(output.output), LogSumOf<const C>(output.log_sum),
          HeadsOf<const T>(doutput), PointerTo<const C>(dlog_sum)};
      cpu::AttentionGrad<T>(InputsOf<T>(in), upstream, SizeOf(in), in.settings,
                            {HeadsOf<T>(dquery), HeadsOf<T>(dkey), HeadsOf<T>(dvalue)});
    });
  });
  return {dquery, dkey, dvalue};
}

MergedAttention LaunchAttentionMerge(const MergedAttention& one, const MergedAttention& other) {
  const MergedAttention result = BothLike(one);
  cpu::Run("ring_attention_update", Joined({one, other}), Joined({result}), [=]() {
    cpu::VisitStorage(one.output.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      cpu::AttentionMerge<T>(one.output.data_ptr<T>(), one.log_sum.data_ptr<C>(),
                             other.output.data_ptr<T>(), other.log_sum.data_ptr<C>(),
                             one.log_sum.numel(), static_cast<size_t>(one.output.shape().back()),
                             result.output.data_ptr<T>(), result.log_sum.data_ptr<C>());
    });
  });
  return result;
}

MergedAttentionGradients LaunchAttentionMergeGrad(const MergedAttention& gradient,
                                                  const MergedAttention& one,
                                                  const MergedAttention& other) {
  const MergedAttentionGradients result{BothLike(one), BothLike(other)};
  cpu::Run("ring_attention_update_grad", Joined({gradient, one, other}),
           Joined({result.one, result.other}), [=]() {
             cpu::VisitStorage(one.output.data_type(), [&](auto storage) {
               using T = decltype(storage);
               using C = typename cpu::Compute<T>::Type;
               cpu::AttentionMergeGrad<T>(
                   gradient.output.data_ptr<T>(), gradient.log_sum.data_ptr<C>(),
                   one.output.data_ptr<T>(), one.log_sum.data_ptr<C>(), other.output.data_ptr<T>(),
                   other.log_sum.data_ptr<C>(), one.log_sum.numel(),
                   static_cast<size_t>(one.output.shape().back()), result.one.output.data_ptr<T>(),
                   result.one.log_sum.data_ptr<C>(), result.other.output.data_ptr<T>(),
                   result.other.log_sum.data_ptr<C>());
             });
           });
  return result;
}

}  // namespace mindforge
