// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Which dtypes go with which, on every device.
#ifndef CSRC_LAUNCH_DTYPES_H_
#define CSRC_LAUNCH_DTYPES_H_

#include <vector>

#include "mindapi/base/type_id.h"

namespace mindforge {

// Those of counts and positions.
inline std::vector<mindspore::TypeId> IndexDtypes() {
  return {mindspore::kNumberTypeInt32, mindspore::kNumberTypeInt64};
}

// Those of numbers on every device.
inline std::vector<mindspore::TypeId> FloatDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

// Those of numbers that the CPU's kernels store.
inline std::vector<mindspore::TypeId> FloatAndDoubleDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32, mindspore::kNumberTypeFloat64};
}

// What is computed and not stored: float32, float64 where that is stored.
inline mindspore::TypeId ComputeDtype(mindspore::TypeId storage) {
  return storage == mindspore::kNumberTypeFloat64 ? storage : mindspore::kNumberTypeFloat32;
}

// The dtype itself, and float32 beside a half one.
inline std::vector<mindspore::TypeId> OrFloat(mindspore::TypeId dtype) {
  if (dtype == mindspore::kNumberTypeFloat16 || dtype == mindspore::kNumberTypeBFloat16) {
    return {dtype, mindspore::kNumberTypeFloat32};
  }
  return {dtype};
}

}  // namespace mindforge

#endif  // CSRC_LAUNCH_DTYPES_H_
