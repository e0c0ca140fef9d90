// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Matrix products on MindSpore tensors in the memory of an Ascend NPU, through CANN's operators:
//   aclnnGroupedMatmulV4(x, weight, biasOptional, scaleOptional, offsetOptional,
//                        antiquantScaleOptional, antiquantOffsetOptional, perTokenScaleOptional,
//                        groupListOptional, activationInputOptional, activationQuantScaleOptional,
//                        activationQuantOffsetOptional, splitItem, groupType, groupListType,
//                        actType, out, activationFeatureOutOptional, dynQuantScaleOutOptional)
//   aclnnMm(self, mat2, out, cubeMathType)
//   aclnnBatchMatMul(self, mat2, out, cubeMathType)
//   aclnnInplaceAdd(selfRef, other, alpha)
//   aclnnInplaceFillScalar(selfRef, value)               where there is nothing to sum
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it. CANN has no product that is added in float32 to a half one's
// sum: its factors are converted to float32 first.
#include "csrc/launch/matmul.h"

#include <cstdint>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"
#include "csrc/shapes/matmul.h"
#include "include/pynative/utils/pyboost/functions/auto_generate/functions.h"

namespace mindforge {
namespace {

using namespace ascend;

// Which axis of x the groups divide.
enum GroupType : int64_t { kRows = 0, kSum = 2 };

// A view with the last two axes exchanged. CANN takes it as it is.
ms::Tensor Transposed(const ms::Tensor& tensor) {
  const auto last = static_cast<int64_t>(tensor.shape().size()) - 1;
  const ms::Tensor view(
      mindspore::kernel::pyboost::transpose_ext_view(tensor.tensor(), last - 1, last));
  view.SetNeedContiguous(false);
  return view;
}

void Grouped(const ms::Tensor& x, const ms::Tensor& weight, const ms::Tensor& group_list,
             GroupType type, const ms::Tensor& out) {
  const ms::Tensor counts = As(group_list, mindspore::kNumberTypeInt64);
  const Tensors none;
  const int64_t one_tensor = 3, group_type = type, are_counts = 1, no_activation = 0;
  Run({x, weight, counts}, {out},
      MINDFORGE_ACLNN(GroupedMatmulV4, Tensors{x}, Tensors{weight}, none, none, none, none, none,
                      none, counts, none, none, none, one_tensor, group_type, are_counts,
                      no_activation, Tensors{out}, none, none));
}

}  // namespace

std::vector<mindspore::TypeId> MatmulDtypes() { return FloatDtypes(); }

ms::Tensor LaunchGroupedMatmul(const ms::Tensor& x, const ms::Tensor& weight,
                               const ms::Tensor& group_list, bool transposed) {
  const Shape shape = GroupedMatmulShape(x.shape(), weight.shape(), transposed);
  const ms::Tensor y(x.data_type(), shape);
  if (x.numel() == 0 || y.numel() == 0) {
    return ms::zeros(shape, x.data_type());
  }
  Grouped(x, transposed ? Transposed(weight) : weight, group_list, kRows, y);
  return y;
}

ms::Tensor LaunchGroupedMatmulGradWeight(const ms::Tensor& x, const ms::Tensor& dy,
                                         const ms::Tensor& weight, const ms::Tensor& group_list,
                                         bool transposed) {
  const ms::Tensor dweight(weight.data_type(), weight.shape());
  if (x.numel() == 0 || dy.numel() == 0) {
    return ms::zeros(weight.shape(), weight.data_type());
  }
  Grouped(Transposed(transposed ? dy : x), transposed ? x : dy, group_list, kSum, dweight);
  return dweight;
}

void LaunchMatmulAccumulate(const ms::Tensor& x, const ms::Tensor& dy,
                            const ms::Tensor& main_grad) {
  const MatmulAccumulateSize size = MatmulAccumulateSizeOf(x.shape(), dy.shape());
  if (x.numel() == 0 || dy.numel() == 0) {
    return;
  }
  const auto rows = static_cast<int64_t>(size.rows);
  const bool wide = main_grad.data_type() == kFloat;
  const ms::Tensor left = Transposed((wide ? As(dy, kFloat) : dy).reshape({rows, -1}));
  const ms::Tensor right = (wide ? As(x, kFloat) : x).reshape({rows, -1});
  const ms::Tensor product(main_grad.data_type(), main_grad.shape());
  const int8_t keep_dtype = 0;
  Run({left, right}, {product}, MINDFORGE_ACLNN(Mm, left, right, product, keep_dtype));
  Run({main_grad, product}, {}, MINDFORGE_ACLNN(InplaceAdd, main_grad, product, Scalar(1.0)));
}

void LaunchMatmulInto(const ms::Tensor& a, const ms::Tensor& b, const ms::Tensor& out,
                      bool transpose_a, bool transpose_b) {
  if (out.numel() == 0) {
    return;
  }
  if (a.numel() == 0) {
    return Run({out}, {}, MINDFORGE_ACLNN(InplaceFillScalar, out, Scalar(0.0)));
  }
  const ms::Tensor left = transpose_a ? Transposed(a) : a;
  const ms::Tensor right = transpose_b ? Transposed(b) : b;
  const int8_t keep_dtype = 0;
  Run({left, right, out}, {}, MINDFORGE_ACLNN(BatchMatMul, left, right, out, keep_dtype));
}

}  // namespace mindforge
