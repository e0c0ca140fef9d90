// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs CANN's operators in the order of MindSpore's own. MindSpore has the same behind one header,
// which every file of launches would compile for half as long again.
#ifndef CSRC_ASCEND_RUNNER_H_
#define CSRC_ASCEND_RUNNER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

// ACL headers that do not come from a CANN installation lack this class, which MindSpore's headers
// only pass on by pointer.
namespace ge {
class Allocator;
using AllocatorPtr = std::shared_ptr<Allocator>;
}  // namespace ge

// What LAUNCH_ACLNN names.
#include "include/pynative/utils/pyboost/custom/tensor.h"
#include "include/pynative/utils/runtime/op_executor.h"
#include "kernel/ascend/aclnn/pyboost_impl/aclnn_utils.h"
#include "tools/profiler/profiler.h"

namespace mindforge::ascend {

// An operator with its arguments.
struct Call {
  std::string name;
  std::function<void(mindspore::device::DeviceContext*, size_t stream)> launch;
};

// Allocates the outputs and queues the call behind the operators that came before; returns at once.
// What is changed in place is among the inputs: it has its memory already.
void Run(const std::vector<ms::Tensor>& inputs, const std::vector<ms::Tensor>& outputs,
         const Call& call);

// MindSpore makes CANN's objects of its own tensors.
inline mindspore::tensor::TensorPtr Argument(const ms::Tensor& tensor) { return tensor.tensor(); }

inline std::optional<mindspore::tensor::TensorPtr> Argument(
    const std::optional<ms::Tensor>& tensor) {
  return tensor.has_value() ? std::make_optional(tensor->tensor()) : std::nullopt;
}

inline std::vector<mindspore::tensor::TensorPtr> Argument(const std::vector<ms::Tensor>& tensors) {
  std::vector<mindspore::tensor::TensorPtr> arguments;
  for (const ms::Tensor& tensor : tensors) {
    arguments.push_back(tensor.tensor());
  }
  return arguments;
}

template <typename T>
T Argument(const T& number_or_list) {
  return number_or_list;
}

template <typename Launch, typename... Arguments>
Call CallOf(const std::string& name, const Launch& launch, const Arguments&... arguments) {
  return {name, [launch, all = std::make_tuple(Argument(arguments)...)](
                    mindspore::device::DeviceContext* context, size_t stream) {
            std::apply([&](const auto&... each) { launch(context, stream, each...); }, all);
          }};
}

}  // namespace mindforge::ascend

// The call of aclnnNAME with the arguments of aclnnNAMEGetWorkspaceSize before workspaceSize.
#define MINDFORGE_ACLNN(name, ...)                                 \
  ::mindforge::ascend::CallOf(                                     \
      #name,                                                       \
      [](auto* context, size_t stream, const auto&... arguments) { \
        LAUNCH_ACLNN(aclnn##name, context, stream, arguments...);  \
      },                                                           \
      __VA_ARGS__)

#endif  // CSRC_ASCEND_RUNNER_H_
