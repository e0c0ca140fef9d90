// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/threads.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mindforge::cpu {
namespace {

// Whether this thread is inside a task.
thread_local bool in_task = false;

// One call of ParallelFor.
struct Job {
  Job(size_t count, const std::function<void(size_t)>& task) : count(count), task(task) {}

  void Work() {
    in_task = true;
    for (size_t i; (i = next.fetch_add(1)) < count;) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(error_mutex);
        if (error == nullptr) {
          error = std::current_exception();
        }
        next.store(count);
      }
    }
    in_task = false;
  }

  const size_t count;
  const std::function<void(size_t)>& task;
  std::atomic<size_t> next{0};
  std::mutex error_mutex;
  std::exception_ptr error;
};

class Pool {
 public:
  explicit Pool(size_t threads) {
    for (size_t i = 1; i < threads; ++i) {
      workers_.emplace_back([this]() { Serve(); });
    }
  }

  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) {
      worker.join();
    }
  }

  size_t threads() const { return workers_.size() + 1; }

  // One job at a time.
  void Run(Job* job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = job;
      ++number_;
    }
    wake_.notify_all();
    job->Work();
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;  // a worker that wakes up only now finds nothing
    idle_.wait(lock, [this]() { return working_ == 0; });
  }

 private:
  void Serve() {
    size_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [&]() { return stopping_ || (job_ != nullptr && number_ != seen); });
      if (stopping_) {
        return;
      }
      seen = number_;
      Job* job = job_;
      ++working_;
      lock.unlock();
      job->Work();
      lock.lock();
      if (--working_ == 0) {
        idle_.notify_one();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  Job* job_ = nullptr;
  size_t number_ = 0;  // of the job
  size_t working_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;  // last: they read the members above
};

size_t UsableProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<size_t>(std::max(CPU_COUNT(&set), 1));
  }
  return std::max<size_t>(std::thread::hardware_concurrency(), 1);
}

// OMP_NUM_THREADS is a number, or a list of them of which the first is for us.
size_t WantedThreads() {
  const char* setting = std::getenv("OMP_NUM_THREADS");
  const long wanted = setting == nullptr ? 0 : std::strtol(setting, nullptr, 10);
  return wanted >= 1 ? static_cast<size_t>(std::min(wanted, 1024L)) : UsableProcessors();
}

// The pool and who may use it. Never destroyed: kernels may run while the process ends.
struct Shared {
  std::mutex mutex;
  Pool* pool = nullptr;
  size_t threads = WantedThreads();
};

std::atomic<Shared*> shared{nullptr};

// A fork has our memory without our threads; what they held stays held there. Start anew.
void ForgetAfterFork() { shared.store(nullptr); }

Shared& Use() {
  static std::mutex making;
  Shared* current = shared.load();
  if (current == nullptr) {
    const std::lock_guard<std::mutex> lock(making);
    current = shared.load();
    if (current == nullptr) {
      static const int registered = pthread_atfork(nullptr, nullptr, ForgetAfterFork);
      static_cast<void>(registered);
      shared.store(current = new Shared);
    }
  }
  return *current;
}

}  // namespace

size_t ThreadCount() {
  Shared& use = Use();
  const std::lock_guard<std::mutex> lock(use.mutex);
  return use.threads;
}

void SetThreadCount(size_t count) {
  Shared& use = Use();
  const std::lock_guard<std::mutex> lock(use.mutex);
  delete use.pool;
  use.pool = nullptr;
  use.threads = std::max<size_t>(count, 1);
}

void ParallelFor(size_t count, const std::function<void(size_t)>& task) {
  if (count <= 1 || in_task) {
    for (size_t i = 0; i < count; ++i) {
      task(i);
    }
    return;
  }
  Job job(count, task);
  Shared& use = Use();
  {
    const std::lock_guard<std::mutex> lock(use.mutex);
    if (use.pool == nullptr) {
      use.pool = new Pool(use.threads);
    }
    use.pool->Run(&job);
  }
  if (job.error != nullptr) {
    std::rethrow_exception(job.error);
  }
}

void ParallelPieces(size_t count, size_t piece,
                    const std::function<void(size_t, size_t, size_t)>& task) {
  ParallelFor(PieceCount(count, piece), [&](size_t number) {
    task(number, number * piece, std::min(count, (number + 1) * piece));
  });
}

}  // namespace mindforge::cpu
