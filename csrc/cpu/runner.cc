// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/runner.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "include/pynative/utils/pyboost/custom/pyboost_extension.h"

namespace mindforge::cpu {
namespace {

class KernelRunner final : public ms::pynative::PyboostRunner {
 public:
  KernelRunner(const std::string& name, std::function<void()> kernel)
      : PyboostRunner(name), kernel_(std::move(kernel)) {}

  // What reaches MindSpore as a C++ exception comes out in Python as "Unknown Error!".
  void LaunchKernel() override {
    try {
      kernel_();
    } catch (const std::out_of_range& error) {
      MS_EXCEPTION(mindspore::IndexError) << error.what();
    } catch (const std::invalid_argument& error) {
      MS_EXCEPTION(mindspore::ValueError) << error.what();
    }
  }

 protected:
#ifndef MINDFORGE_STOCK_DISPATCH
  // MindSpore would hand the launch on to a further thread here. Its own CPU operators do not wait
  // for that thread: they run where we are now, and would read our outputs before they are written.
  // So launch here. (A test builds this file with MINDFORGE_STOCK_DISPATCH to prove that it can see
  // the race.)
  void _DispatchLaunchTask() override { LaunchKernel(); }
#endif

 private:
  std::function<void()> kernel_;
};

}  // namespace

void Run(const std::string& name, const std::vector<ms::Tensor>& inputs,
         const std::vector<ms::Tensor>& outputs, const std::function<void()>& kernel) {
  std::make_shared<KernelRunner>(name, kernel)->Run(inputs, outputs);
}

}  // namespace mindforge::cpu
