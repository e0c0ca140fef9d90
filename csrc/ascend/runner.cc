// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/ascend/runner.h"

#include "kernel/ascend/custom/pyboost_impl/aclnn_op_runner.h"

namespace mindforge::ascend {

void Run(const std::vector<ms::Tensor>& inputs, const std::vector<ms::Tensor>& outputs,
         const Call& call) {
  const auto runner = std::make_shared<ms::pynative::AclnnOpRunner>(call.name);
  runner->SetLaunchFunc(call.launch);
  runner->Run(inputs, outputs);
}

}  // namespace mindforge::ascend
