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
#include <memory>
#include <vector>

#include "csrc/ascend/api.h"
#include "csrc/shapes/matmul.h"

namespace mindforge {
namespace {

using ms::pynative::AclnnOpRunner;
using Tensors = std::vector<ms::Tensor>;

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

ms::Tensor AsFloat(const ms::Tensor& tensor) {
  const bool is_float = tensor.data_type() == mindspore::kNumberTypeFloat32;
  return is_float ? tensor : tensor.cast(mindspore::kNumberTypeFloat32);
}

void FillZeros(const ms::Tensor& tensor) {
  const mindspore::ScalarPtr zero = std::make_shared<mindspore::FP32Imm>(0.0f);
  const auto runner = std::make_shared<AclnnOpRunner>("InplaceFillScalar");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnInplaceFillScalar, tensor, zero));
  runner->Run({tensor}, {});
}

void Grouped(const ms::Tensor& x, const ms::Tensor& weight, const ms::Tensor& group_list,
             GroupType type, const ms::Tensor& out) {
  const bool wide = group_list.data_type() == mindspore::kNumberTypeInt64;
  const ms::Tensor counts = wide ? group_list : group_list.cast(mindspore::kNumberTypeInt64);
  const Tensors none;
  const int64_t one_tensor = 3, group_type = type, are_counts = 1, no_activation = 0;
  const auto runner = std::make_shared<AclnnOpRunner>("GroupedMatmulV4");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnGroupedMatmulV4, Tensors{x}, Tensors{weight}, none,
                                          none, none, none, none, none, counts, none, none, none,
                                          one_tensor, group_type, are_counts, no_activation,
                                          Tensors{out}, none, none));
  runner->Run({x, weight, counts}, {out});
}

}  // namespace

std::vector<mindspore::TypeId> MatmulDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

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
  const bool wide = main_grad.data_type() == mindspore::kNumberTypeFloat32;
  const ms::Tensor left = Transposed((wide ? AsFloat(dy) : dy).reshape({rows, -1}));
  const ms::Tensor right = (wide ? AsFloat(x) : x).reshape({rows, -1});
  const ms::Tensor product(main_grad.data_type(), main_grad.shape());
  const int8_t keep_dtype = 0;
  const auto mm = std::make_shared<AclnnOpRunner>("Mm");
  mm->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnMm, left, right, product, keep_dtype));
  mm->Run({left, right}, {product});
  const mindspore::ScalarPtr one = std::make_shared<mindspore::FP32Imm>(1.0f);
  const auto add = std::make_shared<AclnnOpRunner>("InplaceAdd");
  add->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnInplaceAdd, main_grad, product, one));
  add->Run({main_grad, product}, {});
}

void LaunchMatmulInto(const ms::Tensor& a, const ms::Tensor& b, const ms::Tensor& out,
                      bool transpose_a, bool transpose_b) {
  if (out.numel() == 0) {
    return;
  }
  if (a.numel() == 0) {
    return FillZeros(out);
  }
  const ms::Tensor left = transpose_a ? Transposed(a) : a;
  const ms::Tensor right = transpose_b ? Transposed(b) : b;
  const int8_t keep_dtype = 0;
  const auto runner = std::make_shared<AclnnOpRunner>("BatchMatMul");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnBatchMatMul, left, right, out, keep_dtype));
  runner->Run({left, right, out}, {});
}

}  // namespace mindforge
