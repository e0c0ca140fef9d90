// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_VOCAB_CROSS_ENTROPY_H_
#define CSRC_BINDING_VOCAB_CROSS_ENTROPY_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds to the Python module vocab_cross_entropy(...), which is recorded, and vocab_pieces(...),
// vocab_loss(...) and vocab_grad(...), which are not.
void BindVocabCrossEntropy(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_VOCAB_CROSS_ENTROPY_H_
