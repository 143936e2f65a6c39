// How a writer chooses: the most likely token at each step, or the best of some beams.
// The same as `sample` and `beam_search` of keras_rnn_zoo/ops/decoding.py, for one source,
// which is the place to read: here a source stops where nothing can change for it any
// more, and does not wait for the others of its batch.
#ifndef KERAS_RNN_ZOO_CHOICE_H_
#define KERAS_RNN_ZOO_CHOICE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "writing.h"

namespace keras_rnn_zoo {

// The places of the `most` greatest of some values, the greatest first, and of equal ones
// the one that comes first.
template <typename F>
void greatest(Index count, Index most, const F& value, std::vector<Index>& places) {
  places.clear();
  for (Index i = 0; i < count; ++i) {
    const bool full = Index(places.size()) == most;
    if (full && !(value(i) > value(places.back()))) continue;
    if (full) places.pop_back();
    auto at = places.end();
    while (at != places.begin() && value(i) > value(*(at - 1))) --at;
    places.insert(at, i);
  }
}

// What is being written for one source. Row k is fed with token[k] and continues what row
// parent[k] was at the step before; it is computed only if it is alive.
template <typename T>
class Choice {
 public:
  Choice(const Rules& rules, Index source, Index steps)
      : token(rules.rows(), rules.start),
        parent(rules.rows(), 0),
        alive(rules.rows(), 0),
        rules_(rules),
        source_(source),
        steps_(steps) {}

  virtual ~Choice() = default;
  virtual bool goes_on(Index t) const = 0;
  // Step t, with the log-probabilities of the rows that are alive, and their attention.
  virtual void choose(Index t, const T* const* log_p, const T* const* attention) = 0;
  // Tokens (rows, length) and scores (rows), the best first.
  virtual void finish(int32_t* tokens, float* scores) = 0;

  std::vector<int> token;
  std::vector<Index> parent;
  std::vector<char> alive;
  Index source() const { return source_; }

 protected:
  const Rules& rules_;
  const Index source_, steps_;
};

template <typename T>
class Greedy : public Choice<T> {
 public:
  using Base = Choice<T>;
  using Base::alive, Base::token, Base::rules_, Base::source_;

  Greedy(const Rules& rules, Index source, Index steps)
      : Base(rules, source, steps), tokens_(rules.length, 0), values_(rules.tokens) {
    alive[0] = 1;
  }

  bool goes_on(Index t) const override { return t < rules_.length && alive[0]; }

  void choose(Index t, const T* const* log_p, const T* const*) override {
    rules_.apply(log_p[0], source_, t, token[0], values_.data());
    const Index best = std::max_element(values_.begin(), values_.end()) - values_.begin();
    const float gain = values_[best];
    score_ = std::max(score_ + gain, kImpossible);
    token[0] = gain <= kImpossible / 2 ? 0 : int(best);
    tokens_[t] = token[0];
    alive[0] = token[0] != 0 && token[0] != rules_.end;
  }

  void finish(int32_t* tokens, float* scores) override {
    const bool possible = score_ > kImpossible / 2;
    for (Index t = 0; t < rules_.length; ++t) tokens[t] = possible ? tokens_[t] : 0;
    *scores = possible ? score_ : -std::numeric_limits<float>::infinity();
  }

 private:
  std::vector<int32_t> tokens_;
  std::vector<float> values_;
  float score_ = 0;
};

template <typename T>
class Beams : public Choice<T> {
 public:
  using Base = Choice<T>;
  using Base::alive, Base::token, Base::parent, Base::rules_, Base::source_, Base::steps_;

  Beams(const Rules& rules, Index source, Index steps)
      : Base(rules, source, steps),
        beams_(rules.beams),
        size_(rules.beams / rules.groups),
        most_(rules.penalty(rules.length)),
        covers_(rules.coverage_penalty != 0),
        tokens_(beams_ * rules.length, 0),
        next_tokens_(tokens_),
        done_tokens_(tokens_),
        next_done_tokens_(tokens_),
        log_p_(beams_, kImpossible),
        next_log_p_(log_p_),
        done_(beams_, kImpossible),
        next_done_(done_),
        total_(beams_ * rules.tokens),
        seen_(size_ * rules.tokens),
        taken_(rules.tokens),
        coverage_(covers_ ? beams_ * steps : 0, 0),
        covered_(coverage_),
        ended_(size_) {
    for (Index k = 0; k < beams_; ++k) {
      parent[k] = k;
      if (k % size_ == 0) log_p_[k] = 0, alive[k] = 1;
    }
  }

  bool goes_on(Index t) const override {
    if (t >= rules_.length) return false;
    for (Index first = 0; first < beams_; first += size_) {
      const auto own = log_p_.begin() + first, done = done_.begin() + first;
      const float best = *std::max_element(own, own + size_);
      const float worst = *std::min_element(done, done + size_);
      if (best > kImpossible / 2 && best / most_ > worst) return true;
    }
    return false;
  }

