// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/gemm.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/gemm.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// Rows of one storage type to rows of another.
template <typename From, typename To>
void ConvertRows(const From* from, size_t from_stride, size_t rows, size_t columns, To* to,
                 size_t to_stride) {
  const hn::ScalableTag<float> d;
  for (size_t row = 0; row < rows; ++row, from += from_stride, to += to_stride) {
    ForVectors(d, columns,
               [&](size_t j, auto at) HWY_ATTR { at.Put(at.Get(d, from + j), d, to + j); });
  }
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

// oneDNN's C interface, of which the wheel of MindSpore has no header. Matrices are in rows.
extern "C" {
int dnnl_sgemm(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha,
               const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c,
               int64_t ldc);
int dnnl_gemm_bf16bf16f32(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha,
                          const uint16_t* a, int64_t lda, const uint16_t* b, int64_t ldb,
                          float beta, float* c, int64_t ldc);
int dnnl_threadpool_interop_get_max_concurrency(int* threads);
int dnnl_threadpool_interop_set_max_concurrency(int threads);
}

namespace mindforge::cpu {
namespace {

// Blocks of this many rows and columns pass through float where storage is of another type.
constexpr size_t kBlock = 512;

// What is multiplied at a time is cut into some sixteen tiles: oneDNN copies both factors for each
// tile, which more of them would not repay. No side is cut below these.
constexpr size_t kTiles = 16, kLeastRows = 128, kLeastColumns = 256;

void Require(int status) {
  if (status != 0) {
    throw std::runtime_error("oneDNN refused a matrix product with status " +
                             std::to_string(status));
  }
}

// oneDNN cuts a product for as many threads as it believes that it has, even if one does all the
// work. While this lives it believes in one; afterwards in as many as before, which MindSpore's own
// operators count on. The number belongs to the thread that asks.
class OneThread {
 public:
  OneThread() {
    Require(dnnl_threadpool_interop_get_max_concurrency(&before_));
    Require(dnnl_threadpool_interop_set_max_concurrency(1));
  }
  ~OneThread() { dnnl_threadpool_interop_set_max_concurrency(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = 1;
};

char Letter(bool transposed) { return transposed ? 'T' : 'N'; }

// oneDNN wants a stride of at least 1 and of no less than a row, even where there is but one row.
int64_t Stride(size_t stride) { return static_cast<int64_t>(std::max<size_t>(stride, 1)); }

void Multiply(const GemmSize& size, float alpha, const Factor<float>& a, const Factor<float>& b,
              float beta, float* c, size_t stride) {
  const OneThread one;
  Require(dnnl_sgemm(Letter(a.transposed), Letter(b.transposed), size.m, size.n, size.k, alpha,
                     a.data, Stride(a.stride), b.data, Stride(b.stride), beta, c, Stride(stride)));
}

// Where the processor multiplies bfloat16 itself, with sums in float, that is twice as fast.
bool HasBFloat16() {
  static const bool has = __builtin_cpu_supports("avx512bf16");
  return has && CurrentLevel() == SimdLevel::kAvx512;
}

void Multiply(const GemmSize& size, float alpha, const Factor<BFloat16>& a,
              const Factor<BFloat16>& b, float beta, float* c, size_t stride) {
  const OneThread one;
  Require(dnnl_gemm_bf16bf16f32(Letter(a.transposed), Letter(b.transposed), size.m, size.n, size.k,
                                alpha, &a.data->bits, Stride(a.stride), &b.data->bits,
                                Stride(b.stride), beta, c, Stride(stride)));
}

template <typename From, typename To>
void Convert(const From* from, size_t from_stride, size_t rows, size_t columns, To* to,
             size_t to_stride) {
  const auto convert = MINDFORGE_SIMD(ConvertRows<From, To>);
  convert(from, from_stride, rows, columns, to, to_stride);
}

// The part of a factor that starts at a row and a column of what is multiplied.
template <typename T>
Factor<T> At(const Factor<T>& factor, size_t row, size_t column) {
  const size_t offset =
      factor.transposed ? column * factor.stride + row : row * factor.stride + column;
  return {factor.data + offset, factor.stride, factor.transposed};
}

// A part of a factor in float, in `room`.
template <typename T>
Factor<float> Widened(const Factor<T>& factor, size_t rows, size_t columns,
                      std::vector<float>* room) {
  if (factor.transposed) {
    std::swap(rows, columns);
  }
  room->resize(std::max(room->size(), rows * columns));
  Convert(factor.data, factor.stride, rows, columns, room->data(), columns);
  return {room->data(), columns, factor.transposed};
}

// A thread's memory for blocks on their way through float; it stays for the next product.
struct Rooms {
  std::vector<float> a, b, c;
};

Rooms& ThreadRooms() {
  thread_local Rooms rooms;
  return rooms;
}

// Calls visit(first, how many) for blocks of a range.
template <typename Visit>
void ForBlocks(size_t count, const Visit& visit) {
  for (size_t first = 0; first < count; first += kBlock) {
    visit(first, std::min(kBlock, count - first));
  }
}

// The product where C is float and no factor is empty.
template <typename T>
void IntoFloat(const GemmSize& size, float alpha, const Factor<T>& a, const Factor<T>& b,
               float beta, float* c, size_t stride) {
  if constexpr (std::is_same_v<T, float>) {
    return Multiply(size, alpha, a, b, beta, c, stride);
  } else {
    if constexpr (std::is_same_v<T, BFloat16>) {
      if (HasBFloat16()) {
        return Multiply(size, alpha, a, b, beta, c, stride);
      }
    }
    ForBlocks(size.k, [&](size_t k, size_t depth) {
      const float keep = k == 0 ? beta : 1.0f;
      ForBlocks(size.n, [&](size_t j, size_t columns) {
        const auto wide_b = Widened(At(b, k, j), depth, columns, &ThreadRooms().b);
        ForBlocks(size.m, [&](size_t i, size_t rows) {
          const auto wide_a = Widened(At(a, i, k), rows, depth, &ThreadRooms().a);
          Multiply({rows, columns, depth}, alpha, wide_a, wide_b, keep, c + i * stride + j, stride);
        });
      });
    });
  }
}

// What is left of C where there is nothing to sum.
template <typename Out>
void Scale(const GemmSize& size, float beta, Out* c, size_t stride) {
  for (size_t i = 0; i < size.m; ++i) {
    for (size_t j = 0; j < size.n; ++j) {
      Out& element = c[i * stride + j];
      element = Compute<Out>::Store(beta == 0.0f ? 0.0f : beta * Compute<Out>::Load(element));
    }
  }
}

double Cost(const GemmSize& size) {
  return static_cast<double>(size.m) * static_cast<double>(size.n) *
         (static_cast<double>(size.k) + 1);
}

// Halves a tile along its longer side until it costs no more than `most`. By shape alone: what
// oneDNN computes for an element may depend on the tile around it.
GemmSize TileOf(const GemmSize& size, double most) {
  GemmSize tile = size;
  while (Cost(tile) > most) {
    const bool rows = tile.m / kLeastRows >= tile.n / kLeastColumns;
    size_t& side = rows ? tile.m : tile.n;
    if (side < 2 * (rows ? kLeastRows : kLeastColumns)) {
      break;
    }
    side = (side + 1) / 2;
  }
  return tile;
}

// A tile of one of several products.
struct Tile {
  size_t product, i, j;
  GemmSize size;
};

template <typename T, typename Out>
std::vector<Tile> TilesOf(const std::vector<Product<T, Out>>& products) {
  double cost = 0;
  for (const auto& product : products) {
    cost += Cost(product.size);
  }
  std::vector<Tile> tiles;
  for (size_t p = 0; p < products.size(); ++p) {
    const GemmSize& size = products[p].size;
    const GemmSize tile = TileOf(size, cost / kTiles);
    for (size_t i = 0; i < size.m; i += tile.m) {
      for (size_t j = 0; j < size.n; j += tile.n) {
        tiles.push_back(
            {p, i, j, {std::min(tile.m, size.m - i), std::min(tile.n, size.n - j), size.k}});
      }
    }
  }
  return tiles;
}

template <typename T, typename Out>
void RunTiles(const std::vector<Product<T, Out>>& products, float alpha, float beta) {
  const std::vector<Tile> tiles = TilesOf(products);
  ParallelFor(tiles.size(), [&](size_t number) {
    const Tile& tile = tiles[number];
    const Product<T, Out>& product = products[tile.product];
    Gemm(tile.size, alpha, At(product.a, tile.i, 0), At(product.b, 0, tile.j), beta,
         product.c + tile.i * product.stride + tile.j, product.stride);
  });
}

}  // namespace

template <typename T, typename Out>
void Gemm(const GemmSize& size, float alpha, const Factor<T>& a, const Factor<T>& b, float beta,
          Out* c, size_t stride) {
  if (size.m == 0 || size.n == 0) {
    return;
  }
  if (size.k == 0) {
    return Scale(size, beta, c, stride);
  }
  if constexpr (std::is_same_v<Out, float>) {
    IntoFloat(size, alpha, a, b, beta, c, stride);
  } else {
    std::vector<float>& room = ThreadRooms().c;
    ForBlocks(size.m, [&](size_t i, size_t rows) {
      ForBlocks(size.n, [&](size_t j, size_t columns) {
        Out* block = c + i * stride + j;
        room.resize(std::max(room.size(), rows * columns));
        if (beta != 0.0f) {
          Convert(block, stride, rows, columns, room.data(), columns);
        }
        IntoFloat({rows, columns, size.k}, alpha, At(a, i, 0), At(b, 0, j), beta, room.data(),
                  columns);
        Convert(room.data(), columns, rows, columns, block, stride);
      });
    });
  }
}

template <typename T, typename Out>
void ParallelGemm(const GemmSize& size, float alpha, const Factor<T>& a, const Factor<T>& b,
                  float beta, Out* c, size_t stride) {
  RunTiles<T, Out>({{size, a, b, c, stride}}, alpha, beta);
}

template <typename T, typename Out>
void ParallelGemms(const std::vector<Product<T, Out>>& products) {
  RunTiles(products, 1.0f, 0.0f);
}

#define MINDFORGE_GEMM(T, Out)                                                                   \
  template void Gemm<T, Out>(const GemmSize&, float, const Factor<T>&, const Factor<T>&, float,  \
                             Out*, size_t);                                                      \
  template void ParallelGemm<T, Out>(const GemmSize&, float, const Factor<T>&, const Factor<T>&, \
                                     float, Out*, size_t);                                       \
  template void ParallelGemms<T, Out>(const std::vector<Product<T, Out>>&)
MINDFORGE_GEMM(float, float);
MINDFORGE_GEMM(Float16, float);
MINDFORGE_GEMM(Float16, Float16);
MINDFORGE_GEMM(BFloat16, float);
MINDFORGE_GEMM(BFloat16, BFloat16);
#undef MINDFORGE_GEMM

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
