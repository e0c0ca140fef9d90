// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/moe_gating.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "csrc/cpu/column_sums.h"
#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/moe_gating.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/sigmoid-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// The scores of one token.
template <typename T>
void ScoresOf(const T* logits, size_t experts, bool softmax, ComputeOf<T>* scores) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  if (!softmax) {
    ForVectors(d, experts, [&](size_t j, auto at) HWY_ATTR {
      at.Put(Sigmoid(d, at.Get(d, logits + j)), d, scores + j);
    });
    return;
  }
  C largest = -std::numeric_limits<C>::infinity();
  for (size_t j = 0; j < experts; ++j) {
    largest = std::max(largest, Compute<T>::Load(logits[j]));
  }
  const auto shift = hn::Set(d, largest);
  Sum<C> total;
  ForVectors(d, experts, [&](size_t j, auto at) HWY_ATTR {
    const auto shifted = hn::Sub(at.Get(d, logits + j), shift);
    const auto power = Exp(d, shifted);
    total.Add(at.Keep(d, power));
    at.Put(power, d, scores + j);
  });
  const auto factor = hn::Set(d, static_cast<C>(1.0 / total.Total()));
  ForVectors(d, experts, [&](size_t j, auto at) HWY_ATTR {
    at.Put(hn::Mul(at.Get(d, scores + j), factor), d, scores + j);
  });
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

// The largest of some values, in descending order; of equal ones the first comes first.
template <typename C>
class Largest {
 public:
  explicit Largest(size_t count) : values_(count), indices_(count) {}

  void Clear() { held_ = 0; }

  void Offer(C value, size_t index) {
    if (held_ == values_.size()) {
      if (!(value > values_.back())) {
        return;
      }
      --held_;
    }
    size_t place = held_++;
    for (; place > 0 && value > values_[place - 1]; --place) {
      values_[place] = values_[place - 1];
      indices_[place] = indices_[place - 1];
    }
    values_[place] = value;
    indices_[place] = index;
  }

  const std::vector<size_t>& indices() const { return indices_; }

  C Total() const {
    C total = 0;
    for (const C value : values_) total += value;
    return total;
  }

 private:
  std::vector<C> values_;
  std::vector<size_t> indices_;
  size_t held_ = 0;
};

// Chooses the experts of one token after the other.
template <typename C>
class Choice {
 public:
  Choice(const MoeGating& gating, const C* bias, size_t experts)
      : bias_(bias),
        members_(experts / static_cast<size_t>(gating.groups)),
        limited_(gating.top_groups < gating.groups),
        within_(static_cast<size_t>(gating.group_top_k)),
        groups_(static_cast<size_t>(gating.top_groups)),
        chosen_(static_cast<size_t>(gating.top_k)),
        ranks_(experts) {}

  const std::vector<size_t>& Of(const C* scores) {
    for (size_t j = 0; j < ranks_.size(); ++j) {
      const C rank = bias_ == nullptr ? scores[j] : scores[j] + bias_[j];
      ranks_[j] = std::isnan(rank) ? std::numeric_limits<C>::infinity() : rank;
    }
    chosen_.Clear();
    if (!limited_) {
      Offer(0, ranks_.size(), &chosen_);
      return chosen_.indices();
    }
    groups_.Clear();
    for (size_t first = 0; first < ranks_.size(); first += members_) {
      within_.Clear();
      Offer(first, first + members_, &within_);
      groups_.Offer(within_.Total(), first);
    }
    std::vector<size_t> firsts = groups_.indices();
    std::sort(firsts.begin(), firsts.end());  // so that of equal experts the first wins
    for (const size_t first : firsts) {
      Offer(first, first + members_, &chosen_);
    }
    return chosen_.indices();
  }

 private:
  void Offer(size_t first, size_t last, Largest<C>* to) const {
    for (size_t j = first; j < last; ++j) to->Offer(ranks_[j], j);
  }

  const C* bias_;
  const size_t members_;
  const bool limited_;
  Largest<C> within_, groups_, chosen_;
  std::vector<C> ranks_;
};

// What the chosen scores are multiplied with before the scale.
template <typename C>
double Weight(const MoeGating& gating, const C* scores, const int32_t* indices) {
  double total = gating.normalize ? gating.eps : 1.0;
  for (int64_t i = 0; gating.normalize && i < gating.top_k; ++i) {
    total += static_cast<double>(scores[indices[i]]);
  }
  return 1.0 / total;
}

// What a token's scores are multiplied with before they are summed.
template <typename C>
double Share(const MoeGating& gating, const C* scores, size_t experts) {
  double total = gating.softmax ? 1.0 : gating.eps;
  for (size_t j = 0; !gating.softmax && j < experts; ++j) {
    total += static_cast<double>(scores[j]);
  }
  return 1.0 / total;
}

