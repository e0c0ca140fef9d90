// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for gelu. csrc/cpu and csrc/ascend each define these functions; a build of
// the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_GELU_H_
#define CSRC_LAUNCH_GELU_H_

#include <optional>
#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that x may have on this device.
std::vector<mindspore::TypeId> GeluDtypes();

// Shape and dtype of x. bias has that dtype too. `tanh` asks for the approximation.
ms::Tensor LaunchGelu(const ms::Tensor& x, const std::optional<ms::Tensor>& bias, bool tanh);

// Shape and dtype of what each is a gradient of; dbias only where there is a bias.
struct GeluGradients {
  ms::Tensor dx;
  std::optional<ms::Tensor> dbias;
};

GeluGradients LaunchGeluGrad(const ms::Tensor& dy, const ms::Tensor& x,
                             const std::optional<ms::Tensor>& bias, bool tanh);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_GELU_H_
