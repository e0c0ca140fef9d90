// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for matrix products. csrc/cpu and csrc/ascend each define these functions; a
// build of the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_MATMUL_H_
#define CSRC_LAUNCH_MATMUL_H_

#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that the factors may have on this device.
std::vector<mindspore::TypeId> MatmulDtypes();

// GroupedMatmulShape and the dtype of x and weight. Entries of group_list are counts of rows.
ms::Tensor LaunchGroupedMatmul(const ms::Tensor& x, const ms::Tensor& weight,
                               const ms::Tensor& group_list, bool transposed);

// Shape and dtype of weight. The gradient of x is LaunchGroupedMatmul(dy, weight, group_list,
// !transposed).
ms::Tensor LaunchGroupedMatmulGradWeight(const ms::Tensor& x, const ms::Tensor& dy,
                                         const ms::Tensor& weight, const ms::Tensor& group_list,
                                         bool transposed);

// main_grad += dy' x, in place. main_grad has the dtype of x and dy, or float32.
void LaunchMatmulAccumulate(const ms::Tensor& x, const ms::Tensor& dy, const ms::Tensor& main_grad);

// out = a b for each pair of matrices, in place: two batches of matrices of one dtype, or of the
// transposes of what is multiplied.
void LaunchMatmulInto(const ms::Tensor& a, const ms::Tensor& b, const ms::Tensor& out,
                      bool transpose_a, bool transpose_b);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_MATMUL_H_
