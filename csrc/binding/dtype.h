// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_DTYPE_H_
#define CSRC_BINDING_DTYPE_H_

#include <string>

#include "mindapi/base/type_id.h"

namespace mindforge {

inline bool IsHalf(mindspore::TypeId dtype) {
  return dtype == mindspore::kNumberTypeFloat16 || dtype == mindspore::kNumberTypeBFloat16;
}

inline bool IsFloating(mindspore::TypeId dtype) {
  return IsHalf(dtype) || dtype == mindspore::kNumberTypeFloat32 ||
         dtype == mindspore::kNumberTypeFloat64;
}

// The name that an error message gives a dtype.
std::string DtypeName(mindspore::TypeId dtype);

}  // namespace mindforge

#endif  // CSRC_BINDING_DTYPE_H_
