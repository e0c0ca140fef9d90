// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The compiled half of the Python package msops. MS_EXTENSION_NAME is the module's name, from the
// build.
#include "csrc/binding/adamw.h"
#include "csrc/binding/attention.h"
#include "csrc/binding/embedding.h"
#include "csrc/binding/gelu.h"
#include "csrc/binding/matmul.h"
#include "csrc/binding/moe.h"
#include "csrc/binding/norm.h"
#include "csrc/binding/rotary.h"
#include "csrc/binding/swiglu.h"
#include "csrc/binding/vocab_cross_entropy.h"
#include "pybind11/pybind11.h"

PYBIND11_MODULE(MS_EXTENSION_NAME, module) {
  mindforge::BindNorms(&module);
  mindforge::BindAdamW(&module);
  mindforge::BindAttention(&module);
  mindforge::BindRotary(&module);
  mindforge::BindMatmuls(&module);
  mindforge::BindMoe(&module);
  mindforge::BindSwiglu(&module);
  mindforge::BindGelu(&module);
  mindforge::BindEmbedding(&module);
  mindforge::BindVocabCrossEntropy(&module);
}
