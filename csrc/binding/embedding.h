// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_EMBEDDING_H_
#define CSRC_BINDING_EMBEDDING_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds embedding(indices, weight, padding_idx), which is recorded, and embedding_grad(dy, indices,
// rows, padding_idx), which is not; padding_idx may be None.
void BindEmbedding(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_EMBEDDING_H_
