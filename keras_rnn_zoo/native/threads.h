// Threads for the ops: TensorFlow's C API does not hand out its own.
#ifndef KERAS_RNN_ZOO_THREADS_H_
#define KERAS_RNN_ZOO_THREADS_H_

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "sequence.h"

namespace keras_rnn_zoo {

// As many as TensorFlow would take that was told nothing.
inline Index default_threads() {
  if (const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS")) {
    const long count = std::atol(wanted);
    if (count > 0) return count;
  }
#ifdef __linux__
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return CPU_COUNT(&cores);
#endif
  const Index count = std::thread::hardware_concurrency();
  return count > 0 ? count : 1;
}

// Waits for it awake, a tenth of a millisecond at most: to wake a thread takes longer than
// a small product. True if it happened.
template <typename F>
inline bool soon(const F& happened) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
  while (!happened()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// The process's workers, which are started when there is something to do for them and
// then stay. A pool is never destroyed: its threads wait in it until the process ends.
class Pool {
 public:
  // The pool of this process. A fork leaves the threads behind, so a child has its own.
  static Pool& get() {
    static const int watched = pthread_atfork(nullptr, nullptr, [] { current() = nullptr; });
    (void)watched;
    Pool* pool = current();
    if (pool == nullptr) {
      Pool* const made = new Pool;
      if (current().compare_exchange_strong(pool, made)) return *made;
      delete made;  // another thread was faster; it has no threads yet
    }
    return *pool;
  }

  // Soon calls the job, on one of at most `most` threads. False if there can be none.
  bool schedule(Index most, std::function<void()> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_ <= Index(jobs_.size()) && threads_ < most) {
      try {
        std::thread([this] { work(); }).detach();
        ++threads_, ++idle_;
      } catch (const std::system_error&) {  // the system gives no more
      }
    }
    if (threads_ == 0) return false;
    jobs_.push_back(std::move(job));
    ++waiting_;
    some_.notify_one();
    return true;
  }

 private:
  static std::atomic<Pool*>& current() {
    static std::atomic<Pool*> pool{nullptr};
    return pool;
  }
  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      some_.wait(lock, [this] { return !jobs_.empty(); });
      std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      --waiting_, --idle_;
      lock.unlock();
      job();
      job = nullptr;  // and with it the team
      lock.lock();
      ++idle_;
      if (!jobs_.empty()) continue;
      lock.unlock();
      soon([this] { return waiting_ > 0; });  // one op comes after the other
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<std::function<void()>> jobs_;
  std::atomic<Index> waiting_{0};
  Index threads_ = 0, idle_ = 0;
};

// The threads of one op: its caller, and helpers from the pool. The caller does whatever
// no helper has begun, so that it never waits for a thread that is busy elsewhere. Between
// two products a helper stays awake for a moment.
class Team : public std::enable_shared_from_this<Team> {
 public:
  explicit Team(Index threads) : threads_(threads) { std::fegetenv(&rounding_); }

  // Runs task(0) ... task(count - 1); returns when all are done. Throws what one of them
  // threw.
  void run(Index count, const std::function<void(Index)>& task) {
    std::unique_lock<std::mutex> lock(mutex_);
    task_ = &task, count_ = count, next_ = 0, running_ = count;
    rounds_ += 1;
    for (; helpers_ < count - 1; ++helpers_) {
      if (!Pool::get().schedule(threads_, [team = shared_from_this()] { team->help(); }))
        break;
    }
    work(lock);
    lock.unlock();
    if (!soon([&] { return running_ == 0; })) {
      lock.lock();
      all_done_.wait(lock, [&] { return running_ == 0; });
      lock.unlock();
    }
    lock.lock();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }
  void close() { closed_ = true; }

 private:
  void work(std::unique_lock<std::mutex>& lock) {
    while (next_ < count_) {
      const Index i = next_++;
      const auto* task = task_;
      std::exception_ptr error;
      lock.unlock();
      try {
        (*task)(i);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error) error_ = error;
      if (--running_ == 0) all_done_.notify_all();
    }
  }
  void help() {
    std::fesetenv(&rounding_);  // as the caller, above all with denormal numbers
    std::unique_lock<std::mutex> lock(mutex_);
    while (!closed_) {
      work(lock);
      const Index seen = rounds_;
      lock.unlock();
      const bool more = soon([&] { return rounds_ != seen || closed_; });
      lock.lock();
      if (!more) break;
    }
    --helpers_;
  }
  const Index threads_;
  std::fenv_t rounding_;
  std::mutex mutex_;
  std::condition_variable all_done_;
  const std::function<void(Index)>* task_ = nullptr;
  Index count_ = 0, next_ = 0, helpers_ = 0;
  std::exception_ptr error_;
  std::atomic<Index> running_{0}, rounds_{0};
  std::atomic<bool> closed_{false};
};

// A team for as long as this lives.
class Threads {
 public:
  // With 0, as many as TensorFlow would take.
  explicit Threads(Index threads) {
    static const Index automatic = default_threads();
    parallel_.threads = threads > 0 ? threads : automatic;
    team_ = std::make_shared<Team>(parallel_.threads);
    parallel_.run = [team = team_.get()](Index count,
                                         const std::function<void(Index)>& task) {
      team->run(count, task);
    };
  }
  ~Threads() { team_->close(); }
  operator const Parallel&() const { return parallel_; }

 private:
  std::shared_ptr<Team> team_;
  Parallel parallel_;
};

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_THREADS_H_
