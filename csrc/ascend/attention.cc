// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention on MindSpore tensors in the memory of an Ascend NPU, through CANN's operators:
//   aclnnFlashAttentionScoreV2(query, key, value, realShiftOptional, dropMaskOptional,
//                              paddingMaskOptional, attenMaskOptional, prefixOptional,
//                              qStartIdxOptional, kvStartIdxOptional, scaleValue, keepProb,
//                              preTokens, nextTokens, headNum, inputLayout, innerPrecise,
//                              sparseMode, pseType, softmaxMaxOut, softmaxSumOut, softmaxOutOut,
//                              attentionOutOut)
//   aclnnFlashAttentionScoreGradV2(query, keyIn, value, dy, pseShiftOptional, dropMaskOptional,
//                                  paddingMaskOptional, attenMaskOptional, softmaxMaxOptional,
//                                  softmaxSumOptional, softmaxInOptional, attentionInOptional,
//                                  prefixOptional, qStartIdxOptional, kvStartIdxOptional,
//                                  scaleValue, keepProb, preTokens, nextTokens, headNum,
//                                  inputLayout, innerPrecise, sparseMode, pseType, dqOut, dkOut,
//                                  dvOut, dpseOut)
// and, where sequences are packed,
//   aclnnFlashAttentionVarLenScore(query, key, value, realShiftOptional, dropMaskOptional,
//                                  paddingMaskOptional, attenMaskOptional, prefixOptional,
//                                  actualSeqQLenOptional, actualSeqKvLenOptional, scaleValue,
//                                  keepProb, preTokens, nextTokens, headNum, inputLayout,
//                                  innerPrecise, sparseMode, softmaxMaxOut, softmaxSumOut,
//                                  softmaxOutOut, attentionOutOut)
//   aclnnFlashAttentionUnpaddingScoreGrad(query, keyIn, value, dy, pseShiftOptional,
//                                         dropMaskOptional, paddingMaskOptional, attenMaskOptional,
//                                         softmaxMaxOptional, softmaxSumOptional,
//                                         softmaxInOptional, attentionInOptional, prefixOptional,
//                                         actualSeqQLenOptional, actualSeqKvLenOptional,
//                                         scaleValue, keepProb, preTokens, nextTokens, headNum,
//                                         inputLayout, innerPrecise, sparseMode, dqOut, dkOut,
//                                         dvOut, dpseOut)
// Around them
//   aclnnDropoutGenMask(shape, prob, seed, offset, out)      which weights are dropped
//   aclnnTriu(self, diagonal, out), aclnnLogicalNot(self, out)     masks as CANN wants them
//   aclnnSlice, aclnnRepeat, aclnnLog, aclnnAdd, aclnnClamp    L from maximum and sum, and back
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include "csrc/launch/attention.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"

