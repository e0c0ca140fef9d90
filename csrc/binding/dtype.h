// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_DTYPE_H_
#define CSRC_BINDING_DTYPE_H_

#include <string>
#include <vector>

#include "csrc/launch/dtypes.h"

namespace mindforge {

// Throws the C++ form of Python's TypeError unless dtype is among `allowed`. `argument` starts the
// message.
void CheckDtype(const std::string& argument, mindspore::TypeId dtype,
                const std::vector<mindspore::TypeId>& allowed);

}  // namespace mindforge

#endif  // CSRC_BINDING_DTYPE_H_
