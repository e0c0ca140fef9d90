// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The choice of experts on MindSpore tensors in the memory of an Ascend NPU, through CANN's
// operators:
//   aclnnMoeGatingTopK(x, biasOptional, k, kGroup, groupCount, groupSelectMode, renorm, normType,
//                      outFlag, routedScalingFactor, eps, yOut, expertIdxOut, outOut)
//                                                                 the choice and all scores; then
//   aclnnGather(self, dim, index, out), aclnnBincount(self, weightsOptional, minlength, out),
//   aclnnReduceSum(self, dims, keepDims, dtype, out), aclnnAdds(self, other, alpha, out),
//   aclnnMuls(self, other, out), aclnnMul(self, other, out), aclnnDiv(self, other, out),
//   aclnnSub(self, other, alpha, out), aclnnAdd(self, other, alpha, out),
//   aclnnScatterAdd(self, dim, index, src, out),
//   aclnnSigmoid(self, out), aclnnSigmoidBackward(gradOutput, output, gradInput),
//   aclnnSoftmax(self, dim, out), aclnnSoftmaxBackward(gradOutput, output, dim, gradInput)
// Argument order as in CANN's operator library reference, 8.0 and later; aclnnMoeGatingTopK is in
// 8.1 and later. CANN takes no empty tensors, so those do not reach it.
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/ascend/moe.h"
#include "csrc/launch/moe.h"

namespace mindforge {
namespace {

mindspore::ScalarPtr Scalar(double value) {
  return std::make_shared<mindspore::FP32Imm>(static_cast<float>(value));
}

}  // namespace

namespace moe {

ms::Tensor Gathered(const ms::Tensor& from, const ms::Tensor& index) {
  const ms::Tensor out(from.data_type(), index.shape());
  MINDFORGE_ACLNN(Gather, (Inputs{from, index}), out, from, kLast, index, out);
  return out;
}

ms::Tensor Counts(const ms::Tensor& indices, int64_t experts) {
  const ms::Tensor flat = indices.reshape({-1}), out(mindspore::kNumberTypeInt64, {experts});
  const std::optional<ms::Tensor> unweighted;
  MINDFORGE_ACLNN(Bincount, Inputs{flat}, out, flat, unweighted, experts, out);
  return out;
}

ms::Tensor Plus(const ms::Tensor& tensor, double value) {
  const ms::Tensor out = Like(tensor);
  MINDFORGE_ACLNN(Adds, Inputs{tensor}, out, tensor, Scalar(value), Scalar(1.0), out);
  return out;
}

}  // namespace moe

namespace {

using moe::AclnnOpRunner;
using moe::As;
using moe::Gathered;
using moe::Inputs;
using moe::kFloat;
using moe::kLast;
using moe::Like;
using moe::Plus;
using moe::TypeId;
using Optional = std::optional<ms::Tensor>;

ms::Tensor SumOver(const ms::Tensor& tensor, int64_t dim, bool keep) {
  const int64_t other = tensor.shape()[1 - dim];
  const ms::Tensor out(tensor.data_type(), keep ? Shape{other, 1} : Shape{other});
  const std::vector<int64_t> dims{dim};
  const TypeId dtype = tensor.data_type();
  MINDFORGE_ACLNN(ReduceSum, Inputs{tensor}, out, tensor, dims, keep, dtype, out);
  return out;
}

ms::Tensor Times(const ms::Tensor& tensor, double value) {
  const ms::Tensor out = Like(tensor);
  MINDFORGE_ACLNN(Muls, Inputs{tensor}, out, tensor, Scalar(value), out);
  return out;
}

// The shape of the first, to which the second is broadcast.
ms::Tensor Times(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor out = Like(a);
  MINDFORGE_ACLNN(Mul, (Inputs{a, b}), out, a, b, out);
  return out;
}

ms::Tensor Over(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor out = Like(a);
  MINDFORGE_ACLNN(Div, (Inputs{a, b}), out, a, b, out);
  return out;
}

ms::Tensor Minus(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor out = Like(a);
  MINDFORGE_ACLNN(Sub, (Inputs{a, b}), out, a, b, Scalar(1.0), out);
  return out;
}

// The shape of the second, to which the first is broadcast.
ms::Tensor Broadcast(const ms::Tensor& row, const ms::Tensor& like) {
  const ms::Tensor zeros = ms::zeros(like.shape(), like.data_type()), out = Like(like);
  MINDFORGE_ACLNN(Add, (Inputs{zeros, row}), out, zeros, row, Scalar(1.0), out);
  return out;
}

ms::Tensor Scores(const ms::Tensor& logits, bool softmax) {
  const ms::Tensor x = As(logits, kFloat), out = Like(x);
  if (softmax) {
    MINDFORGE_ACLNN(Softmax, Inputs{x}, out, x, kLast, out);
  } else {
    MINDFORGE_ACLNN(Sigmoid, Inputs{x}, out, x, out);
  }
  return out;
}

ms::Tensor LogitsGradient(const ms::Tensor& dscores, const ms::Tensor& scores, bool softmax) {
  const ms::Tensor out = Like(scores);
  if (softmax) {
    MINDFORGE_ACLNN(SoftmaxBackward, (Inputs{dscores, scores}), out, dscores, scores, kLast, out);
  } else {
    MINDFORGE_ACLNN(SigmoidBackward, (Inputs{dscores, scores}), out, dscores, scores, out);
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
  const int64_t by_sum = gating.group_top_k - 1, renorm = 0, norm_type = gating.softmax ? 0 : 1;
  const bool scores_too = true;
  const double one = 1.0;
  const auto runner = std::make_shared<AclnnOpRunner>("MoeGatingTopK");
  runner->SetLaunchFunc(
      LAUNCH_ACLNN_FUNC(aclnnMoeGatingTopK, x, bias, gating.top_k, gating.top_groups, gating.groups,
                        gating.top_groups < gating.groups ? by_sum : int64_t{0}, renorm, norm_type,
                        scores_too, one, gating.eps, y, indices, all));
  runner->Run(bias.has_value() ? Inputs{x, *bias} : Inputs{x}, {y, indices, all});
  return indices;
}

}  // namespace

std::vector<TypeId> MoeDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16, kFloat};
}

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
  ms::Tensor probs = Gathered(scores, As(indices, mindspore::kNumberTypeInt64));
  if (gating.normalize) {
    probs = Over(probs, Plus(SumOver(probs, kLast, true), gating.eps));
  }
  const ms::Tensor shares =
      gating.softmax ? scores : Over(scores, Plus(SumOver(scores, kLast, true), gating.eps));
  return {As(Times(probs, gating.scale), logits.data_type()), indices,
          moe::Counts(indices, experts), SumOver(shares, 0, false)};
}

