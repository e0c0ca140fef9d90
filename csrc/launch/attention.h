// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for attention. csrc/cpu and csrc/ascend each define these functions; a build
// of the extension links one of the two. Arguments were checked. Query, key and value may be views
// with a dense last dimension, a mask any view; the others are dense.
#ifndef CSRC_LAUNCH_ATTENTION_H_
#define CSRC_LAUNCH_ATTENTION_H_

#include <optional>
#include <vector>

#include "csrc/shapes/attention.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that query may have on this device.
std::vector<mindspore::TypeId> AttentionDtypes();

struct AttentionArguments {
  ms::Tensor query, key, value;
  std::optional<ms::Tensor> mask;  // bool, true where a key is seen, or the dtype of query
  AttentionPacking packing;
  AttentionSettings settings;
};

struct AttentionOutput {
  ms::Tensor output;   // AttentionOutputShape, the dtype of query
  ms::Tensor log_sum;  // AttentionLogSumShape; float32, float64 where query is
};

struct AttentionResult : AttentionOutput {
  ms::Tensor maximum;  // the largest score of each query, like log_sum
};

AttentionResult LaunchAttention(const AttentionArguments& arguments);

struct AttentionGradientTensors {
  ms::Tensor dquery, dkey, dvalue;
};

// dlog_sum only where the logarithm was asked for.
AttentionGradientTensors LaunchAttentionGrad(const AttentionArguments& arguments,
                                             const AttentionOutput& output,
                                             const ms::Tensor& doutput,
                                             const std::optional<ms::Tensor>& dlog_sum);

struct MergedAttention {
  ms::Tensor output, log_sum;
};

MergedAttention LaunchAttentionMerge(const MergedAttention& one, const MergedAttention& other);

// Gradients of both from those of the result.
struct MergedAttentionGradients {
  MergedAttention one, other;
};

MergedAttentionGradients LaunchAttentionMergeGrad(const MergedAttention& gradient,
                                                  const MergedAttention& one,
                                                  const MergedAttention& other);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_ATTENTION_H_
