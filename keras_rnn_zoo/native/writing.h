// What a writer is given: weights, states, sources and rules.
#ifndef KERAS_RNN_ZOO_WRITING_H_
#define KERAS_RNN_ZOO_WRITING_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "sequence.h"

namespace keras_rnn_zoo {

// What stands for a log-probability of minus infinity where sums must stay finite.
constexpr float kImpossible = -1e9f;

// What may be written, and how it is chosen.
struct Rules {
  Index tokens = 0, length = 0, least = 0;  // least: tokens before the end
  int start = 0, end = 0;
  const bool* allowed = nullptr;      // (allowed_sources, allowed_steps, tokens), or null
  Index allowed_sources = 1, allowed_steps = 1;
  const bool* transitions = nullptr;  // (tokens, tokens), or null
  Index beams = 0, groups = 1;        // no beams: the most likely token
  float diversity = 0, length_penalty = 0, coverage_penalty = 0;

  Index rows() const { return std::max<Index>(1, beams); }

  // to = the log-probabilities, kImpossible for what may not be.
  template <typename T>
  void apply(const T* log_p, Index source, Index t, int previous, float* to) const {
    const bool* here = nullptr;
    if (allowed) {
      const Index own = allowed_sources == 1 ? 0 : source;
      here = allowed + (own * allowed_steps + std::min(t, allowed_steps - 1)) * tokens;
    }
    const bool* follows = transitions ? transitions + previous * tokens : nullptr;
    for (Index v = 0; v < tokens; ++v) {
      bool may = v != 0 && v != start && (!here || here[v]) && (!follows || follows[v]);
      may = may && (v == end ? t >= least : t < length - 1);
      const float value = float(log_p[v]);
      to[v] = !may || value < kImpossible ? kImpossible : value;
    }
  }
  float penalty(Index count) const {
    return std::pow((5.0f + float(count)) / 6.0f, length_penalty);
  }
};

template <typename T>
struct WritingLayer {
  const T* kernel = nullptr;     // (features, gates * units)
  const T* recurrent = nullptr;  // (units, gates * units)
  const T* bias = nullptr;       // as of Sequence; null: zeros
  const T* peepholes = nullptr;  // (peepholes, units)
  const T* initial[2] = {};      // (sources, units)
};

// What is given to a writer. Without attention, memory is null.
template <typename T>
struct Writing {
  Index sources = 0, steps = 0, features = 0;  // of the memory
  Index embedding = 0, units = 0, width = 0;   // width: of a, what the output layer reads
  const T* embeddings = nullptr;               // (tokens, embedding)
  const T* output = nullptr;                   // (width, tokens)
  const T* output_bias = nullptr;              // (tokens)
  const T* memory = nullptr;                   // (sources, steps, features)
  const bool* mask = nullptr;                  // (sources, steps)
  Index keys = 0;                              // width of the keys
  const T* memory_kernel = nullptr;            // (features, keys); null: keys are the memory
  const T* query_kernel = nullptr;             // (units, keys); null: products, else
                                               // v · tanh(q W + k_j + b)
  const T* query_bias = nullptr;               // (keys), b
  const T* score_kernel = nullptr;             // (keys), v
  T divisor = 1;                               // of products
  const T* combine = nullptr;                  // (units + features, width)
  bool query_before = false, input_feeding = false;
  std::vector<WritingLayer<T>> layers;
  Rules rules;
};

// In writer.cc.
template <typename T>
void write(const std::string& cell, const Writing<T>& in, const Parallel& parallel,
           int32_t* tokens, float* scores);

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_WRITING_H_
