// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/dtype.h"

#include <algorithm>

#include "pybind11/pybind11.h"

namespace mindforge {
namespace {

std::string DtypeName(mindspore::TypeId dtype) {
  switch (dtype) {
    case mindspore::kNumberTypeBool:
      return "bool";
    case mindspore::kNumberTypeInt8:
      return "int8";
    case mindspore::kNumberTypeInt16:
      return "int16";
    case mindspore::kNumberTypeInt32:
      return "int32";
    case mindspore::kNumberTypeInt64:
      return "int64";
    case mindspore::kNumberTypeUInt8:
      return "uint8";
    case mindspore::kNumberTypeUInt16:
      return "uint16";
    case mindspore::kNumberTypeUInt32:
      return "uint32";
    case mindspore::kNumberTypeUInt64:
      return "uint64";
    case mindspore::kNumberTypeFloat16:
      return "float16";
    case mindspore::kNumberTypeBFloat16:
      return "bfloat16";
    case mindspore::kNumberTypeFloat32:
      return "float32";
    case mindspore::kNumberTypeFloat64:
      return "float64";
    case mindspore::kNumberTypeComplex64:
      return "complex64";
    case mindspore::kNumberTypeComplex128:
      return "complex128";
    default:
      return "MindSpore dtype number " + std::to_string(static_cast<int>(dtype));
  }
}

}  // namespace

void CheckDtype(const std::string& argument, mindspore::TypeId dtype,
                const std::vector<mindspore::TypeId>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), dtype) != allowed.end()) {
    return;
  }
  std::string names;
  for (size_t i = 0; i < allowed.size(); ++i) {
    names += (i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ") + DtypeName(allowed[i]);
  }
  throw pybind11::type_error(argument + " must be " + names + ", got " + DtypeName(dtype));
}

}  // namespace mindforge
