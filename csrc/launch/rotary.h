// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for rotary_position_embedding. csrc/cpu and csrc/ascend each define these
// functions; a build of the extension links one of the two. Arguments were checked. x and dy may be
// views with a dense last dimension, cos and sin are dense.
#ifndef CSRC_LAUNCH_ROTARY_H_
#define CSRC_LAUNCH_ROTARY_H_

#include <vector>

#include "csrc/shapes/rotary.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that x may have on this device.
std::vector<mindspore::TypeId> RotaryDtypes();

// The shape and dtype of x.
ms::Tensor LaunchRotary(const ms::Tensor& x, const ms::Tensor& cos, const ms::Tensor& sin,
                        const RotarySettings& settings);

// dx.
ms::Tensor LaunchRotaryGrad(const ms::Tensor& dy, const ms::Tensor& cos, const ms::Tensor& sin,
                            const RotarySettings& settings);

struct RotaryTableGradients {
  ms::Tensor dcos, dsin;  // shape and dtype of cos
};

RotaryTableGradients LaunchRotaryTableGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                           const ms::Tensor& cos, const ms::Tensor& sin,
                                           const RotarySettings& settings);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_ROTARY_H_
