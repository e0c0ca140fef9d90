// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/threads.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

class Threads : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override { SetThreadCount(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Counts, Threads, ::testing::Values(1, 2, 3, 8));

TEST_P(Threads, AreAsManyAsAsked) { EXPECT_EQ(ThreadCount(), GetParam()); }

TEST_P(Threads, DoEveryTaskOnce) {
  for (const size_t count : {0, 1, 2, 7, 1000}) {
    std::vector<std::atomic<int>> done(count);
    ParallelFor(count, [&](size_t i) { ++done[i]; });
    for (const auto& times : done) {
      EXPECT_EQ(times, 1);
    }
  }
}

TEST_P(Threads, SeeWhatWasWrittenBeforeAndTheCallerSeesWhatTheyWrote) {
  for (int round = 0; round < 200; ++round) {
    std::vector<int> from(64, round), to(64, -1);
    ParallelFor(64, [&](size_t i) { to[i] = from[i] + 1; });
    EXPECT_EQ(to, std::vector<int>(64, round + 1));
  }
}

TEST_P(Threads, DoNotWaitForEachOtherWhereTasksHaveTasks) {
  std::atomic<int> done{0};
  ParallelFor(8, [&](size_t) { ParallelFor(8, [&](size_t) { ++done; }); });
  EXPECT_EQ(done, 64);
}

TEST_P(Threads, HandOnAnErrorAndWorkAfterIt) {
  const auto failing = [](size_t i) {
    if (i == 5) throw std::runtime_error("five");
  };
  EXPECT_THROW(ParallelFor(100, failing), std::runtime_error);
  std::atomic<int> done{0};
  ParallelFor(10, [&](size_t) { ++done; });
  EXPECT_EQ(done, 10);
}

TEST_P(Threads, ServeSeveralCallersInTurn) {
  std::atomic<int> done{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&]() {
      for (int round = 0; round < 50; ++round) ParallelFor(5, [&](size_t) { ++done; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 4 * 50 * 5);
}

TEST_P(Threads, CutARangeIntoTheSamePieces) {
  std::vector<std::vector<size_t>> pieces(PieceCount(10, 4));
  ParallelPieces(10, 4, [&](size_t number, size_t first, size_t last) {
    pieces[number] = {first, last};
  });
  EXPECT_EQ(pieces, (std::vector<std::vector<size_t>>{{0, 4}, {4, 8}, {8, 10}}));
}

#ifndef __SANITIZE_THREAD__  // which has no threads after a fork
TEST_P(Threads, WorkInAForkedProcess) {
  ParallelFor(4, [](size_t) {});
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> done{0};
    ParallelFor(100, [&](size_t) { ++done; });
    _exit(done == 100 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}
#endif

}  // namespace
}  // namespace mindforge::cpu
