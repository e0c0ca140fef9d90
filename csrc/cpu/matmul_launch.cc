// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Matrix products on MindSpore tensors in CPU memory.
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/cpu/gemm.h"
#include "csrc/cpu/grouped_matmul.h"
#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/matmul.h"
#include "csrc/launch/tensors.h"
#include "csrc/shapes/matmul.h"

namespace mindforge {
namespace {

// The counts, which are known only now that the kernel runs.
std::vector<size_t> RowsOf(const ms::Tensor& group_list, const GroupedMatmulSize& size) {
  std::vector<size_t> rows;
  try {
    cpu::VisitIndex(group_list.data_type(), [&](auto index) {
      rows = cpu::GroupRows(group_list.data_ptr<decltype(index)>(), size.groups, size.rows);
    });
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        std::string("msops.grouped_matmul: group_list must count the rows of each group; ") +
        error.what());
  }
  return rows;
}

template <typename T, typename Out>
void Accumulate(const ms::Tensor& x, const ms::Tensor& dy, const ms::Tensor& main_grad) {
  const MatmulAccumulateSize size = MatmulAccumulateSizeOf(x.shape(), dy.shape());
  cpu::ParallelGemm<T, Out>({size.n, size.k, size.rows}, 1.0f, {dy.data_ptr<T>(), size.n, true},
                            {x.data_ptr<T>(), size.k}, 1.0f, main_grad.data_ptr<Out>(), size.k);
}

template <typename T>
void Multiply(const ms::Tensor& a, const ms::Tensor& b, const ms::Tensor& out, bool transpose_a,
              bool transpose_b) {
  const BatchedMatmulSize size = BatchedMatmulSizeOf(a.shape(), out.shape(), transpose_a);
  const T* left = a.data_ptr<const T>();
  const T* right = b.data_ptr<const T>();
  T* result = out.data_ptr<T>();
  std::vector<cpu::Product<T, T>> products;
  for (size_t i = 0; i < size.batch; ++i) {
    products.push_back({{size.m, size.n, size.k},
                        {left + i * size.m * size.k, transpose_a ? size.m : size.k, transpose_a},
                        {right + i * size.k * size.n, transpose_b ? size.k : size.n, transpose_b},
                        result + i * size.m * size.n,
                        size.n});
  }
  cpu::ParallelGemms(products);
}

}  // namespace

std::vector<mindspore::TypeId> MatmulDtypes() { return FloatDtypes(); }

ms::Tensor LaunchGroupedMatmul(const ms::Tensor& x, const ms::Tensor& weight,
                               const ms::Tensor& group_list, bool transposed) {
  const GroupedMatmulSize size = GroupedMatmulSizeOf(x.shape(), weight.shape(), transposed);
  const ms::Tensor y(x.data_type(), GroupedMatmulShape(x.shape(), weight.shape(), transposed));
  cpu::Run("grouped_matmul", {x, weight, group_list}, {y}, [=]() {
    cpu::VisitMatrixStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      cpu::GroupedMatmul(RowsOf(group_list, size), size.k, size.n, x.data_ptr<const T>(),
                         weight.data_ptr<const T>(), transposed, y.data_ptr<T>());
    });
  });
  return y;
}

ms::Tensor LaunchGroupedMatmulGradWeight(const ms::Tensor& x, const ms::Tensor& dy,
                                         const ms::Tensor& weight, const ms::Tensor& group_list,
                                         bool transposed) {
  const GroupedMatmulSize size = GroupedMatmulSizeOf(x.shape(), weight.shape(), transposed);
  const ms::Tensor dweight = Like(weight);
  cpu::Run("grouped_matmul_grad_weight", {x, dy, group_list}, {dweight}, [=]() {
    cpu::VisitMatrixStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      cpu::GroupedMatmulGradWeight(RowsOf(group_list, size), size.k, size.n, x.data_ptr<const T>(),
                                   dy.data_ptr<const T>(), transposed, dweight.data_ptr<T>());
    });
  });
  return dweight;
}

// main_grad is handed to MindSpore as an input: it has its memory already.
void LaunchMatmulAccumulate(const ms::Tensor& x, const ms::Tensor& dy,
                            const ms::Tensor& main_grad) {
  cpu::Run("matmul_accumulate", {x, dy, main_grad}, {}, [=]() {
    cpu::VisitMatrixStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      if (main_grad.data_type() == mindspore::kNumberTypeFloat32) {
        Accumulate<T, float>(x, dy, main_grad);
      } else {
        Accumulate<T, T>(x, dy, main_grad);
      }
    });
  });
}

void LaunchMatmulInto(const ms::Tensor& a, const ms::Tensor& b, const ms::Tensor& out,
                      bool transpose_a, bool transpose_b) {
  cpu::Run("matmul_into", {a, b, out}, {}, [=]() {
    cpu::VisitMatrixStorage(a.data_type(), [&](auto storage) {
      Multiply<decltype(storage)>(a, b, out, transpose_a, transpose_b);
    });
  });
}

}  // namespace mindforge
