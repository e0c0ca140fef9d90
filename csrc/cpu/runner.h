// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a plain C++ kernel in the order of MindSpore's own CPU operators.
#ifndef CSRC_CPU_RUNNER_H_
#define CSRC_CPU_RUNNER_H_

#include <functional>
#include <string>
#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge::cpu {

// Allocates the outputs and queues the kernel behind the operators that came before; returns at
// once. The kernel reads inputs and writes outputs through GetDataPtr(). If it throws
// std::out_of_range, that is Python's IndexError, at the latest when a result is read.
void Run(const std::string& name, const std::vector<ms::Tensor>& inputs,
         const std::vector<ms::Tensor>& outputs, const std::function<void()>& kernel);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_RUNNER_H_
