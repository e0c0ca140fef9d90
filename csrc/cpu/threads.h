// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The one thread pool of all CPU kernels.
//
// It has as many threads as OMP_NUM_THREADS says, read when the first kernel runs, or else as many
// as the process may use processors. The thread that calls a kernel is one of them, so with one
// thread nothing is ever handed over. Threads that have nothing to do sleep: they take no time from
// MindSpore's own pool and NumPy's, which work when no kernel of ours does.
#ifndef CSRC_CPU_THREADS_H_
#define CSRC_CPU_THREADS_H_

#include <cstddef>
#include <functional>

namespace mindforge::cpu {

// How many threads ParallelFor uses, at least 1.
size_t ThreadCount();

// Makes the pool anew with `count` threads, at least 1. Waits for a kernel that is running.
void SetThreadCount(size_t count);

// Calls task(i) once for each i below count, on any thread and in any order, and returns when all
// calls have. The first exception of a task is thrown on, and what has not begun by then does not
// begin. A task that calls ParallelFor itself does that work alone.
void ParallelFor(size_t count, const std::function<void(size_t)>& task);

// The range [0, count) in pieces of `piece` items, the last one shorter: task(number of the piece,
// first item, one past the last). The pieces do not depend on the number of threads, and so neither
// do sums that are taken piece by piece. `piece` is at least 1.
void ParallelPieces(size_t count, size_t piece,
                    const std::function<void(size_t, size_t, size_t)>& task);

// How many pieces there are.
inline size_t PieceCount(size_t count, size_t piece) { return (count + piece - 1) / piece; }

// A piece of rows that is worth a thread's while: some ten microseconds of work on `columns`
// elements each.
inline size_t RowsWorthAThread(size_t columns) {
  constexpr size_t kElements = 32768;
  return columns >= kElements ? 1 : kElements / (columns == 0 ? 1 : columns);
}

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_THREADS_H_