namespace mindforge {
namespace {

using namespace ascend;

const int64_t kTokens = 2147483647;  // as far as CANN's windows reach
const int64_t kSquare = 2048;        // the side of the mask that stands for a causal one
const int64_t kCopies = 8;           // of each maximum and sum
const int64_t kSomeSeeNothing = 2;   // of innerPrecise: a query may see no key, and then gives 0
const double kHighest = std::numeric_limits<float>::max();

// Rows of `tensor` times their numbers.
ms::Tensor TimesRows(const ms::Tensor& tensor, const ms::Tensor& numbers) {
  Shape shape = numbers.shape();
  if (shape.size() < tensor.shape().size()) {
    shape.push_back(1);
  }
  return Mul(tensor, As(numbers, tensor.data_type()).reshape(shape));
}

// What CANN gives 8 times along the last dimension.
ms::Tensor First(const ms::Tensor& copies) {
  const Shape shape(copies.shape().begin(), copies.shape().end() - 1);
  return Columns(copies, 0, 1).reshape(shape);
}

// L of maxima and sums.
ms::Tensor LogSum(const ms::Tensor& maximum, const ms::Tensor& sum) {
  return Add(maximum, Log(sum));
}

// Numbers as CANN wants them beside maxima and sums.
ms::Tensor Copies(const ms::Tensor& numbers) {
  Shape shape = numbers.shape();
  std::vector<int64_t> repeats(shape.size(), 1);
  shape.push_back(1);
  repeats.push_back(kCopies);
  return Repeat(numbers.reshape(shape), repeats);
}

// The lowest number for -infinity, as CANN has it: differences stay numbers.
ms::Tensor Finite(const ms::Tensor& log_sum) {
  return Clamp(log_sum, Scalar(-kHighest), Scalar(kHighest));
}

// How CANN is told what is seen.
struct Seen {
  Optional hidden;  // bool, true where a key is not seen
  Optional shift;   // added to the scores
  int64_t precise = 0, mode = 0, before = kTokens, after = kTokens;
};

// The mask with the whole shape of the scores.
ms::Tensor Whole(const AttentionArguments& in) {
  const Shape &query = in.query.shape(), &key = in.key.shape();
  const Shape scores{query[0], query[1], query[2], key[2]};
  Shape shape(4 - in.mask->shape().size(), 1);
  shape.insert(shape.end(), in.mask->shape().begin(), in.mask->shape().end());
  std::vector<int64_t> repeats;
  for (size_t i = 0; i < scores.size(); ++i) {
    repeats.push_back(scores[i] / shape[i]);
  }
  return Repeat(in.mask->contiguous().reshape(shape), repeats);
}

Seen SeenBy(const AttentionArguments& in) {
  const AttentionSettings& s = in.settings;
  const bool unlimited = s.before == kUnlimited && s.after == kUnlimited;
  Seen seen;
  if (in.mask.has_value()) {
    if (!unlimited) {
      throw std::invalid_argument(
          "msops.fusion_attention: on Ascend a mask does not go with causal or a window; put both "
          "into the mask");
    }
    seen.precise = kSomeSeeNothing;
    if (in.mask->data_type() != mindspore::kNumberTypeBool) {
      seen.shift = Whole(in);
      return seen;
    }
    const ms::Tensor mask = Whole(in), hidden = Like(mask);
    Run({mask}, {hidden}, MINDFORGE_ACLNN(LogicalNot, mask, hidden));
    seen.hidden = hidden;
    return seen;
  }
  if (unlimited) {
    return seen;
  }
  const ms::Tensor ones = ms::ones({kSquare, kSquare}, mindspore::kNumberTypeBool);
  const ms::Tensor hidden = Like(ones);
  const int64_t diagonal = 1;
  Run({ones}, {hidden}, MINDFORGE_ACLNN(Triu, ones, diagonal, hidden));
  seen.hidden = hidden;
  const bool as_long = in.packing.query_ends == in.packing.key_ends &&
                       (in.query.shape().size() == 3 || in.query.shape()[2] == in.key.shape()[2]);
  seen.precise = as_long && s.before >= 0 && s.after >= 0 ? 0 : kSomeSeeNothing;
  if (s.before == kUnlimited && s.after == 0) {
    seen.mode = s.from_end ? 3 : 2;  // causal, from the last key or from the first
    return seen;
  }
  if (!s.from_end && !as_long) {
    throw std::invalid_argument(
        "msops.fusion_attention: on Ascend a window counts positions from the end where queries "
        "and keys are not equally many; pass from_end=True");
  }
  seen.mode = 4;  // a band
  seen.before = std::min(s.before, kTokens);
  seen.after = std::min(s.after, kTokens);
  return seen;
}

// A bit for each weight, made again from seed and offset.
Optional Kept(const AttentionArguments& in) {
  const AttentionSettings& s = in.settings;
  if (s.dropout == 0.0) {
    return std::nullopt;
  }
  int64_t weights = 0;
  if (in.query.shape().size() == 4) {
    weights = in.query.shape()[0] * in.query.shape()[1] * in.query.shape()[2] * in.key.shape()[2];
  } else {
    int64_t first = 0, first_key = 0;
    for (size_t i = 0; i < in.packing.query_ends.size(); ++i) {
      weights += in.query.shape()[1] * (in.packing.query_ends[i] - first) *
                 (in.packing.key_ends[i] - first_key);
      first = in.packing.query_ends[i];
      first_key = in.packing.key_ends[i];
    }
  }
  const ms::Tensor out(mindspore::kNumberTypeUInt8, {(weights + 127) / 128 * 128 / 8});
  const std::vector<int64_t> shape{weights};
  const double dropout = s.dropout;
  const int64_t seed = static_cast<int64_t>(s.seed), offset = s.offset;
  Run({}, {out}, MINDFORGE_ACLNN(DropoutGenMask, shape, dropout, seed, offset, out));
  return out;
}

AttentionResult Forward(const AttentionArguments& in) {
  const ms::Tensor &query = in.query, &key = in.key, &value = in.value;
  const ms::Tensor output(query.data_type(), AttentionOutputShape(query.shape(), value.shape()));
  Shape copies = AttentionLogSumShape(query.shape());
  copies.push_back(kCopies);
  const ms::Tensor maximum(kFloat, copies), sum = Like(maximum);
  const Seen seen = SeenBy(in);
  const Optional kept = Kept(in), none;
  const Optional shift = seen.shift, hidden = seen.hidden;
  const std::vector<int64_t> nowhere, queries = in.packing.query_ends, keys = in.packing.key_ends;
  const double scale = in.settings.scale, keep = 1.0 - in.settings.dropout;
  const int64_t heads = query.shape()[1], before = seen.before, after = seen.after;
  const int64_t precise = seen.precise, mode = seen.mode, added_after_scale = 0;
  const Tensors inputs = Present({query, key, value, shift, kept, hidden});
  if (queries.empty()) {
    const std::string layout = "BNSD";
    Run(inputs, {maximum, sum, output},
        MINDFORGE_ACLNN(FlashAttentionScoreV2, query, key, value, shift, kept, none, hidden,
                        nowhere, nowhere, nowhere, scale, keep, before, after, heads, layout,
                        precise, mode, added_after_scale, maximum, sum, none, output));
  } else {
    const std::string layout = "TND";
    Run(inputs, {maximum, sum, output},
        MINDFORGE_ACLNN(FlashAttentionVarLenScore, query, key, value, shift, kept, none, hidden,
                        nowhere, queries, keys, scale, keep, before, after, heads, layout, precise,
                        mode, maximum, sum, none, output));
  }
  const ms::Tensor largest = First(maximum);
  return {{output, LogSum(largest, First(sum))}, largest};
}

AttentionGradientTensors Backward(const AttentionArguments& in, const AttentionOutput& result,
                                  const ms::Tensor& dy) {
  const ms::Tensor &query = in.query, &key = in.key, &value = in.value, &output = result.output;
  // exp(S - L) is also exp(S - maximum) / sum where the maximum is L and the sum 1. A query that
  // sees no key has the lowest L, and no S is higher: a large sum leaves nothing of its weights.
  const ms::Tensor maximum = Copies(Finite(result.log_sum));
  const ms::Tensor sum = Clamp(Mul(maximum, -1e-8), Scalar(1.0), Scalar(kHighest));
  const ms::Tensor dq = Like(query), dk = Like(key), dv = Like(value);
  const Seen seen = SeenBy(in);
  const Optional kept = Kept(in), none, shift = seen.shift, hidden = seen.hidden;
  const ms::Tensor dshift = shift.has_value() ? Like(*shift) : ms::zeros({0}, query.data_type());
  const std::vector<int64_t> nowhere, queries = in.packing.query_ends, keys = in.packing.key_ends;
  const double scale = in.settings.scale, keep = 1.0 - in.settings.dropout;
  const int64_t heads = query.shape()[1], before = seen.before, after = seen.after;
  const int64_t precise = seen.precise, mode = seen.mode, added_after_scale = 0;
  const Tensors inputs =
      Present({query, key, value, dy, maximum, sum, output, shift, kept, hidden});
  if (queries.empty()) {
    const std::string layout = "BNSD";
    Run(inputs, {dq, dk, dv, dshift},
        MINDFORGE_ACLNN(FlashAttentionScoreGradV2, query, key, value, dy, shift, kept, none, hidden,
                        maximum, sum, none, output, nowhere, nowhere, nowhere, scale, keep, before,
                        after, heads, layout, precise, mode, added_after_scale, dq, dk, dv,
                        dshift));
  } else {
    const std::string layout = "TND";
    Run(inputs, {dq, dk, dv, dshift},
        MINDFORGE_ACLNN(FlashAttentionUnpaddingScoreGrad, query, key, value, dy, shift, kept, none,
                        hidden, maximum, sum, none, output, nowhere, queries, keys, scale, keep,
                        before, after, heads, layout, precise, mode, dq, dk, dv, dshift));
  }
  return {dq, dk, dv};
}

bool Empty(const AttentionArguments& in) { return in.query.numel() == 0 || in.key.numel() == 0; }

}  // namespace

std::vector<mindspore::TypeId> AttentionDtypes() { return FloatDtypes(); }

AttentionResult LaunchAttention(const AttentionArguments& in) {
  if (!Empty(in)) {
    return Forward(in);
  }
  const Shape& query = in.query.shape();
  const ms::Tensor ones = ms::zeros(AttentionLogSumShape(query), kFloat);
  const ms::Tensor output =
      ms::zeros(AttentionOutputShape(query, in.value.shape()), in.query.data_type());
  const ms::Tensor nothing = ones.numel() == 0 ? ones : Log(ones);
  return {{output, nothing}, nothing};
}

// What comes through L is added to the gradients of the scores, weight by weight:
//   dQ += scale * dL * (P K), which is attention with the keys for values, and
//   dK += scale * P^T (dL * Q), which is the gradient of those values from dL * Q.
AttentionGradientTensors LaunchAttentionGrad(const AttentionArguments& in,
                                             const AttentionOutput& output,
                                             const ms::Tensor& doutput, const Optional& dlog_sum) {
  if (Empty(in)) {
    return {ZerosLike(in.query), ZerosLike(in.key), ZerosLike(in.value)};
  }
  AttentionGradientTensors result = Backward(in, output, doutput);
  if (dlog_sum.has_value()) {
    AttentionArguments keys = in;
    keys.value = in.key;
    keys.settings.dropout = 0.0;
    const AttentionOutput seen = Forward(keys);
    const ms::Tensor from_key = TimesRows(seen.output, *dlog_sum);
    const ms::Tensor from_query = Backward(keys, seen, TimesRows(in.query, *dlog_sum)).dvalue;
    result.dquery = Add(result.dquery, Mul(from_key, in.settings.scale));
    result.dkey = Add(result.dkey, Mul(from_query, in.settings.scale));
  }
  return result;
}

//   aclnnRingAttentionUpdate(prevAttnOut, prevSoftmaxMax, prevSoftmaxSum, curAttnOut,
//                            curSoftmaxMax, curSoftmaxSum, actualSeqQlenOptional,
//                            inputLayoutOptional, attnOutOut, softmaxMaxOut, softmaxSumOut)
// with each row as a sequence's element of one batch and one head, L for the maximum and 1 for the
// sum.
MergedAttention LaunchAttentionMerge(const MergedAttention& one, const MergedAttention& other) {
  if (one.output.numel() == 0) {
    return {ZerosLike(one.output), ZerosLike(one.log_sum)};
  }
  const int64_t rows = static_cast<int64_t>(one.log_sum.numel());
  const Shape table{rows, 1, one.output.shape().back()};
  const ms::Tensor a = one.output.reshape(table), b = other.output.reshape(table);
  const Shape line{1, 1, rows};
  const ms::Tensor a_max = Copies(Finite(one.log_sum).reshape(line));
  const ms::Tensor b_max = Copies(Finite(other.log_sum).reshape(line));
  const ms::Tensor sums = ms::ones(a_max.shape(), kFloat);
  const ms::Tensor out = Like(a), maximum = Like(a_max), sum = Like(a_max);
  const Optional none;
  const std::string layout = "SBH";
  Run({a, a_max, sums, b, b_max}, {out, maximum, sum},
      MINDFORGE_ACLNN(RingAttentionUpdate, a, a_max, sums, b, b_max, sums, none, layout, out,
                      maximum, sum));
  const ms::Tensor largest = First(maximum);
  return {out.reshape(one.output.shape()),
          LogSum(largest, First(sum)).reshape(one.log_sum.shape())};
}

// From the formulas in csrc/cpu/attention_merge.h, in float32.
MergedAttentionGradients LaunchAttentionMergeGrad(const MergedAttention& gradient,
                                                  const MergedAttention& one,
                                                  const MergedAttention& other) {
  if (one.output.numel() == 0) {
    return {{ZerosLike(one.output), ZerosLike(one.log_sum)},
            {ZerosLike(other.output), ZerosLike(other.log_sum)}};
  }
  const MergedAttention whole = LaunchAttentionMerge(one, other);
  const ms::Tensor above = As(gradient.output, kFloat), result = As(whole.output, kFloat);
  const auto of = [&](const MergedAttention& part) -> MergedAttention {
    const ms::Tensor weight = Exp(Sub(part.log_sum, whole.log_sum));
    const ms::Tensor product = Mul(above, Sub(As(part.output, kFloat), result));
    const ms::Tensor along = SumOver(product, {kLast}, false, part.log_sum);
    return {As(TimesRows(above, weight), part.output.data_type()),
            TimesRows(Add(gradient.log_sum, along), weight)};
  };
  return {of(one), of(other)};
}

}  // namespace mindforge
