// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/ascend/tensors.h"

#include <memory>

namespace mindforge::ascend {

using ms::pynative::AclnnOpRunner;

ms::Tensor Sum(const ms::Tensor& a, const ms::Tensor& b, double factor) {
  const ms::Tensor sum = Like(a);
  const mindspore::ScalarPtr alpha =
      std::make_shared<mindspore::FP32Imm>(static_cast<float>(factor));
  const auto runner = std::make_shared<AclnnOpRunner>("Add");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnAdd, a, b, alpha, sum));
  runner->Run({a, b}, {sum});
  return sum;
}

ms::Tensor Biased(const ms::Tensor& x, const std::optional<ms::Tensor>& bias) {
  return bias.has_value() ? Sum(x, *bias) : x;
}

ms::Tensor SumOver(const ms::Tensor& tensor, const std::vector<int64_t>& dims, bool keep_dims,
                   const ms::Tensor& like) {
  const ms::Tensor sum = Like(like);
  const mindspore::TypeId dtype = like.data_type();
  const auto runner = std::make_shared<AclnnOpRunner>("ReduceSum");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnReduceSum, tensor, dims, keep_dims, dtype, sum));
  runner->Run({tensor}, {sum});
  return sum;
}

}  // namespace mindforge::ascend
