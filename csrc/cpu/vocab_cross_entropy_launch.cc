// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The cross entropy over a vocabulary on MindSpore tensors in CPU memory.
#include <vector>

#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/cpu/vocab_cross_entropy.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/tensors.h"
#include "csrc/launch/vocab_cross_entropy.h"

namespace mindforge {
namespace {

// Calls visit(T(), I()) with the types of logits and targets.
template <typename Visit>
void VisitBoth(const ms::Tensor& logits, const ms::Tensor& target, const Visit& visit) {
  cpu::VisitIndex(target.data_type(), [&](auto index) {
    cpu::VisitStorage(logits.data_type(), [&](auto storage) { visit(storage, index); });
  });
}

template <typename C>
cpu::VocabPieces<C> PointersTo(const VocabPieceTensors& pieces) {
  return {pieces.max.data_ptr<C>(), pieces.sum.data_ptr<C>(), pieces.target.data_ptr<C>(),
          pieces.total.data_ptr<C>()};
}

}  // namespace

std::vector<mindspore::TypeId> VocabDtypes() { return FloatAndDoubleDtypes(); }

VocabPieceTensors LaunchVocabPieces(const ms::Tensor& logits, const ms::Tensor& target,
                                    int64_t first) {
  const VocabSize size = VocabSizeOf(logits.shape());
  const auto row = [&]() { return ms::Tensor(ComputeDtype(logits.data_type()), target.shape()); };
  const VocabPieceTensors pieces{row(), row(), row(), row()};
  cpu::Run("vocab_pieces", {logits, target}, {pieces.max, pieces.sum, pieces.target, pieces.total},
           [=]() {
             VisitBoth(logits, target, [&](auto storage, auto index) {
               using T = decltype(storage);
               using I = decltype(index);
               cpu::FindVocabPieces(logits.data_ptr<T>(), target.data_ptr<I>(), first, size,
                                    PointersTo<typename cpu::Compute<T>::Type>(pieces));
             });
           });
  return pieces;
}

ms::Tensor LaunchVocabLoss(const VocabPieceTensors& pieces, const ms::Tensor& target,
                           const VocabRule& rule) {
  const ms::Tensor loss(pieces.max.data_type(), target.shape());
  cpu::Run("vocab_loss", {pieces.max, pieces.sum, pieces.target, pieces.total, target}, {loss},
           [=]() {
             cpu::VisitIndex(target.data_type(), [&](auto index) {
               const auto* targets = target.data_ptr<decltype(index)>();
               if (loss.data_type() == mindspore::kNumberTypeFloat64) {
                 cpu::VocabLoss(PointersTo<double>(pieces), targets, rule, target.numel(),
                                loss.data_ptr<double>());
               } else {
                 cpu::VocabLoss(PointersTo<float>(pieces), targets, rule, target.numel(),
                                loss.data_ptr<float>());
               }
             });
           });
  return loss;
}

ms::Tensor LaunchVocabGrad(const ms::Tensor& dloss, const ms::Tensor& logits,
                           const ms::Tensor& target, const ms::Tensor& max, const ms::Tensor& sum,
                           const VocabRule& rule) {
  const VocabSize size = VocabSizeOf(logits.shape());
  const ms::Tensor dlogits = Like(logits);
  cpu::Run("vocab_grad", {dloss, logits, target, max, sum}, {dlogits}, [=]() {
    VisitBoth(logits, target, [&](auto storage, auto index) {
      using T = decltype(storage);
      using I = decltype(index);
      using C = typename cpu::Compute<T>::Type;
      cpu::VocabGrad(dloss.data_ptr<C>(), logits.data_ptr<T>(), target.data_ptr<I>(),
                     max.data_ptr<C>(), sum.data_ptr<C>(), rule, size, dlogits.data_ptr<T>());
    });
  });
  return dlogits;
}

}  // namespace mindforge
