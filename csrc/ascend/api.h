// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// MindSpore's C++ API for Ascend operators. Include this instead of ms_extension/api.h.
#ifndef CSRC_ASCEND_API_H_
#define CSRC_ASCEND_API_H_

#include <memory>

// ACL headers that do not come from a CANN installation lack this class, which MindSpore's headers
// only pass on by pointer.
namespace ge {
class Allocator;
using AllocatorPtr = std::shared_ptr<Allocator>;
}  // namespace ge

#include "ms_extension/api.h"

#endif  // CSRC_ASCEND_API_H_
