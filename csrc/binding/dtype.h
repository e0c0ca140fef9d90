// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_DTYPE_H_
#define CSRC_BINDING_DTYPE_H_

#include <string>
#include <vector>

#include "mindapi/base/type_id.h"

namespace mindforge {

inline bool IsHalf(mindspore::TypeId dtype) {
  return dtype == mindspore::kNumberTypeFloat16 || dtype == mindspore::kNumberTypeBFloat16;
}

// Those of counts and positions.
inline std::vector<mindspore::TypeId> IndexDtypes() {
  return {mindspore::kNumberTypeInt32, mindspore::kNumberTypeInt64};
}

// Throws the C++ form of Python's TypeError unless dtype is among `allowed`. `argument` starts the
// message.
void CheckDtype(const std::string& argument, mindspore::TypeId dtype,
                const std::vector<mindspore::TypeId>& allowed);

}  // namespace mindforge

#endif  // CSRC_BINDING_DTYPE_H_
