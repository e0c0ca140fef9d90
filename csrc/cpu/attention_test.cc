// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/attention.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Masked { kNot, kSeen, kAdded };

struct Form {
  size_t batch, heads, kv_heads, queries, keys, size, value_size;
  AttentionSettings settings;
  Masked masked = Masked::kNot;
  bool shared_mask = false;  // one row of keys for all queries and heads
};

AttentionSettings Settings(int64_t before, int64_t after, bool from_end = false,
                           double dropout = 0.0) {
  AttentionSettings settings;
  settings.scale = 0.3;
  settings.before = before;
  settings.after = after;
  settings.from_end = from_end;
  settings.dropout = dropout;
  settings.seed = 0x123456789ABCDEFull;
  settings.offset = 7;
  return settings;
}

const AttentionSettings kAll = Settings(kUnlimited, kUnlimited);
const AttentionSettings kCausal = Settings(kUnlimited, 0);

const std::vector<Form> kForms = {
    {1, 1, 1, 1, 1, 1, 1, kAll},
    {2, 2, 1, 5, 7, 3, 2, kAll},
    {1, 4, 2, 65, 257, 17, 9, kCausal},
    {1, 2, 2, 130, 70, 24, 16, kCausal},
    {1, 1, 1, 70, 300, 8, 8, Settings(kUnlimited, 0, true)},
    {1, 1, 1, 90, 40, 8, 8, Settings(kUnlimited, 0, true)},
    {1, 2, 1, 150, 280, 8, 5, Settings(30, 11)},
    {1, 1, 1, 40, 600, 8, 5, Settings(5, 2, true)},
    {2, 2, 1, 66, 90, 8, 5, kAll, Masked::kSeen},
    {2, 2, 2, 66, 90, 8, 5, kCausal, Masked::kAdded},
    {2, 4, 2, 20, 270, 8, 5, kAll, Masked::kSeen, true},
    {2, 2, 2, 20, 270, 8, 5, kAll, Masked::kAdded, true},
    {2, 2, 1, 70, 300, 8, 5, Settings(kUnlimited, kUnlimited, false, 0.3)},
    {0, 2, 1, 3, 3, 8, 5, kAll},
    {2, 2, 1, 0, 3, 8, 5, kAll},
    {2, 2, 1, 3, 0, 8, 5, kAll}};

// The formulas of the header, one after the other, in double.
template <typename T>
struct Case {
  using C = typename Compute<T>::Type;

  explicit Case(const Form& form)
      : form(form),
        q(Random<T>(form.batch * form.heads * form.queries * form.size, 1)),
        k(Random<T>(form.batch * form.kv_heads * form.keys * form.size, 2)),
        v(Random<T>(form.batch * form.kv_heads * form.keys * form.value_size, 3)),
        above(Random<T>(form.batch * form.heads * form.queries * form.value_size, 4)),
        above_log_sum(Random<C>(form.batch * form.heads * form.queries, 5)) {
    const size_t count = form.batch * form.heads * form.queries * form.keys;
    factors.assign(count, 1.0);
    if (form.masked != Masked::kNot) {
      const size_t entries = form.shared_mask ? form.batch * form.keys : count;
      added = Random<T>(entries, 6);
      for (size_t i = 0; i < entries; ++i) {
        const bool hidden = Value(added[i]) < (i % 5 == 0 ? 0.0 : -0.5);
        seen.push_back(hidden ? 0 : 1);
        if (hidden && i % 3 == 0) added[i] = Compute<T>::Store(-static_cast<C>(kInfinity));
      }
    }
  }

  AttentionMask<T> Mask() const {
    AttentionMask<T> mask;
    if (form.masked == Masked::kNot) return mask;
    mask.seen = form.masked == Masked::kSeen ? seen.data() : nullptr;
    mask.added = form.masked == Masked::kAdded ? added.data() : nullptr;
    mask.key = 1;
    mask.query = form.shared_mask ? 0 : form.keys;
    mask.head = form.shared_mask ? 0 : form.queries * form.keys;
    mask.batch = form.shared_mask ? form.keys : form.heads * form.queries * form.keys;
    return mask;
  }