ms::Tensor LaunchMoeGatingGrad(const ms::Tensor& dprobs, const ms::Tensor& dsums,
                               const ms::Tensor& logits, const ms::Tensor& indices,
                               const MoeGating& gating) {
  if (logits.shape()[0] == 0) {
    return ms::zeros(logits.shape(), logits.data_type());
  }
  const ms::Tensor scores = Scores(logits, gating.softmax);
  const ms::Tensor index = As(indices, mindspore::kNumberTypeInt64);
  ms::Tensor dchosen = Times(As(dprobs, kFloat), gating.scale);
  if (gating.normalize) {
    const ms::Tensor chosen = Gathered(scores, index);
    const ms::Tensor total = Plus(SumOver(chosen, kLast, true), gating.eps);
    const ms::Tensor along = Over(SumOver(Times(dchosen, chosen), kLast, true), total);
    dchosen = Over(Minus(dchosen, along), total);
  }
  ms::Tensor dscores = Broadcast(dsums, scores);
  if (!gating.softmax) {
    const ms::Tensor total = Plus(SumOver(scores, kLast, true), gating.eps);
    const ms::Tensor along = Over(SumOver(Times(dscores, scores), kLast, true), total);
    dscores = Over(Minus(dscores, along), total);
  }
  const ms::Tensor sum = Like(dscores);
  MINDFORGE_ACLNN(ScatterAdd, (Inputs{dscores, index, dchosen}), sum, dscores, kLast, index,
                  dchosen, sum);
  return As(LogitsGradient(sum, scores, gating.softmax), logits.data_type());
}

}  // namespace mindforge
