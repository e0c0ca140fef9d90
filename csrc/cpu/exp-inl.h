// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The exponential function, and quotients. A kernel includes this once for each of Highway's
// targets, hence the unusual guard.
#if defined(CSRC_CPU_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CSRC_CPU_EXP_INL_H_
#undef CSRC_CPU_EXP_INL_H_
#else
#define CSRC_CPU_EXP_INL_H_
#endif

#include "csrc/cpu/vectors-inl.h"
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// x * 2^n, where n holds integers from -150 to 128.
HWY_INLINE hn::Vec<hn::ScalableTag<float>> TimesPowerOf2(hn::ScalableTag<float> d,
                                                         hn::Vec<hn::ScalableTag<float>> x,
                                                         hn::Vec<hn::ScalableTag<float>> n) {
#if HWY_TARGET == HWY_AVX3
  static_cast<void>(d);
  return {_mm512_scalef_ps(x.raw, n.raw)};
#else  // in two steps: the power itself may be no normal number
  const hn::RebindToSigned<hn::ScalableTag<float>> integers;
  const auto power = [&](auto exponent) HWY_ATTR {
    return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(exponent, hn::Set(integers, 127))));
  };
  const auto all = hn::ConvertTo(integers, n);
  const auto half = hn::ShiftRight<1>(all);
  return hn::Mul(hn::Mul(x, power(half)), power(hn::Sub(all, half)));
#endif
}

// exp(x) to a unit in the last place; 0 and infinity where it is beyond floats; a NaN stays one.
// x is n ln 2 + r, and exp(r) is 1 + r + r^2 times a polynomial that was fitted to it, to a
// relative error of 3.1e-9.
HWY_INLINE hn::Vec<hn::ScalableTag<float>> Exp(hn::ScalableTag<float> d,
                                               hn::Vec<hn::ScalableTag<float>> x) {
  const auto lowest = hn::Set(d, -104.0f), highest = hn::Set(d, 89.0f);
#if HWY_TARGET == HWY_SCALAR
  x = hn::IfThenElse(hn::IsNaN(x), x, hn::Min(highest, hn::Max(lowest, x)));
#else  // of a number and a NaN these give the second
  x = hn::Min(highest, hn::Max(lowest, x));
#endif
  const auto n = hn::Round(hn::Mul(x, hn::Set(d, 1.442695041f)));
  auto r = hn::NegMulAdd(n, hn::Set(d, 0.693145751953125f), x);
  r = hn::NegMulAdd(n, hn::Set(d, 1.42860682e-6f), r);
  auto sum = hn::Set(d, 0.0013814539415761828f);
  sum = hn::MulAdd(sum, r, hn::Set(d, 0.00836874544620514f));
  sum = hn::MulAdd(sum, r, hn::Set(d, 0.04166838899254799f));
  sum = hn::MulAdd(sum, r, hn::Set(d, 0.1666652113199234f));
  sum = hn::MulAdd(sum, r, hn::Set(d, 0.4999999403953552f));
  const auto one = hn::Set(d, 1.0f);
  return TimesPowerOf2(d, hn::Add(hn::MulAdd(hn::Mul(r, r), sum, r), one), n);
}

HWY_INLINE hn::Vec<hn::ScalableTag<double>> Exp(hn::ScalableTag<double> d,
                                                hn::Vec<hn::ScalableTag<double>> x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

// 1 / x for normal numbers whose reciprocal is one, to a unit in the last place: a division costs
// as much as ten multiplications, and AVX-512 begins with 14 bits of the reciprocal.
template <class D>
HWY_INLINE hn::Vec<D> Reciprocal(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, hn::TFromD<D>{1});
#if HWY_TARGET == HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == sizeof(float)) {
    const auto near = hn::Vec<D>{_mm512_rcp14_ps(x.raw)};
    return hn::MulAdd(near, hn::NegMulAdd(x, near, one), near);
  }
#endif
  return hn::Div(one, x);
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CSRC_CPU_EXP_INL_H_
