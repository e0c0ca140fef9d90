// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/matmul.h"

#include <stdexcept>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/matmul.h"
#include "csrc/shapes/matmul.h"

namespace mindforge {
namespace {

template <bool kTransposed>
struct GroupedMatmulFunction : public Function<GroupedMatmulFunction<kTransposed>> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& x, const TensorPtr& weight,
                           const TensorPtr& group_list) {
    context->SaveForBackward({x, weight, group_list});
    return LaunchGroupedMatmul(Dense(x), Dense(weight), Dense(group_list), kTransposed).tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("grouped_matmul");
    const TensorPtrList saved = context->GetSavedTensors();
    const ms::Tensor dy = Dense(gradients[0]), weight = Dense(saved[1]), groups = Dense(saved[2]);
    TensorPtr dx, dweight;
    if (context->NeedsInputGrad(0)) {
      dx = LaunchGroupedMatmul(dy, weight, groups, !kTransposed).tensor();
    }
    if (context->NeedsInputGrad(1)) {
      dweight =
          LaunchGroupedMatmulGradWeight(Dense(saved[0]), dy, weight, groups, kTransposed).tensor();
    }
    return {dx, dweight, nullptr};
  }
};

void CheckDtypes(const ms::Tensor& x, const ms::Tensor& weight, const ms::Tensor& group_list) {
  CheckDtype("msops.grouped_matmul: x", x.data_type(), MatmulDtypes());
  CheckDtype("msops.grouped_matmul: weight", weight.data_type(), {x.data_type()});
  CheckDtype("msops.grouped_matmul: group_list", group_list.data_type(), IndexDtypes());
}

pybind11::object GroupedMatmul(const ms::Tensor& x, const ms::Tensor& weight,
                               const ms::Tensor& group_list, bool transposed) {
  Settle({x, weight, group_list});
  CheckDtypes(x, weight, group_list);
  CheckGroupedMatmul(x.shape(), weight.shape(), group_list.shape(), transposed);
  const auto run = [x, weight, group_list, transposed, recording = IsRecording()]() {
    const TensorPtr factor = x.tensor(), matrices = weight.tensor(), groups = group_list.tensor();
    if (recording && (factor->requires_grad() || matrices->requires_grad())) {
      return ms::Tensor(transposed ? GroupedMatmulFunction<true>::Apply(factor, matrices, groups)
                                   : GroupedMatmulFunction<false>::Apply(factor, matrices, groups));
    }
    return LaunchGroupedMatmul(Dense(factor), Dense(matrices), Dense(groups), transposed);
  };
  return DispatchOne("grouped_matmul", {x, weight, group_list}, run);
}

// The gradient of weight on its own, for those who record by themselves.
pybind11::object GroupedMatmulGradWeight(const ms::Tensor& dy, const ms::Tensor& x,
                                         const ms::Tensor& weight, const ms::Tensor& group_list,
                                         bool transposed) {
  const std::vector<ms::Tensor> arguments{dy, x, weight, group_list};
  Settle(arguments);
  CheckDtypes(x, weight, group_list);
  CheckDtype("msops.grouped_matmul: dy", dy.data_type(), {x.data_type()});
  CheckGroupedMatmulGrad(dy.shape(), x.shape(), weight.shape(), group_list.shape(), transposed);
  return DispatchOne("grouped_matmul_grad_weight", arguments, [=]() {
    return LaunchGroupedMatmulGradWeight(Dense(x.tensor()), Dense(dy.tensor()), weight,
                                         Dense(group_list.tensor()), transposed);
  });
}

pybind11::object MatmulAccumulate(const ms::Tensor& x, const ms::Tensor& dy,
                                  const ms::Tensor& main_grad) {
  Settle({x, dy, main_grad});
  CheckDtype("msops.matmul_accumulate: x", x.data_type(), MatmulDtypes());
  CheckDtype("msops.matmul_accumulate: dy", dy.data_type(), {x.data_type()});
  CheckDtype("msops.matmul_accumulate: main_grad", main_grad.data_type(), OrFloat(x.data_type()));
  CheckMatmulAccumulate(x.shape(), dy.shape(), main_grad.shape());
  if (!main_grad.is_contiguous()) {
    throw std::invalid_argument(
        "msops.matmul_accumulate: main_grad is changed in place and must be contiguous");
  }
  return DispatchInPlace("matmul_accumulate", {x, dy, main_grad}, [x, dy, main_grad]() {
    LaunchMatmulAccumulate(Dense(x.tensor()), Dense(dy.tensor()), main_grad);
  });
}

// Into memory that is there, for those who record by themselves.
pybind11::object MatmulInto(const ms::Tensor& a, const ms::Tensor& b, const ms::Tensor& out,
                            bool transpose_a, bool transpose_b) {
  Settle({a, b, out});
  CheckDtype("msops.parts.matmul_into: a", a.data_type(), MatmulDtypes());
  CheckDtype("msops.parts.matmul_into: b", b.data_type(), {a.data_type()});
  CheckDtype("msops.parts.matmul_into: out", out.data_type(), {a.data_type()});
  CheckMatmulInto(a.shape(), b.shape(), out.shape(), transpose_a, transpose_b);
  if (!out.is_contiguous()) {
    throw std::invalid_argument(
        "msops.parts.matmul_into: out is written in place and must be contiguous");
  }
  return DispatchInPlace("matmul_into", {a, b, out}, [=]() {
    LaunchMatmulInto(Dense(a.tensor()), Dense(b.tensor()), out, transpose_a, transpose_b);
  });
}

}  // namespace

void BindMatmuls(pybind11::module_* module) {
  module->def("grouped_matmul", &GroupedMatmul);
  module->def("grouped_matmul_grad_weight", &GroupedMatmulGradWeight);
  module->def("matmul_accumulate", &MatmulAccumulate);
  module->def("matmul_into", &MatmulInto);
}

}  // namespace mindforge
