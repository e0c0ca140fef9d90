// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// From the dtype of a MindSpore tensor to the type that a kernel is made for.
#ifndef CSRC_CPU_VISIT_H_
#define CSRC_CPU_VISIT_H_

#include <cstdint>
#include <stdexcept>

#include "csrc/cpu/storage.h"
#include "mindapi/base/type_id.h"

namespace mindforge::cpu {

// Calls visit(T()) with the storage type of a dtype that matrices may have.
template <typename Visit>
void VisitMatrixStorage(mindspore::TypeId dtype, const Visit& visit) {
  switch (dtype) {
    case mindspore::kNumberTypeFloat32:
      return visit(float{});
    case mindspore::kNumberTypeFloat16:
      return visit(Float16{});
    case mindspore::kNumberTypeBFloat16:
      return visit(BFloat16{});
    default:
      throw std::logic_error(
          "a kernel was launched with a dtype that its check does not let through");
  }
}

// The same with float64.
template <typename Visit>
void VisitStorage(mindspore::TypeId dtype, const Visit& visit) {
  return dtype == mindspore::kNumberTypeFloat64 ? visit(double{})
                                                : VisitMatrixStorage(dtype, visit);
}

// Calls visit(I()) with the type of integers that count or point.
template <typename Visit>
void VisitIndex(mindspore::TypeId dtype, const Visit& visit) {
  return dtype == mindspore::kNumberTypeInt64 ? visit(int64_t{}) : visit(int32_t{});
}

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_VISIT_H_