// The gradient of a token's scores.
template <typename T, typename C>
void ScoresGradient(const MoeGating& gating, const T* dprobs, const C* dsums, const C* scores,
                    const int32_t* indices, size_t experts, std::vector<double>* gradient) {
  const double share = Share(gating, scores, experts);
  double along = 0.0;
  for (size_t j = 0; !gating.softmax && j < experts; ++j) {
    along += static_cast<double>(dsums[j]) * static_cast<double>(scores[j]) * share;
  }
  for (size_t j = 0; j < experts; ++j) {
    (*gradient)[j] = share * (static_cast<double>(dsums[j]) - along);
  }
  const double weight = Weight(gating, scores, indices);
  double chosen = 0.0;
  for (int64_t i = 0; gating.normalize && i < gating.top_k; ++i) {
    chosen += static_cast<double>(Compute<T>::Load(dprobs[i])) *
              static_cast<double>(scores[indices[i]]) * weight;
  }
  for (int64_t i = 0; i < gating.top_k; ++i) {
    (*gradient)[static_cast<size_t>(indices[i])] +=
        gating.scale * weight * (static_cast<double>(Compute<T>::Load(dprobs[i])) - chosen);
  }
}

// From the gradient of a token's scores to that of its logits.
template <typename T, typename C>
void LogitsGradient(bool softmax, const std::vector<double>& gradient, const C* scores,
                    T* dlogits) {
  double along = 0.0;
  for (size_t j = 0; softmax && j < gradient.size(); ++j) {
    along += gradient[j] * static_cast<double>(scores[j]);
  }
  for (size_t j = 0; j < gradient.size(); ++j) {
    const double score = static_cast<double>(scores[j]);
    const double slope =
        softmax ? score * (gradient[j] - along) : gradient[j] * score * (1 - score);
    dlogits[j] = Compute<T>::Store(static_cast<C>(slope));
  }
}

// A token costs more than reading its logits does.
size_t TokensWorthAThread(size_t experts) { return RowsWorthAThread(8 * experts); }

}  // namespace

template <typename T>
void MoeGate(const MoeGating& gating, const T* logits, const typename Compute<T>::Type* bias,
             size_t tokens, size_t experts, T* probs, int32_t* indices, int64_t* counts,
             typename Compute<T>::Type* sums) {
  using C = typename Compute<T>::Type;
  const auto score = MINDFORGE_SIMD(ScoresOf<T>);
  const auto top_k = static_cast<size_t>(gating.top_k);
  ColumnSums<1> totals(tokens, experts, true);
  totals.Gather([&](size_t first, size_t last, double* partial) {
    Choice<C> choice(gating, bias, experts);
    std::vector<C> scores(experts);
    for (size_t token = first; token < last; ++token) {
      score(logits + token * experts, experts, gating.softmax, scores.data());
      const std::vector<size_t>& chosen = choice.Of(scores.data());
      int32_t* to = indices + token * top_k;
      std::copy(chosen.begin(), chosen.end(), to);
      const double factor = gating.scale * Weight(gating, scores.data(), to);
      for (size_t i = 0; i < top_k; ++i) {
        const double prob = factor * static_cast<double>(scores[chosen[i]]);
        probs[token * top_k + i] = Compute<T>::Store(static_cast<C>(prob));
      }
      const double share = Share(gating, scores.data(), experts);
      for (size_t j = 0; j < experts; ++j) {
        partial[j] += share * static_cast<double>(scores[j]);
      }
    }
  });
  totals.Store(0, sums);
  std::fill_n(counts, experts, 0);
  for (size_t i = 0; i < tokens * top_k; ++i) {
    ++counts[indices[i]];
  }
}

template <typename T>
void MoeGateGrad(const MoeGating& gating, const T* dprobs, const typename Compute<T>::Type* dsums,
                 const T* logits, const int32_t* indices, size_t tokens, size_t experts,
                 T* dlogits) {
  using C = typename Compute<T>::Type;
  const auto score = MINDFORGE_SIMD(ScoresOf<T>);
  const auto top_k = static_cast<size_t>(gating.top_k);
  ParallelPieces(tokens, TokensWorthAThread(experts), [&](size_t, size_t first, size_t last) {
    std::vector<C> scores(experts);
    std::vector<double> gradient(experts);
    for (size_t token = first; token < last; ++token) {
      score(logits + token * experts, experts, gating.softmax, scores.data());
      ScoresGradient(gating, dprobs + token * top_k, dsums, scores.data(), indices + token * top_k,
                     experts, &gradient);
      LogitsGradient<T>(gating.softmax, gradient, scores.data(), dlogits + token * experts);
    }
  });
}

#define MINDFORGE_MOE_GATING(T)                                                                 \
  template void MoeGate<T>(const MoeGating&, const T*, const Compute<T>::Type*, size_t, size_t, \
                           T*, int32_t*, int64_t*, Compute<T>::Type*);                          \
  template void MoeGateGrad<T>(const MoeGating&, const T*, const Compute<T>::Type*, const T*,   \
                               const int32_t*, size_t, size_t, T*)
MINDFORGE_MOE_GATING(double);
MINDFORGE_MOE_GATING(float);
MINDFORGE_MOE_GATING(Float16);
MINDFORGE_MOE_GATING(BFloat16);
#undef MINDFORGE_MOE_GATING

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
