// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The logistic function. A kernel includes this once for each of Highway's targets, hence the
// unusual guard.
#if defined(CSRC_CPU_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CSRC_CPU_SIGMOID_INL_H_
#undef CSRC_CPU_SIGMOID_INL_H_
#else
#define CSRC_CPU_SIGMOID_INL_H_
#endif

#include "csrc/cpu/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// 1 / (1 + exp(-x)). What exp cannot hold is held back from it, and the quotient is 0 there, so
// that minus infinity times it is no number, as in PyTorch.
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  using C = hn::TFromD<D>;
  const auto limit = hn::Set(d, static_cast<C>(sizeof(C) == sizeof(float) ? 87.0 : 708.0));
  const auto held = hn::Min(hn::Neg(x), limit);
  const auto one = hn::Set(d, static_cast<C>(1));
  const auto quotient = Reciprocal(d, hn::Add(one, Exp(d, held)));
  const auto bounded = hn::IfThenElseZero(hn::Ge(x, hn::Neg(limit)), quotient);
  return hn::IfThenElse(hn::IsNaN(x), x, bounded);
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CSRC_CPU_SIGMOID_INL_H_
