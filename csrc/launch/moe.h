// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for a mixture of experts. csrc/cpu and csrc/ascend each define these
// functions; a build of the extension links one of the two. Arguments were checked and are dense.
// Probabilities, biases and sums are float32, float64 where what they go with is.
#ifndef CSRC_LAUNCH_MOE_H_
#define CSRC_LAUNCH_MOE_H_

#include <optional>
#include <vector>

#include "csrc/shapes/moe.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that logits and tokens may have on this device.
std::vector<mindspore::TypeId> MoeDtypes();

struct MoeGatingOutput {
  ms::Tensor probs;    // (tokens, top_k), the dtype of logits
  ms::Tensor indices;  // the same, int32
  ms::Tensor counts;   // (experts,), int64
  ms::Tensor sums;     // (experts,)
};

MoeGatingOutput LaunchMoeGating(const ms::Tensor& logits, const std::optional<ms::Tensor>& bias,
                                const MoeGating& gating);

ms::Tensor LaunchMoeGatingGrad(const ms::Tensor& dprobs, const ms::Tensor& dsums,
                               const ms::Tensor& logits, const ms::Tensor& indices,
                               const MoeGating& gating);

struct MoePermuteOutput {
  ms::Tensor permuted;   // (rows, columns), the dtype of tokens
  ms::Tensor probs;      // (rows,), or (0,) where there are none
  ms::Tensor positions;  // the shape of indices, int32
  ms::Tensor counts;     // (experts,), int64
};

MoePermuteOutput LaunchMoePermute(const ms::Tensor& tokens, const ms::Tensor& indices,
                                  const std::optional<ms::Tensor>& probs, const MoeLayout& layout);

// The gradient of probs from that of the permuted ones.
ms::Tensor LaunchMoePermuteProbsGrad(const ms::Tensor& dpermuted_probs,
                                     const ms::Tensor& positions);

// (tokens, columns), the dtype of permuted. Without probs it is the gradient of tokens too.
ms::Tensor LaunchMoeUnpermute(const ms::Tensor& permuted, const ms::Tensor& positions,
                              const std::optional<ms::Tensor>& probs);

struct MoeUnpermuteGradients {
  ms::Tensor dpermuted;
  std::optional<ms::Tensor> dprobs;
};

MoeUnpermuteGradients LaunchMoeUnpermuteGrad(const ms::Tensor& dout, const ms::Tensor& permuted,
                                             const ms::Tensor& positions,
                                             const std::optional<ms::Tensor>& probs);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_MOE_H_
