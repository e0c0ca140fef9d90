// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/attention_merge.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// The formulas of the header, one after the other, in double.
template <typename T>
struct Case {
  using C = typename Compute<T>::Type;

  explicit Case(Size size)
      : size(size),
        a(Random<T>(size.rows * size.columns, 1)),
        b(Random<T>(a.size(), 2)),
        above(Random<T>(a.size(), 3)),
        log_a(Random<C>(size.rows, 4)),
        log_b(Random<C>(size.rows, 5)),
        above_log(Random<C>(size.rows, 6)),
        expected(a.size()),
        expected_da(a.size()),
        expected_db(a.size()),
        expected_log(size.rows),
        expected_dlog_a(size.rows),
        expected_dlog_b(size.rows) {
    for (size_t row = 0; row < size.rows; ++row) {
      const double la = Value(log_a[row]), lb = Value(log_b[row]);
      const double both = std::log(std::exp(la) + std::exp(lb));
      const double wa = std::exp(la - both), wb = std::exp(lb - both);
      double along_a = 0.0, along_b = 0.0;
      for (size_t j = row * size.columns; j < (row + 1) * size.columns; ++j) {
        expected[j] = wa * Value(a[j]) + wb * Value(b[j]);
        expected_da[j] = wa * Value(above[j]);
        expected_db[j] = wb * Value(above[j]);
        along_a += Value(above[j]) * (Value(a[j]) - expected[j]);
        along_b += Value(above[j]) * (Value(b[j]) - expected[j]);
      }
      expected_log[row] = both;
      expected_dlog_a[row] = wa * (Value(above_log[row]) + along_a);
      expected_dlog_b[row] = wb * (Value(above_log[row]) + along_b);
    }
  }

  void Run() {
    out.assign(a.size(), T{});
    da = db = out;
    log_sum.assign(size.rows, C{});
    dlog_a = dlog_b = log_sum;
    AttentionMerge(a.data(), log_a.data(), b.data(), log_b.data(), size.rows, size.columns,
                   out.data(), log_sum.data());
    AttentionMergeGrad(above.data(), above_log.data(), a.data(), log_a.data(), b.data(),
                       log_b.data(), size.rows, size.columns, da.data(), dlog_a.data(), db.data(),
                       dlog_b.data());
  }

  void Check() const {
    ExpectNear(out, expected, "out");
    ExpectNear(da, expected_da, "da");
    ExpectNear(db, expected_db, "db");
    ExpectNear(log_sum, expected_log, "log_sum", 1.0);
    ExpectNear(dlog_a, expected_dlog_a, "dlog_a", 1.0);
    ExpectNear(dlog_b, expected_dlog_b, "dlog_b", 1.0);
  }

  Size size;
  std::vector<T> a, b, above;
  std::vector<C> log_a, log_b, above_log;
  std::vector<double> expected, expected_da, expected_db;
  std::vector<double> expected_log, expected_dlog_a, expected_dlog_b;
  std::vector<T> out, da, db;
  std::vector<C> log_sum, dlog_a, dlog_b;
};

template <typename T>
class AttentionMergeOf : public ::testing::Test {};

TYPED_TEST_SUITE(AttentionMergeOf, FloatingTypes);

TYPED_TEST(AttentionMergeOf, AgreesWithTheFormulasOnEverySize) {
  for (const Size size : kSizes) {
    SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns));
    Case<TypeParam> c(size);
    AtEveryLevel([&]() {
      c.Run();
      c.Check();
    });
  }
}

TEST(AttentionMerge, KeepsWhatHasNothingBesideIt) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> a = {1, 2, 3}, b = {4, 5, 6}, ones(3, 1.0f);
  const std::vector<float> log_a = {-infinity, 2, -infinity}, log_b = {3, -infinity, -infinity};
  std::vector<float> out(3), log_sum(3), da(3), db(3), dlog_a(3), dlog_b(3);
  AttentionMerge(a.data(), log_a.data(), b.data(), log_b.data(), 3, 1, out.data(), log_sum.data());
  EXPECT_EQ(out, (std::vector<float>{4, 2, 0}));
  EXPECT_EQ(log_sum, (std::vector<float>{3, 2, -infinity}));
  AttentionMergeGrad(ones.data(), ones.data(), a.data(), log_a.data(), b.data(), log_b.data(), 3, 1,
                     da.data(), dlog_a.data(), db.data(), dlog_b.data());
  EXPECT_EQ(da, (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(db, (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(dlog_a, (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(dlog_b, (std::vector<float>{1, 0, 0}));
}

TEST(AttentionMerge, IsTheSameForAnyNumberOfThreads) {
  ExpectSameForAnyThreads([&]() {
    Case<float> c({700, 130});
    c.Run();
    return Bits(c.out) + Bits(c.log_sum) + Bits(c.da) + Bits(c.db) + Bits(c.dlog_a);
  });
}

}  // namespace
}  // namespace mindforge::cpu
