// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The way of tokens to experts and back on MindSpore tensors in the memory of an Ascend NPU,
// through CANN's operators:
//   aclnnMoeTokenPermute(tokens, indices, numOutTokens, paddedMode, permuteTokensOut,
//                        sortedIndicesOut)
//   aclnnMoeTokenPermuteGrad(permutedOutputGrad, sortedIndices, numTopk, paddedMode, out)
//   aclnnMoeTokenUnpermute(permutedTokens, sortedIndices, probsOptional, paddedMode,
//                          restoreShapeOptional, out)
//   aclnnMoeTokenUnpermuteGrad(permutedTokens, unpermutedTokensGrad, sortedIndices, probsOptional,
//                              paddedMode, restoreShapeOptional, permutedTokensGradOut,
//                              probsGradOut)
//   aclnnScatter(self, dim, index, src, reduce, out)              probabilities to their rows
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"
#include "csrc/launch/moe.h"

namespace mindforge {

using namespace ascend;

MoePermuteOutput LaunchMoePermute(const ms::Tensor& tokens, const ms::Tensor& indices,
                                  const Optional& probs, const MoeLayout& layout) {
  if (layout.capacity != 0) {
    throw std::invalid_argument(
        "msops.moe_token_permute: capacity is not available on Ascend; CANN's operator keeps every "
        "token");
  }
  const int64_t rows = MoeRows(indices.shape(), layout), columns = tokens.shape()[1];
  if (rows == 0 || columns == 0) {
    return {ms::zeros({rows, columns}, tokens.data_type()),
            ms::zeros({probs.has_value() ? rows : 0}, kFloat),
            ms::zeros(indices.shape(), mindspore::kNumberTypeInt32),
            ms::zeros({layout.experts}, mindspore::kNumberTypeInt64)};
  }
  const ms::Tensor permuted(tokens.data_type(), {rows, columns});
  const ms::Tensor sorted(mindspore::kNumberTypeInt32, {rows});
  const bool padded = false;
  Run({tokens, indices}, {permuted, sorted},
      MINDFORGE_ACLNN(MoeTokenPermute, tokens, indices, rows, padded, permuted, sorted));
  ms::Tensor permuted_probs = ms::zeros({0}, kFloat);
  if (probs.has_value()) {
    const ms::Tensor zeros = ms::zeros({rows}, kFloat), flat = probs->reshape({-1});
    const ms::Tensor index = As(sorted, mindspore::kNumberTypeInt64);
    const int64_t along = 0, replace = 0;
    permuted_probs = Like(zeros);
    Run({zeros, index, flat}, {permuted_probs},
        MINDFORGE_ACLNN(Scatter, zeros, along, index, flat, replace, permuted_probs));
  }
  return {permuted, permuted_probs, sorted.reshape(indices.shape()),
          Counts(indices, layout.experts)};
}

ms::Tensor LaunchMoePermuteProbsGrad(const ms::Tensor& dpermuted_probs,
                                     const ms::Tensor& positions) {
  if (positions.numel() == 0) {
    return ms::zeros(positions.shape(), kFloat);
  }
  const ms::Tensor index = As(positions, mindspore::kNumberTypeInt64).reshape({1, -1});
  return Gather(dpermuted_probs.reshape({1, -1}), index).reshape(positions.shape());
}

ms::Tensor LaunchMoeUnpermute(const ms::Tensor& permuted, const ms::Tensor& positions,
                              const Optional& probs) {
  const Shape shape{positions.shape()[0], permuted.shape()[1]};
  if (positions.numel() == 0 || permuted.numel() == 0) {
    return ms::zeros(shape, permuted.data_type());
  }
  const ms::Tensor out(permuted.data_type(), shape), sorted = positions.reshape({-1});
  const bool padded = false;
  if (!probs.has_value()) {  // what the gradient of permuting is
    const int64_t top_k = positions.shape()[1];
    Run({permuted, sorted}, {out},
        MINDFORGE_ACLNN(MoeTokenPermuteGrad, permuted, sorted, top_k, padded, out));
    return out;
  }
  const ms::Tensor weights = As(*probs, permuted.data_type());
  const std::optional<std::vector<int64_t>> no_shape;
  Run({permuted, sorted, weights}, {out},
      MINDFORGE_ACLNN(MoeTokenUnpermute, permuted, sorted, weights, padded, no_shape, out));
  return out;
}

MoeUnpermuteGradients LaunchMoeUnpermuteGrad(const ms::Tensor& dout, const ms::Tensor& permuted,
                                             const ms::Tensor& positions, const Optional& probs) {
  if (positions.numel() == 0 || permuted.numel() == 0) {
    return {ms::zeros(permuted.shape(), permuted.data_type()),
            probs.has_value() ? Optional(ms::zeros(positions.shape(), kFloat)) : std::nullopt};
  }
  // Ones where there are none: the operator without probabilities is for one expert a token.
  const ms::Tensor weights = probs.has_value() ? As(*probs, permuted.data_type())
                                               : ms::ones(positions.shape(), permuted.data_type());
  const ms::Tensor sorted = positions.reshape({-1});
  const ms::Tensor dpermuted = Like(permuted), dprobs = Like(weights);
  const bool padded = false;
  const std::optional<std::vector<int64_t>> no_shape;
  Run({permuted, dout, sorted, weights}, {dpermuted, dprobs},
      MINDFORGE_ACLNN(MoeTokenUnpermuteGrad, permuted, dout, sorted, weights, padded, no_shape,
                      dpermuted, dprobs));
  return {dpermuted, probs.has_value() ? Optional(As(dprobs, kFloat)) : std::nullopt};
}

}  // namespace mindforge