  void choose(Index t, const T* const* log_p, const T* const* attention) override {
    const Index width = rules_.tokens;
    for (Index k = 0; k < beams_; ++k) {
      float* const row = total_.data() + k * width;
      if (!alive[k]) {
        std::fill_n(row, width, kImpossible);
        continue;
      }
      rules_.apply(log_p[k], source_, t, token[k], row);
      for (Index v = 0; v < width; ++v) row[v] = std::max(log_p_[k] + row[v], kImpossible);
      for (Index j = 0; covers_ && j < steps_; ++j)
        coverage_[k * steps_ + j] += float(attention[k][j]);
    }
    std::fill(taken_.begin(), taken_.end(), 0.0f);
    for (Index first = 0; first < beams_; first += size_) choose_in_group(t, first);
    tokens_.swap(next_tokens_);
    done_tokens_.swap(next_done_tokens_);
    log_p_.swap(next_log_p_);
    done_.swap(next_done_);
    coverage_.swap(covered_);
    for (Index k = 0; k < beams_; ++k) alive[k] = log_p_[k] > kImpossible / 2;
  }

  void finish(int32_t* tokens, float* scores) override {
    greatest(beams_, beams_, [&](Index k) { return done_[k]; }, places_);
    for (const Index k : places_) {
      const bool possible = done_[k] > kImpossible / 2;
      const int32_t* own = history(done_tokens_, k);
      for (Index t = 0; t < rules_.length; ++t) *tokens++ = possible ? own[t] : 0;
      *scores++ = possible ? done_[k] : -std::numeric_limits<float>::infinity();
    }
  }

 private:
  // One step of the beams from `first` on, which compete with each other.
  void choose_in_group(Index t, Index first) {
    const Index width = rules_.tokens, end = rules_.end, flat = size_ * width;
    const float* const here = total_.data() + first * width;
    std::copy_n(here, flat, seen_.data());
    for (Index k = 0; first > 0 && k < size_; ++k)
      for (Index v = 0; v < width; ++v)
        seen_[k * width + v] -= rules_.diversity * taken_[v];
    const auto seen = [&](Index i) { return seen_[i]; };
    greatest(flat, size_, seen, places_);
    const float threshold = seen_[places_.back()];
    // Those that end here, beside those that have ended before.
    Index count = 0;
    for (Index k = 0; k < size_; ++k) {
      const float last = here[k * width + end];
      const bool ends = seen_[k * width + end] >= threshold && last > kImpossible / 2;
      ended_[k] = ends ? final_score(last, t + 1, first + k) : kImpossible;
      count += ends;
    }
    const auto pool = [&](Index i) { return i < size_ ? done_[first + i] : ended_[i - size_]; };
    greatest(2 * size_, size_, pool, places_);
    for (Index k = 0; k < size_; ++k) {
      const Index i = places_[k];
      int32_t* const to = history(next_done_tokens_, first + k);
      if (i < size_) {
        std::copy_n(history(done_tokens_, first + i), rules_.length, to);
      } else {
        std::copy_n(history(tokens_, first + i - size_), t, to);
        to[t] = end;
        std::fill(to + t + 1, to + rules_.length, 0);
      }
      next_done_[first + k] = pool(i);
    }
    // Those that go on.
    for (Index k = 0; k < size_; ++k) seen_[k * width + end] = kImpossible;
    greatest(flat, size_, seen, places_);
    const bool others = first + size_ < beams_;
    for (Index k = 0; k < size_; ++k) {
      const Index from = places_[k] / width, chosen = places_[k] % width, to = first + k;
      const float kept = chosen == end ? kImpossible : here[places_[k]];
      const bool dead = kept <= kImpossible / 2;
      parent[to] = first + from;
      token[to] = dead ? 0 : int(chosen);
      next_log_p_[to] = dead ? kImpossible : kept;
      std::copy_n(history(tokens_, first + from), t, history(next_tokens_, to));
      history(next_tokens_, to)[t] = token[to];
      if (covers_)
        std::copy_n(coverage_.data() + (first + from) * steps_, steps_,
                    covered_.data() + to * steps_);
      if (others && !dead) taken_[chosen] += 1;
    }
    if (others) taken_[end] += count;
  }

  float final_score(float log_p, Index count, Index k) const {
    float score = log_p / rules_.penalty(count);
    if (!covers_) return score;
    float covered = 0;
    for (Index j = 0; j < steps_; ++j)
      covered += std::log(std::min(std::max(coverage_[k * steps_ + j], 1e-10f), 1.0f));
    return score + rules_.coverage_penalty * covered;
  }
  int32_t* history(std::vector<int32_t>& tokens, Index k) {
    return tokens.data() + k * rules_.length;
  }

  const Index beams_, size_;
  const float most_;  // what the greatest length divides by
  const bool covers_;
  std::vector<int32_t> tokens_, next_tokens_, done_tokens_, next_done_tokens_;
  std::vector<float> log_p_, next_log_p_, done_, next_done_, total_, seen_, taken_;
  std::vector<float> coverage_, covered_, ended_;
  std::vector<Index> places_;
};

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_CHOICE_H_
