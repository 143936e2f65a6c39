// What goes into a sequence of steps, what comes out, and what is kept in between. Plain
// types: the ops, the driver and the cells are compiled apart, at the same time.
#ifndef KERAS_RNN_ZOO_SEQUENCE_H_
#define KERAS_RNN_ZOO_SEQUENCE_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace keras_rnn_zoo {

using Index = std::ptrdiff_t;

// Runs task(0) ... task(count - 1), in any order, on as many threads as `work` (about the
// number of multiplications) is worth; returns when all are done.
struct Parallel {
  std::function<void(Index count, const std::function<void(Index)>& task)> run;
  Index threads = 1;

  Index worth(Index work) const { return std::min(threads, 1 + work / 1000000); }
  void operator()(Index work, Index count, const std::function<void(Index)>& task) const {
    if (worth(work) == 1 || count == 1) {
      for (Index i = 0; i < count; ++i) task(i);
    } else {
      run(count, task);
    }
  }
};

template <typename T>
struct Sequence {
  Index batch = 0, time = 0, features = 0, units = 0;
  bool go_backwards = false;
  bool zero_output = false;        // a masked step's output: zero, or the previous output
  const bool* mask = nullptr;      // (batch, time); null: every step counts
  const T* x = nullptr;            // (batch, time, features)
  const T* kernel = nullptr;       // (features, gates * units)
  const T* recurrent = nullptr;    // (units, gates * units)
  const T* bias = nullptr;         // (gates * units) or (2, gates * units); null: zeros
  const T* peepholes = nullptr;    // (peepholes, units)
  const T* dropout = nullptr;      // (batch, gates, units), multiplies h; null: ones
};

// Which steps are computed. Row b owns the slots first[b] ... first[b + 1] - 1.
struct Slots {
  std::vector<Index> first;

  Slots(Index batch, Index time, const bool* mask) : first(batch + 1, 0) {
    for (Index b = 0; b < batch; ++b) {
      const Index steps =
          mask ? std::count(mask + b * time, mask + (b + 1) * time, true) : time;
      first[b + 1] = first[b] + steps;
    }
  }
  Index total() const { return first.back(); }
  Index count(Index b) const { return first[b + 1] - first[b]; }
  // The slot of the k-th step that row b computes.
  Index at(Index b, Index k, bool go_backwards) const {
    return go_backwards ? first[b + 1] - 1 - k : first[b] + k;
  }

  // Rows for each thread, with equal numbers of steps: longest first, to the thread with
  // the least.
  std::vector<std::vector<Index>> share(Index threads) const {
    const Index batch = first.size() - 1;
    std::vector<Index> rows(batch);
    std::iota(rows.begin(), rows.end(), Index(0));
    std::stable_sort(rows.begin(), rows.end(),
                     [&](Index a, Index b) { return count(a) > count(b); });
    std::vector<std::vector<Index>> parts(std::max<Index>(1, std::min(threads, batch)));
    std::vector<Index> load(parts.size(), 0);
    for (const Index b : rows) {
      const Index least = std::min_element(load.begin(), load.end()) - load.begin();
      parts[least].push_back(b);
      load[least] += count(b) + 1;
    }
    return parts;
  }
};

// The numbers of a cell, which cells.h explains.
struct CellShape {
  int gates = 0, states = 0, slots = 0, peepholes = 0;
  bool reset_first = false;

  // States that training keeps, by slot. One more for r * h of reset_first.
  int kept() const { return states + reset_first; }
  // Blocks of recurrent_kernel that multiply h.
  int direct() const { return gates - reset_first; }
  // Rows of the bias: with two, one is of the recurrent part.
  int biases() const { return slots == gates ? 1 : 2; }
};

template <typename T>
struct Kept {
  T* gates = nullptr;   // (slots, cell's slots, units)
  T* states = nullptr;  // (cell's kept, slots, units): the states before the step
};

template <typename T>
struct Outputs {
  T* last = nullptr;              // (batch, units)
  T* all = nullptr;               // (batch, time, units), or null
  const T* initial[2] = {};       // (batch, units)
  T* final[2] = {};               // (batch, units)
};

template <typename T>
struct Gradients {
  const T* last = nullptr;        // (batch, units), dL/d of the outputs
  const T* all = nullptr;         // (batch, time, units), or null
  const T* final[2] = {};
  T* initial[2] = {};             // dL/d of the inputs
  T* x = nullptr;                 // null: not wanted
  T* kernel = nullptr;
  T* recurrent = nullptr;
  T* bias = nullptr;
  T* peepholes = nullptr;
};

// The numbers of the cell of this name; no gates if there is none. In cells.cc.
CellShape cell_shape(const std::string& cell);

// `cell` over the sequence. Without `kept.gates`, nothing is kept. In driver.cc.
template <typename T>
void forward(const std::string& cell, const Sequence<T>& in, const Parallel& parallel,
             const Kept<T>& kept, const Outputs<T>& out);

// The way back, with what `forward` kept.
template <typename T>
void backward(const std::string& cell, const Sequence<T>& in, const Parallel& parallel,
              const Kept<T>& kept, const Gradients<T>& grad);

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_SEQUENCE_H_
