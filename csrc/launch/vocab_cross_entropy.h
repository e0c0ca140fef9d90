// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for the cross entropy over a vocabulary; csrc/cpu/vocab_cross_entropy.h has
// the formulas. csrc/cpu and csrc/ascend each define these functions; a build of the extension
// links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_VOCAB_CROSS_ENTROPY_H_
#define CSRC_LAUNCH_VOCAB_CROSS_ENTROPY_H_

#include <vector>

#include "csrc/shapes/vocab_cross_entropy.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that logits may have on this device. Targets are int32 or int64.
std::vector<mindspore::TypeId> VocabDtypes();

// Each of the shape of the targets and of ComputeDtype(logits).
struct VocabPieceTensors {
  ms::Tensor max, sum, target, total;
};

VocabPieceTensors LaunchVocabPieces(const ms::Tensor& logits, const ms::Tensor& target,
                                    int64_t first);

// One loss a target.
ms::Tensor LaunchVocabLoss(const VocabPieceTensors& pieces, const ms::Tensor& target,
                           const VocabRule& rule);

// Shape and dtype of the logits.
ms::Tensor LaunchVocabGrad(const ms::Tensor& dloss, const ms::Tensor& logits,
                           const ms::Tensor& target, const ms::Tensor& max, const ms::Tensor& sum,
                           const VocabRule& rule);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_VOCAB_CROSS_ENTROPY_H_
