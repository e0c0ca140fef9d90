// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The operators of a mixture of experts on MindSpore tensors in CPU memory.
#include <vector>

#include "csrc/cpu/moe_gating.h"
#include "csrc/cpu/moe_permute.h"
#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/moe.h"
#include "csrc/launch/tensors.h"

namespace mindforge {
namespace {

using mindspore::TypeId;

MoeSize SizeOf(const ms::Tensor& entries, const ms::Tensor& permuted) {
  return MoeSizeOf(entries.shape(), permuted.shape()[1], permuted.shape()[0]);
}

template <typename T, typename I>
void Permute(const ms::Tensor& tokens, const ms::Tensor& indices, const Optional& probs,
             const MoeLayout& layout, const MoePermuteOutput& output) {
  using C = typename cpu::Compute<T>::Type;
  const MoeSize size = SizeOf(indices, output.permuted);
  auto* positions = output.positions.data_ptr<int32_t>();
  cpu::MoePositions(layout, size, indices.data_ptr<const I>(), PointerTo<const C>(probs), positions,
                    output.counts.data_ptr<int64_t>());
  const std::vector<int32_t> entries = cpu::MoeEntries(size, positions);
  cpu::MoePermute(size, tokens.data_ptr<const T>(), entries, output.permuted.data_ptr<T>());
  if (probs.has_value()) {
    cpu::MoePermuteProbs(PointerTo<const C>(probs), entries, output.probs.data_ptr<C>());
  }
}

}  // namespace

std::vector<TypeId> MoeDtypes() { return FloatAndDoubleDtypes(); }

MoeGatingOutput LaunchMoeGating(const ms::Tensor& logits, const Optional& bias,
                                const MoeGating& gating) {
  const int64_t tokens = logits.shape()[0], experts = logits.shape()[1];
  const MoeGatingOutput output{ms::Tensor(logits.data_type(), {tokens, gating.top_k}),
                               ms::Tensor(mindspore::kNumberTypeInt32, {tokens, gating.top_k}),
                               ms::Tensor(mindspore::kNumberTypeInt64, {experts}),
                               ms::Tensor(ComputeDtype(logits.data_type()), {experts})};
  cpu::Run("moe_gating", Present({logits, bias}),
           {output.probs, output.indices, output.counts, output.sums}, [=]() {
             cpu::VisitStorage(logits.data_type(), [&](auto storage) {
               using T = decltype(storage);
               using C = typename cpu::Compute<T>::Type;
               cpu::MoeGate<T>(gating, logits.data_ptr<T>(), PointerTo<const C>(bias), tokens,
                               experts, output.probs.data_ptr<T>(),
                               output.indices.data_ptr<int32_t>(),
                               output.counts.data_ptr<int64_t>(), output.sums.data_ptr<C>());
             });
           });
  return output;
}

ms::Tensor LaunchMoeGatingGrad(const ms::Tensor& dprobs, const ms::Tensor& dsums,
                               const ms::Tensor& logits, const ms::Tensor& indices,
                               const MoeGating& gating) {
  const ms::Tensor dlogits = Like(logits);
  cpu::Run("moe_gating_grad", {dprobs, dsums, logits, indices}, {dlogits}, [=]() {
    cpu::VisitStorage(logits.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      cpu::MoeGateGrad<T>(gating, dprobs.data_ptr<T>(), dsums.data_ptr<C>(), logits.data_ptr<T>(),
                          indices.data_ptr<int32_t>(), logits.shape()[0], logits.shape()[1],
                          dlogits.data_ptr<T>());
    });
  });
  return dlogits;
}

MoePermuteOutput LaunchMoePermute(const ms::Tensor& tokens, const ms::Tensor& indices,
                                  const Optional& probs, const MoeLayout& layout) {
  const int64_t rows = MoeRows(indices.shape(), layout);
  const MoePermuteOutput output{
      ms::Tensor(tokens.data_type(), {rows, tokens.shape()[1]}),
      ms::Tensor(ComputeDtype(tokens.data_type()), {probs.has_value() ? rows : 0}),
      ms::Tensor(mindspore::kNumberTypeInt32, indices.shape()),
      ms::Tensor(mindspore::kNumberTypeInt64, {layout.experts})};
  cpu::Run("moe_token_permute", Present({tokens, indices, probs}),
           {output.permuted, output.probs, output.positions, output.counts}, [=]() {
             cpu::VisitStorage(tokens.data_type(), [&](auto storage) {
               cpu::VisitIndex(indices.data_type(), [&](auto index) {
                 Permute<decltype(storage), decltype(index)>(tokens, indices, probs, layout,
                                                             output);
               });
             });
           });
  return output;
}

ms::Tensor LaunchMoePermuteProbsGrad(const ms::Tensor& dpermuted_probs,
                                     const ms::Tensor& positions) {
  const ms::Tensor dprobs(dpermuted_probs.data_type(), positions.shape());
  const MoeSize size = MoeSizeOf(positions.shape(), 1, dpermuted_probs.shape()[0]);
  cpu::Run("moe_token_permute_probs_grad", {dpermuted_probs, positions}, {dprobs}, [=]() {
    const auto kernel = [&](auto compute) {
      using C = decltype(compute);
      cpu::MoeUnpermuteProbs(size, dpermuted_probs.data_ptr<const C>(),
                             positions.data_ptr<int32_t>(), dprobs.data_ptr<C>());
    };
    const bool wide = dprobs.data_type() == mindspore::kNumberTypeFloat64;
    wide ? kernel(double{}) : kernel(float{});
  });
  return dprobs;
}

ms::Tensor LaunchMoeUnpermute(const ms::Tensor& permuted, const ms::Tensor& positions,
                              const Optional& probs) {
  const ms::Tensor out(permuted.data_type(), {positions.shape()[0], permuted.shape()[1]});
  const MoeSize size = SizeOf(positions, permuted);
  cpu::Run("moe_token_unpermute", Present({permuted, positions, probs}), {out}, [=]() {
    cpu::VisitStorage(permuted.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      cpu::MoeUnpermute<T>(size, permuted.data_ptr<T>(), positions.data_ptr<int32_t>(),
                           PointerTo<const C>(probs), out.data_ptr<T>());
    });
  });
  return out;
}

MoeUnpermuteGradients LaunchMoeUnpermuteGrad(const ms::Tensor& dout, const ms::Tensor& permuted,
                                             const ms::Tensor& positions, const Optional& probs) {
  const ms::Tensor dpermuted = Like(permuted);
  const Optional dprobs = Like(probs);
  const MoeSize size = SizeOf(positions, permuted);
  cpu::Run("moe_token_unpermute_grad", Present({dout, permuted, positions, probs}),
           Present({dpermuted, dprobs}), [=]() {
             cpu::VisitStorage(permuted.data_type(), [&](auto storage) {
               using T = decltype(storage);
               using C = typename cpu::Compute<T>::Type;
               cpu::MoeUnpermuteGrad<T>(size, dout.data_ptr<T>(), permuted.data_ptr<T>(),
                                        positions.data_ptr<int32_t>(), PointerTo<const C>(probs),
                                        dpermuted.data_ptr<T>(), PointerTo<C>(dprobs));
             });
           });
  return {dpermuted, dprobs};
}

}  // namespace mindforge