  double MaskAt(size_t b, size_t h, size_t i, size_t j) const {
    const AttentionMask<T> mask = Mask();
    const size_t at = b * mask.batch + h * mask.head + i * mask.query + j * mask.key;
    if (mask.seen != nullptr) return mask.seen[at] != 0 ? 0.0 : -kInfinity;
    return mask.added != nullptr ? Value(mask.added[at]) : 0.0;
  }

  template <typename N, typename V>
  Heads<N> Placed(V& values, size_t heads, size_t rows, size_t columns) const {
    return {values.data(), heads * rows * columns, rows * columns, columns};
  }

  AttentionSize Size() const {
    AttentionSize size{form.heads, form.kv_heads, form.size, form.value_size, {}};
    for (size_t b = 0; b < form.batch; ++b) {
      size.sequences.push_back({b, 0, form.queries, 0, form.keys});
    }
    return size;
  }

  void Run() {
    out.assign(above.size(), T{});
    log_sum.assign(above_log_sum.size(), C{});
    maximum.assign(above_log_sum.size(), C{});
    dq.assign(q.size(), T{});
    dk.assign(k.size(), T{});
    dv.assign(v.size(), T{});
    const AttentionInputs<T> in{Placed<const T>(q, form.heads, form.queries, form.size),
                                Placed<const T>(k, form.kv_heads, form.keys, form.size),
                                Placed<const T>(v, form.kv_heads, form.keys, form.value_size),
                                Mask()};
    Attention<T>(in, Size(), form.settings,
                 {Placed<T>(out, form.heads, form.queries, form.value_size),
                  Placed<C>(log_sum, form.heads, form.queries, 1),
                  Placed<C>(maximum, form.heads, form.queries, 1)});
    const AttentionUpstream<T> up{Placed<const T>(out, form.heads, form.queries, form.value_size),
                                  Placed<const C>(log_sum, form.heads, form.queries, 1),
                                  Placed<const T>(above, form.heads, form.queries, form.value_size),
                                  above_log_sum.data()};
    AttentionGrad<T>(in, up, Size(), form.settings,
                     {Placed<T>(dq, form.heads, form.queries, form.size),
                      Placed<T>(dk, form.kv_heads, form.keys, form.size),
                      Placed<T>(dv, form.kv_heads, form.keys, form.value_size)});
  }

  // Reads the factors of dropout off the kernel: with values that are a unit matrix, outputs are
  // weights.
  void LearnFactors() {
    Form unit = form;
    unit.value_size = form.keys;
    unit.kv_heads = form.heads;
    Case<double> dropped(unit);
    dropped.v.assign(dropped.v.size(), 0.0);
    for (size_t i = 0; i < dropped.v.size(); i += form.keys * form.keys) {
      for (size_t j = 0; j < form.keys; ++j) dropped.v[i + j * form.keys + j] = 1.0;
    }
    Case<double> kept = dropped;
    kept.form.settings.dropout = 0.0;
    dropped.Run();
    kept.Run();
    for (size_t i = 0; i < factors.size(); ++i) factors[i] = dropped.out[i] / kept.out[i];
  }

