// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for swiglu. csrc/cpu and csrc/ascend each define these functions; a build of
// the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_SWIGLU_H_
#define CSRC_LAUNCH_SWIGLU_H_

#include <optional>
#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that x may have on this device.
std::vector<mindspore::TypeId> SwigluDtypes();

// SwigluShape and the dtype of x. bias has that dtype too, scale is float32 unless x is float64.
ms::Tensor LaunchSwiglu(const ms::Tensor& x, const std::optional<ms::Tensor>& bias,
                        const std::optional<ms::Tensor>& scale);

// Shape and dtype of what each is a gradient of; dbias and dscale only where there is such a thing.
struct SwigluGradients {
  ms::Tensor dx;
  std::optional<ms::Tensor> dbias, dscale;
};

SwigluGradients LaunchSwigluGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                 const std::optional<ms::Tensor>& bias,
                                 const std::optional<ms::Tensor>& scale);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_SWIGLU_H_
