// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for AdamW. csrc/cpu and csrc/ascend each define these functions; a build of
// the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_ADAMW_H_
#define CSRC_LAUNCH_ADAMW_H_

#include <vector>

#include "csrc/shapes/adamw.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// Parameters and what belongs to them, at equal places.
struct AdamWTensors {
  std::vector<ms::Tensor> parameters;
  std::vector<ms::Tensor> gradients;          // dtype of the parameter, or float32 for half types
  std::vector<ms::Tensor> averages, squares;  // float32, float64 for float64 parameters
  std::vector<ms::Tensor> masters;            // as those, or none at all
};

// The dtypes that a parameter may have on this device.
std::vector<mindspore::TypeId> AdamWDtypes();

// Changes parameters, averages, squares and masters in place.
void LaunchAdamW(const AdamWTensors& tensors, const AdamWSettings& settings);

// A new float32 scalar. There is at least one tensor.
ms::Tensor LaunchGlobalNorm(const std::vector<ms::Tensor>& tensors);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_ADAMW_H_