  void Expect() {
    const auto& f = form;
    const size_t group = f.heads / f.kv_heads;
    expected_out.assign(out.size(), 0.0);
    expected_log_sum.assign(log_sum.size(), 0.0);
    expected_maximum.assign(log_sum.size(), 0.0);
    expected_dq.assign(q.size(), 0.0);
    expected_dk.assign(k.size(), 0.0);
    expected_dv.assign(v.size(), 0.0);
    for (size_t row = 0; row < f.batch * f.heads * f.queries; ++row) {
      const size_t b = row / (f.heads * f.queries), h = row / f.queries % f.heads;
      const size_t i = row % f.queries, kv = (b * f.kv_heads + h / group) * f.keys;
      std::vector<double> score(f.keys), slope(f.keys);
      const int64_t position =
          static_cast<int64_t>(i) +
          (f.settings.from_end ? static_cast<int64_t>(f.keys) - static_cast<int64_t>(f.queries)
                               : 0);
      double sum = 0.0, highest = -kInfinity;
      for (size_t j = 0; j < f.keys; ++j) {
        const int64_t distance = static_cast<int64_t>(j) - position;
        double dot = 0.0;
        for (size_t c = 0; c < f.size; ++c) {
          dot += Value(q[row * f.size + c]) * Value(k[(kv + j) * f.size + c]);
        }
        score[j] = f.settings.scale * dot + MaskAt(b, h, i, j);
        if (distance > f.settings.after || -distance > f.settings.before) score[j] = -kInfinity;
        highest = std::max(highest, score[j]);
      }
      for (const double s : score) sum += s == -kInfinity ? 0.0 : std::exp(s - highest);
      expected_maximum[row] = highest;
      expected_log_sum[row] = sum == 0.0 ? -kInfinity : highest + std::log(sum);
      double along = 0.0;
      for (size_t j = 0; j < f.keys; ++j) {
        const double p = score[j] == -kInfinity ? 0.0 : std::exp(score[j] - expected_log_sum[row]);
        const double factor = factors[row * f.keys + j];
        for (size_t c = 0; c < f.value_size; ++c) {
          const double value = Value(v[(kv + j) * f.value_size + c]);
          const double gradient = Value(above[row * f.value_size + c]);
          expected_out[row * f.value_size + c] += p * factor * value;
          expected_dv[(kv + j) * f.value_size + c] += p * factor * gradient;
          slope[j] += factor * value * gradient;
        }
        along += p * slope[j];
        score[j] = p;
      }
      for (size_t j = 0; j < f.keys; ++j) {
        const double ds =
            f.settings.scale * score[j] * (slope[j] - along + Value(above_log_sum[row]));
        for (size_t c = 0; c < f.size; ++c) {
          expected_dq[row * f.size + c] += ds * Value(k[(kv + j) * f.size + c]);
          expected_dk[(kv + j) * f.size + c] += ds * Value(q[row * f.size + c]);
        }
      }
    }
  }

  // Sums of many products: a few units in the last place of the largest.
  void Check() const {
    ExpectNear(out, expected_out, "out", 4.0);
    ExpectNear(dq, expected_dq, "dq", 4.0);
    ExpectNear(dk, expected_dk, "dk", 4.0);
    ExpectNear(dv, expected_dv, "dv", 4.0);
    for (size_t i = 0; i < log_sum.size(); ++i) {
      if (std::isinf(expected_log_sum[i])) {
        EXPECT_EQ(log_sum[i], expected_log_sum[i]) << "log_sum at " << i;
        EXPECT_EQ(maximum[i], expected_maximum[i]) << "maximum at " << i;
      } else {
        EXPECT_NEAR(log_sum[i], expected_log_sum[i], 4 * Tolerance<C>()) << "log_sum at " << i;
        EXPECT_NEAR(maximum[i], expected_maximum[i], 4 * Tolerance<C>()) << "maximum at " << i;
      }
    }
  }

  Form form;
  std::vector<T> q, k, v, above;
  std::vector<C> above_log_sum;
  std::vector<uint8_t> seen;
  std::vector<T> added;
  std::vector<double> factors;
  std::vector<double> expected_out, expected_log_sum, expected_maximum;
  std::vector<double> expected_dq, expected_dk, expected_dv;
  std::vector<T> out, dq, dk, dv;
  std::vector<C> log_sum, maximum;
};

template <typename T>
class AttentionOf : public ::testing::Test {};

TYPED_TEST_SUITE(AttentionOf, FloatingTypes);

TYPED_TEST(AttentionOf, AgreesWithTheFormulasInEveryForm) {
  for (size_t i = 0; i < kForms.size(); ++i) {
    SCOPED_TRACE("form " + std::to_string(i));
    Case<TypeParam> c(kForms[i]);
    if (c.form.settings.dropout > 0) c.LearnFactors();
    c.Run();
    c.Expect();
    AtEveryLevel([&]() {
      c.Run();
      c.Check();
    });
  }
}

