// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// AdamW and the norm of many tensors on MindSpore tensors in CPU memory.
#include <stdexcept>
#include <vector>

#include "csrc/cpu/adamw.h"
#include "csrc/cpu/runner.h"
#include "csrc/launch/adamw.h"
#include "csrc/launch/dtypes.h"

namespace mindforge {
namespace {

template <typename P, typename G>
cpu::AdamWTensor TensorOf(const AdamWTensors& tensors, size_t i) {
  using C = typename cpu::Compute<P>::Type;
  const ms::Tensor& parameter = tensors.parameters[i];
  return cpu::AdamWTensorOf(parameter.numel(), parameter.data_ptr<P>(),
                            tensors.gradients[i].data_ptr<const G>(),
                            tensors.averages[i].data_ptr<C>(), tensors.squares[i].data_ptr<C>(),
                            tensors.masters.empty() ? nullptr : tensors.masters[i].data_ptr<C>());
}

cpu::AdamWTensor TensorOf(const AdamWTensors& tensors, size_t i) {
  const bool same = tensors.gradients[i].data_type() == tensors.parameters[i].data_type();
  switch (tensors.parameters[i].data_type()) {
    case mindspore::kNumberTypeFloat64:
      return TensorOf<double, double>(tensors, i);
    case mindspore::kNumberTypeFloat32:
      return TensorOf<float, float>(tensors, i);
    case mindspore::kNumberTypeFloat16:
      return same ? TensorOf<cpu::Float16, cpu::Float16>(tensors, i)
                  : TensorOf<cpu::Float16, float>(tensors, i);
    case mindspore::kNumberTypeBFloat16:
      return same ? TensorOf<cpu::BFloat16, cpu::BFloat16>(tensors, i)
                  : TensorOf<cpu::BFloat16, float>(tensors, i);
    default:
      throw std::logic_error("AdamW was launched with dtypes that its check does not let through");
  }
}

cpu::NormTerm TermOf(const ms::Tensor& tensor) {
  switch (tensor.data_type()) {
    case mindspore::kNumberTypeFloat64:
      return cpu::NormTermOf(tensor.numel(), tensor.data_ptr<const double>());
    case mindspore::kNumberTypeFloat32:
      return cpu::NormTermOf(tensor.numel(), tensor.data_ptr<const float>());
    case mindspore::kNumberTypeFloat16:
      return cpu::NormTermOf(tensor.numel(), tensor.data_ptr<const cpu::Float16>());
    case mindspore::kNumberTypeBFloat16:
      return cpu::NormTermOf(tensor.numel(), tensor.data_ptr<const cpu::BFloat16>());
    default:
      throw std::logic_error("a norm was launched with dtypes that its check does not let through");
  }
}

}  // namespace

std::vector<mindspore::TypeId> AdamWDtypes() { return FloatAndDoubleDtypes(); }

// What is changed in place is handed to MindSpore as inputs: it has its memory already.
void LaunchAdamW(const AdamWTensors& tensors, const AdamWSettings& settings) {
  std::vector<ms::Tensor> all;
  for (const auto* list : {&tensors.parameters, &tensors.gradients, &tensors.averages,
                           &tensors.squares, &tensors.masters}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  cpu::Run("apply_adamw", all, {}, [=]() {
    std::vector<cpu::AdamWTensor> work;
    for (size_t i = 0; i < tensors.parameters.size(); ++i) {
      work.push_back(TensorOf(tensors, i));
    }
    cpu::AdamW(settings, work);
  });
}

ms::Tensor LaunchGlobalNorm(const std::vector<ms::Tensor>& tensors) {
  const ms::Tensor norm(mindspore::kNumberTypeFloat32, {});
  cpu::Run("global_norm", tensors, {norm}, [=]() {
    std::vector<cpu::NormTerm> terms;
    for (const ms::Tensor& tensor : tensors) {
      terms.push_back(TermOf(tensor));
    }
    *norm.data_ptr<float>() = static_cast<float>(cpu::GlobalNorm(terms));
  });
  return norm;
}

}  // namespace mindforge
