// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_MOE_H_
#define CSRC_BINDING_MOE_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds moe_gating, moe_token_permute and moe_token_unpermute to the module.
void BindMoe(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_MOE_H_
