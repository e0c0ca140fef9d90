// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_ROTARY_H_
#define CSRC_BINDING_ROTARY_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds rotary_position_embedding to the module.
void BindRotary(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_ROTARY_H_
