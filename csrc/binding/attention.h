// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_ATTENTION_H_
#define CSRC_BINDING_ATTENTION_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds fusion_attention and ring_attention_update to the module.
void BindAttention(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_ATTENTION_H_