TEST(Attention, DropsTheShareThatIsAskedForAndTheSameEachTime) {
  const Form form{1, 2, 2, 130, 520, 4, 4, Settings(kUnlimited, kUnlimited, false, 0.2)};
  Case<float> c(form);
  std::vector<std::vector<double>> learned;
  AtEveryLevel([&]() {
    c.LearnFactors();
    learned.push_back(c.factors);
    double dropped = 0.0;
    for (const double factor : c.factors) {
      EXPECT_TRUE(factor == 0.0 || std::abs(factor - 1.25) < 1e-12) << factor;
      dropped += factor == 0.0 ? 1.0 : 0.0;
    }
    EXPECT_NEAR(dropped / static_cast<double>(c.factors.size()), 0.2, 0.005);
  });
  for (const auto& factors : learned) {
    for (size_t i = 0; i < factors.size(); ++i) {
      ASSERT_EQ(factors[i] == 0.0, learned[0][i] == 0.0) << i;
    }
  }
  for (const bool seed : {false, true}) {
    Case<float> other(form);
    (seed ? other.form.settings.seed += 1 : other.form.settings.offset += 1);
    other.LearnFactors();
    EXPECT_NE(other.factors, c.factors);
  }
}

TEST(Attention, KeepsPackedSequencesApart) {
  constexpr size_t kHeads = 2, kSize = 8;
  const std::vector<size_t> lengths = {3, 0, 70, 1, 300};
  size_t total = 0;
  for (const size_t length : lengths) total += length;
  const auto q = Random<float>(total * kHeads * kSize, 1), k = Random<float>(q.size(), 2),
             v = Random<float>(q.size(), 3), above = Random<float>(q.size(), 4);
  const auto heads = [](auto& values, size_t row) {
    return Heads<std::remove_reference_t<decltype(values[0])>>{values.data() + row * kHeads * kSize,
                                                               0, kSize, kHeads * kSize};
  };
  // Outputs and gradients of sequences that lie behind each other, all at once or one by one.
  const auto run = [&](bool at_once) {
    std::vector<float> out(q.size()), log_sum(total * kHeads), maximum(total * kHeads),
        dq(q.size()), dk(q.size()), dv(q.size());
    std::vector<AttentionSize> sizes;
    size_t row = 0;
    for (const size_t length : lengths) {
      if (!at_once || sizes.empty()) sizes.push_back({kHeads, kHeads, kSize, kSize, {}});
      sizes.back().sequences.push_back({0, row, length, row, length});
      row += length;
    }
    for (const AttentionSize& size : sizes) {
      // The gradients of queries are those of all rows there are: give each its own.
      const size_t first = at_once ? 0 : size.sequences[0].query;
      AttentionSize own = size;
      for (AttentionSequence& sequence : own.sequences) {
        sequence.query -= first;
        sequence.key -= first;
      }
      const AttentionInputs<float> in{heads(q, first), heads(k, first), heads(v, first), {}};
      const Heads<float> sums{log_sum.data() + first * kHeads, 0, 1, kHeads};
      const Heads<float> largest{maximum.data() + first * kHeads, 0, 1, kHeads};
      Attention<float>(in, own, kCausal, {heads(out, first), sums, largest});
      const AttentionUpstream<float> up{
          {out.data() + first * kHeads * kSize, 0, kSize, kHeads * kSize},
          {sums.data, 0, 1, kHeads},
          heads(above, first)};
      AttentionGrad<float>(in, up, own, kCausal,
                           {heads(dq, first), heads(dk, first), heads(dv, first)});
    }
    return std::vector<std::vector<float>>{out, log_sum, maximum, dq, dk, dv};
  };
  const auto expected = run(false), actual = run(true);
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::vector<double> wide(expected[i].begin(), expected[i].end());
    ExpectNear(actual[i], wide, "result " + std::to_string(i));
  }
}

TEST(Attention, HoldsWhereExpDoesNot) {
  Form form{1, 1, 1, 3, 4, 2, 2, kAll};
  Case<float> c(form);
  for (float& value : c.q) value *= 1e4f;
  c.Run();
  c.Expect();
  AtEveryLevel([&]() {
    c.Run();
    ExpectNear(c.out, c.expected_out, "out");
    for (const float value : c.dk) EXPECT_TRUE(std::isfinite(value));
  });
}

TEST(Attention, IsTheSameForAnyNumberOfThreads) {
  for (const size_t heads : {1, 3}) {
    ExpectSameForAnyThreads([&]() {
      Case<float> c({1, 2 * heads, heads, 200, 900, 16, 8, kCausal});
      c.Run();
      return Bits(c.out) + Bits(c.log_sum) + Bits(c.maximum) + Bits(c.dq) + Bits(c.dk) + Bits(c.dv);
    });
  }
}

}  // namespace
}  // namespace mindforge::cpu
