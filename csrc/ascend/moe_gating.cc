// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The choice of experts on MindSpore tensors in the memory of an Ascend NPU, through CANN's
// operators:
//   aclnnMoeGatingTopK(x, biasOptional, k, kGroup, groupCount, groupSelectMode, renorm, normType,
//                      outFlag, routedScalingFactor, eps, yOut, expertIdxOut, outOut)
//                                                                 the choice and all scores; then
//   aclnnGather(self, dim, index, out), aclnnBincount(self, weights, minlength, out),
//   aclnnReduceSum(self, dims, keepDims, dtype, out), aclnnAdds(self, other, alpha, out),
//   aclnnMuls(self, other, out), aclnnMul(self, other, out), aclnnDiv(self, other, out),
//   aclnnSub(self, other, alpha, out), aclnnAdd(self, other, alpha, out),
//   aclnnScatterAdd(self, dim, index, src, out),
//   aclnnSigmoid(self, out), aclnnSigmoidBackward(gradOutput, output, gradInput),
//   aclnnSoftmax(self, dim, out), aclnnSoftmaxBackward(gradOutput, output, dim, out)
// Argument order as in CANN's operator library reference, 8.0 and later; aclnnMoeGatingTopK is in
// 8.1 and later. CANN takes no empty tensors, so those do not reach it.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"
#include "csrc/launch/moe.h"

namespace mindforge {
namespace {

using namespace ascend;

// The sum over the experts, or choices, of each row, (tokens, 1).
ms::Tensor RowSum(const ms::Tensor& table) {
  return SumOver(table, {kLast}, true, ms::Tensor(table.data_type(), {table.shape()[0], 1}));
}

// Rows that sum to 1.
ms::Tensor Normalized(const ms::Tensor& table, double eps) {
  return Div(table, Add(RowSum(table), eps));
}

// The gradient of `table` through Normalized.
ms::Tensor NormalizedGradient(const ms::Tensor& gradient, const ms::Tensor& table, double eps) {
  const ms::Tensor total = Add(RowSum(table), eps);
  const ms::Tensor along = Div(RowSum(Mul(gradient, table)), total);
  return Div(Sub(gradient, along), total);
}

ms::Tensor Scores(const ms::Tensor& logits, bool softmax) {
  const ms::Tensor x = As(logits, kFloat), out = Like(x);
  if (softmax) {
    Run({x}, {out}, MINDFORGE_ACLNN(Softmax, x, kLast, out));
  } else {
    Run({x}, {out}, MINDFORGE_ACLNN(Sigmoid, x, out));
  }
  return out;
}

ms::Tensor LogitsGradient(const ms::Tensor& dscores, const ms::Tensor& scores, bool softmax) {
  const ms::Tensor out = Like(scores);
  if (softmax) {
    Run({dscores, scores}, {out}, MINDFORGE_ACLNN(SoftmaxBackward, dscores, scores, kLast, out));
  } else {
    Run({dscores, scores}, {out}, MINDFORGE_ACLNN(SigmoidBackward, dscores, scores, out));
  }
  return out;
}

// The experts of each token.
ms::Tensor Choose(const ms::Tensor& logits, const Optional& bias, const MoeGating& gating) {
  if (gating.top_groups < gating.groups && gating.group_top_k > 2) {
    throw std::invalid_argument("msops.moe_gating: group_top_k must be 1 or 2 on Ascend, got " +
                                std::to_string(gating.group_top_k));
  }
  const ms::Tensor x = As(logits, kFloat);
  const Shape chosen{x.shape()[0], gating.top_k};
  const ms::Tensor y(kFloat, chosen), indices(mindspore::kNumberTypeInt32, chosen), all = Like(x);
  // Without a limit one group says the same, and CANN wants more of those that choose.
  const bool limited = gating.top_groups < gating.groups;
  const int64_t groups = limited ? gating.groups : 1, top_groups = limited ? gating.top_groups : 1;
  const int64_t by_sum = limited ? gating.group_top_k - 1 : 0;
  const int64_t renorm = 0, norm_type = gating.softmax ? 0 : 1;
  const bool scores_too = true;
  const double one = 1.0;
  Run(Present({x, bias}), {y, indices, all},
      MINDFORGE_ACLNN(MoeGatingTopK, x, bias, gating.top_k, top_groups, groups, by_sum, renorm,
                      norm_type, scores_too, one, gating.eps, y, indices, all));
  return indices;
}

}  // namespace

std::vector<mindspore::TypeId> MoeDtypes() { return FloatDtypes(); }

MoeGatingOutput LaunchMoeGating(const ms::Tensor& logits, const Optional& bias,
                                const MoeGating& gating) {
  const int64_t tokens = logits.shape()[0], experts = logits.shape()[1];
  if (tokens == 0) {
    return {ms::zeros({0, gating.top_k}, logits.data_type()),
            ms::zeros({0, gating.top_k}, mindspore::kNumberTypeInt32),
            ms::zeros({experts}, mindspore::kNumberTypeInt64), ms::zeros({experts}, kFloat)};
  }
  const ms::Tensor indices = Choose(logits, bias, gating);
  const ms::Tensor scores = Scores(logits, gating.softmax);
  const ms::Tensor chosen = Gather(scores, As(indices, mindspore::kNumberTypeInt64));
  const ms::Tensor probs = gating.normalize ? Normalized(chosen, gating.eps) : chosen;
  const ms::Tensor shares = gating.softmax ? scores : Normalized(scores, gating.eps);
  return {As(Mul(probs, gating.scale), logits.data_type()), indices, Counts(indices, experts),
          SumOver(shares, {0}, false, ms::Tensor(kFloat, {experts}))};
}

ms::Tensor LaunchMoeGatingGrad(const ms::Tensor& dprobs, const ms::Tensor& dsums,
                               const ms::Tensor& logits, const ms::Tensor& indices,
                               const MoeGating& gating) {
  if (logits.shape()[0] == 0) {
    return ms::zeros(logits.shape(), logits.data_type());
  }
  const ms::Tensor scores = Scores(logits, gating.softmax);
  const ms::Tensor index = As(indices, mindspore::kNumberTypeInt64);
  ms::Tensor dchosen = Mul(As(dprobs, kFloat), gating.scale);
  if (gating.normalize) {
    dchosen = NormalizedGradient(dchosen, Gather(scores, index), gating.eps);
  }
  ms::Tensor dscores = Add(ZerosLike(scores), dsums);
  if (!gating.softmax) {
    dscores = NormalizedGradient(dscores, scores, gating.eps);
  }
  dscores = ScatterAdd(dscores, index, dchosen);
  return As(LogitsGradient(dscores, scores, gating.softmax), logits.data_type());
}

}  // namespace mindforge
