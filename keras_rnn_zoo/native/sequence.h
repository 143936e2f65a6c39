// The driver: a cell of cells.h over time, rows and threads, forward and backward.
//
// Each thread carries its rows of the batch through the whole sequence, so there is no
// synchronisation between steps. A step of a row that is masked is not computed at all:
// the steps that are computed have numbers, the slots, row after row in the order of
// time, and whatever training keeps is stored by slot. Without a mask, slot = row * time
// + t, so the sequences themselves are a (slots, features) matrix, and
//
//   dL/dW = X' D,  dL/dU = H' D,  dL/dX = D W'
//
// are single large products at the end, D the gradients of the pre-activations.
#ifndef KERAS_RNN_ZOO_SEQUENCE_H_
#define KERAS_RNN_ZOO_SEQUENCE_H_

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "cells.h"

namespace keras_rnn_zoo {

// Runs task(0) ... task(count - 1), in any order, on as many threads as `work` (about the
// number of multiplications) is worth; returns when all are done.
struct Parallel {
  std::function<void(Index count, const std::function<void(Index)>& task)> run;
  Index threads = 1;

  Index worth(Index work) const { return std::min(threads, 1 + work / 200000); }
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

// What training keeps, by slot. One more state for r * h of kResetFirst.
template <typename Cell>
constexpr int kKept = Cell::kStates + Cell::kResetFirst;

// Blocks of recurrent_kernel that multiply h.
template <typename Cell>
constexpr int kDirect = Cell::kGates - Cell::kResetFirst;

template <typename T>
struct Kept {
  T* gates = nullptr;   // (slots, kSlots, units)
  T* states = nullptr;  // (kKept, slots, units): the states before the step
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
  T* kernel = nullptr;
  T* recurrent = nullptr;
  T* bias = nullptr;
  T* peepholes = nullptr;
};

// One row at one step: where everything is.
template <typename T>
struct Line {
  const T* x;
  const T* prev[2];
  T* next[2];        // forward: the new states; backward: dL/d(states), in and out
  T* slots;          // gates
  T* reset;          // r * h
  T* out;            // forward: the output, or null
  const T* later;    // backward: pre-activation gradients of the row's next step
  const T* dout[2];  // backward: gradients of the output, or null
  const T* dropout;
};

template <typename Cell, typename T>
class Driver {
 public:
  using V = Vector<T>;
  static constexpr int kSlots = Cell::kSlots, kGates = Cell::kGates;
  static constexpr int kStates = Cell::kStates, kPeepholes = Cell::kPeepholes;

  Driver(const Sequence<T>& sequence, const Parallel& parallel)
      : in_(sequence),
        parallel_(parallel),
        slots_(sequence.batch, sequence.time, sequence.mask) {}

  const Slots& slots() const { return slots_; }

  void forward(const Kept<T>& kept, const Outputs<T>& out) {
    const int vectors = vectors_per_gate<T>(in_.units, kMaxVectors / kGates);
    const Index columns = kGates * in_.units;
    input_.pack(in_.kernel, in_.features, in_.units, kGates, vectors, columns, 1, parallel_);
    direct_.pack(in_.recurrent, in_.units, in_.units, kDirect<Cell>, vectors, columns, 1,
                 parallel_);
    if constexpr (Cell::kResetFirst) {
      reset_.pack(in_.recurrent + kDirect<Cell> * in_.units, in_.units, in_.units, 1,
                  vectors_per_gate<T>(in_.units, kMaxVectors), columns, 1, parallel_);
    }
    pack_bias(vectors);
    const auto parts = slots_.share(parallel_.worth(work()));
    parallel_(work(), parts.size(), [&](Index p) { forward_rows(parts[p], kept, out); });
  }

  // Turns kept.gates into the gradients of the pre-activations, in place.
  void backward(const Kept<T>& kept, const Gradients<T>& grad) {
    const int vectors = vectors_per_gate<T>(in_.units, kMaxVectors);
    const Index columns = kGates * in_.units;
    direct_.pack(in_.recurrent, kDirect<Cell> * in_.units, in_.units, 1, vectors, 1, columns,
                 parallel_);
    if constexpr (Cell::kResetFirst) {
      reset_.pack(in_.recurrent + kDirect<Cell> * in_.units, in_.units, in_.units, 1, vectors,
                  1, columns, parallel_);
    }
    const auto parts = slots_.share(parallel_.worth(work()));
    const Index sums = (kSlots + kPeepholes) * in_.units;
    std::vector<Scratch<T>> part_sums(parts.size());
    parallel_(work(), parts.size(), [&](Index p) {
      part_sums[p].resize(sums);
      part_sums[p].zero();
      backward_rows(parts[p], kept, grad, part_sums[p].data());
    });
    for (size_t p = 1; p < parts.size(); ++p) {
      for (Index i = 0; i < sums; ++i) part_sums[0].data()[i] += part_sums[p].data()[i];
    }
    bias_gradients(part_sums[0].data(), grad);
    weight_gradients(kept, grad);
  }

  // dL/dx (batch, time, features) from what `backward` left in kept.gates.
  void input_gradients(const T* gates, T* dx) {
    const Index u = in_.units, features = in_.features;
    const int vectors = vectors_per_gate<T>(features, kMaxVectors);
    input_.pack(in_.kernel, kGates * u, features, 1, vectors, 1, kGates * u, parallel_);
    const auto parts = slots_.share(parallel_.worth(slots_.total() * features * kGates * u));
    parallel_(work(), parts.size(), [&](Index part) {
      // Rows of D and the rows of dx that they give; a block of them stays in the cache.
      std::vector<const T*> from;
      std::vector<T*> to;
      for (const Index b : parts[part]) {
        Index slot = slots_.first[b];
        for (Index t = 0; t < in_.time; ++t) {
          T* row = dx + (b * in_.time + t) * features;
          if (active(b, t)) {
            from.push_back(gates + slot++ * kSlots * u);
            to.push_back(row);
          } else {
            std::fill_n(row, features, T(0));
          }
        }
      }
      const Index total = from.size(), step = 48;
      for (Index first = 0; first < total; first += step) {
        const Index rows = std::min(step, total - first);
        input_gradient_rows(rows, from.data() + first, to.data() + first);
      }
    });
  }

 private:

  Index work() const {
    return slots_.total() * (in_.features + in_.units) * kGates * in_.units;
  }
  // The bias in the order of a forward tile.
  void pack_bias(int vectors) {
    const Index u = in_.units, span = vectors * V::size;
    bias_.resize(input_.count() * kSlots * span);
    bias_.zero();
    if (!in_.bias) return;
    for (int slot = 0; slot < kSlots; ++slot) {
      for (Index unit = 0; unit < u; ++unit) {
        T& value = bias_.data()[(unit / span * kSlots + slot) * span + unit % span];
        if constexpr (kSlots == kGates) {
          value = in_.bias[slot * u + unit];
        } else {  // two biases: of the input, of the recurrent part
          if (slot != kGates - 1) value += in_.bias[std::min(slot, kGates - 1) * u + unit];
          if (slot < kGates) value += in_.bias[(kGates + slot) * u + unit];
        }
      }
    }
  }

  Index time_of(Index step) const { return in_.go_backwards ? in_.time - 1 - step : step; }
  bool active(Index b, Index t) const { return !in_.mask || in_.mask[b * in_.time + t]; }
  const T* dropout_of(Index b) const {
    return in_.dropout ? in_.dropout + b * kGates * in_.units : nullptr;
  }

  // ------------------------------------------------------------------- forward
  void forward_rows(const std::vector<Index>& rows, const Kept<T>& kept,
                    const Outputs<T>& out) const {
    const Index u = in_.units, total = slots_.total(), n = rows.size();
    const bool keep = kept.gates != nullptr;
    // Without tape: two copies of the states in turn, one set of gates for each row.
    Scratch<T> turns(keep ? 0 : n * 2 * kStates * u);
    Scratch<T> work(keep || !Cell::kResetFirst ? 0 : n * (kSlots + 1) * u);
    Scratch<T> dropped(in_.dropout ? n * kGates * u : 0);
    // State s of the i-th row after its first k steps.
    const auto state = [&](Index i, Index k, int s) -> T* {
      const Index b = rows[i];
      if (k == slots_.count(b)) return out.final[s] + b * u;
      if (keep) return kept.states + (s * total + slots_.at(b, k, in_.go_backwards)) * u;
      return turns.data() + ((i * 2 + (k & 1)) * kStates + s) * u;
    };
    std::vector<Index> done(n, 0);
    for (Index i = 0; i < n; ++i) {
      for (int s = 0; s < kStates; ++s)
        std::copy_n(out.initial[s] + rows[i] * u, u, state(i, 0, s));
    }
    std::vector<Line<T>> lines;
    lines.reserve(n);
    for (Index step = 0; step < in_.time; ++step) {
      const Index t = time_of(step);
      lines.clear();
      for (Index i = 0; i < n; ++i) {
        const Index b = rows[i];
        T* to = out.all ? out.all + (b * in_.time + step) * u : nullptr;
        if (!active(b, t)) {
          if (to) write_masked(state(i, done[i], 0), done[i], to);
          continue;
        }
        const Index k = done[i]++, slot = slots_.at(b, k, in_.go_backwards);
        Line<T> line{};
        line.x = in_.x + (b * in_.time + t) * in_.features;
        for (int s = 0; s < kStates; ++s) {
          line.prev[s] = state(i, k, s);
          line.next[s] = state(i, k + 1, s);
        }
        line.out = to;
        if (keep) {
          line.slots = kept.gates + slot * kSlots * u;
          line.reset = kept.states + (kStates * total + slot) * u;
        } else if (Cell::kResetFirst) {
          line.slots = work.data() + i * (kSlots + 1) * u;
          line.reset = line.slots + kSlots * u;
        }
        if (in_.dropout) {  // h * mask, for each gate
          T* masked = dropped.data() + i * kGates * u;
          line.dropout = masked;
          for (int gate = 0; gate < kGates; ++gate)
            for (Index j = 0; j < u; ++j)
              masked[gate * u + j] = line.prev[0][j] * dropout_of(b)[gate * u + j];
        }
        lines.push_back(line);
      }
      forward_step(lines);
    }
    for (Index i = 0; i < n; ++i) {
      const Index b = rows[i];
      if (in_.time > 0 && active(b, time_of(in_.time - 1))) {
        std::copy_n(out.final[0] + b * u, u, out.last + b * u);
      } else {
        write_masked(out.final[0] + b * u, done[i], out.last + b * u);
      }
    }
  }


  // The output of a masked step, h after `steps` steps.
  void write_masked(const T* h, Index steps, T* to) const {
    if (in_.zero_output || steps == 0) {
      std::fill_n(to, in_.units, T(0));
    } else {
      std::copy_n(h, in_.units, to);
    }
  }

  // One step of all lines: for each panel of units and each block of rows, the products
  // into a tile (rows, slots, vectors) that stays in the cache, then the cell.
  void forward_step(const std::vector<Line<T>>& lines) const {
    constexpr int kLast = kSlots == kGates ? 0 : 1;  // where the last input block goes
    const Index u = in_.units, n = lines.size();
    const Index width = input_.width(), span = width / kGates, row = span * kSlots;
    const int vectors = span / V::size, block = rows_for(width / V::size);
    alignas(64) T tile[kMaxRows * (kMaxVectors + 1) * V::size];
    const T* a[kMaxRows];
    for (Index p = 0; p < input_.count(); ++p) {
      const T* bias = bias_.data() + p * row;
      for (Index i = 0; i < n; i += block) {
        const Line<T>* line = lines.data() + i;
        const int rows = std::min<Index>(block, n - i);
        for (int r = 0; r < rows; ++r) {
          std::copy_n(bias, row, tile + r * row);
          a[r] = line[r].x;
        }
        const int all = kGates * vectors;
        product(rows, all, a, 1, input_.panel(p), width, in_.features, tile, row,
                all - 1 + kLast);
        if (in_.dropout) {
          for (int gate = 0; gate < kDirect<Cell>; ++gate) {
            for (int r = 0; r < rows; ++r) a[r] = line[r].dropout + gate * u;
            product(rows, vectors, a, 1, direct_.panel(p) + gate * span, direct_.width(), u,
                    tile + gate * span, row, Index(vectors - 1));
          }
        } else {
          for (int r = 0; r < rows; ++r) a[r] = line[r].prev[0];
          const int direct = kDirect<Cell> * vectors;
          product(rows, direct, a, 1, direct_.panel(p), direct_.width(), u, tile, row,
                  Index(direct - 1));
        }
        for (int r = 0; r < rows; ++r) {
          for (int v = 0; v < vectors; ++v) {
            const Index unit = p * span + v * V::size;
            if (unit >= u) break;
            V s[kSlots];
            for (int slot = 0; slot < kSlots; ++slot)
              s[slot] = V::load(tile + r * row + slot * span + v * V::size);
            if constexpr (Cell::kResetFirst) {
              const Index count = u - unit;
              const T* h = line[r].prev[0];
              if (in_.dropout) h = line[r].dropout + kDirect<Cell> * u;
              Cell::reset(s, V::load(h + unit, count)).store(line[r].reset + unit, count);
              store_slots(s, line[r].slots, unit);
            } else {
              forward_cell(s, line[r], unit);
            }
          }
        }
      }
    }
    if constexpr (Cell::kResetFirst) {
      const Index reset_span = reset_.width();
      const int wide = reset_span / V::size, reset_block = rows_for(wide);
      for (Index p = 0; p < reset_.count(); ++p) {
        for (Index i = 0; i < n; i += reset_block) {
          const Line<T>* line = lines.data() + i;
          const int rows = std::min<Index>(reset_block, n - i);
          std::fill_n(tile, rows * reset_span, T(0));
          for (int r = 0; r < rows; ++r) a[r] = line[r].reset;
          product(rows, wide, a, 1, reset_.panel(p), reset_span, u, tile, reset_span,
                  Index(wide - 1));
          for (int r = 0; r < rows; ++r) {
            for (int v = 0; v < wide; ++v) {
              const Index unit = p * reset_span + v * V::size;
              if (unit >= u) break;
              V s[kSlots];
              load_slots(s, line[r].slots, unit);
              s[kGates - 1] =
                  s[kGates - 1] + V::load(tile + r * reset_span + v * V::size);
              forward_cell(s, line[r], unit);
            }
          }
        }
      }
    }
  }

  void forward_cell(V* s, const Line<T>& line, Index unit) const {
    const Index count = in_.units - unit;
    V prev[kStates], next[kStates], p[kPeepholes + 1];
    for (int i = 0; i < kStates; ++i) prev[i] = V::load(line.prev[i] + unit, count);
    for (int i = 0; i < kPeepholes; ++i)
      p[i] = V::load(in_.peepholes + i * in_.units + unit, count);
    Cell::forward(s, prev, next, p);
    for (int i = 0; i < kStates; ++i) next[i].store(line.next[i] + unit, count);
    if (line.out) next[0].store(line.out + unit, count);
    if (line.slots) store_slots(s, line.slots, unit);
  }

  void load_slots(V* s, const T* slots, Index unit) const {
    for (int i = 0; i < kSlots; ++i)
      s[i] = V::load(slots + i * in_.units + unit, in_.units - unit);
  }
  void store_slots(const V* s, T* slots, Index unit) const {
    for (int i = 0; i < kSlots; ++i)
      s[i].store(slots + i * in_.units + unit, in_.units - unit);
  }

  // ------------------------------------------------------------------ backward
  void backward_rows(const std::vector<Index>& rows, const Kept<T>& kept,
                     const Gradients<T>& grad, T* sums) const {
    const Index u = in_.units, total = slots_.total(), n = rows.size();
    Scratch<T> zeros(kSlots * u);
    zeros.zero();
    // Gradients of masked steps' outputs, which belong to the last step before them.
    Scratch<T> waiting(n * u);
    std::vector<char> waits(n, 0);
    const auto wait = [&](Index i, const T* d) {
      T* to = waiting.data() + i * u;
      for (Index j = 0; j < u; ++j) to[j] = (waits[i] ? to[j] : T(0)) + d[j];
      waits[i] = 1;
    };
    std::vector<Index> done(n, 0);
    for (Index i = 0; i < n; ++i) {
      const Index b = rows[i];
      for (int s = 0; s < kStates; ++s)
        std::copy_n(grad.final[s] + b * u, u, grad.initial[s] + b * u);
      const bool ends = in_.time > 0 && active(b, time_of(in_.time - 1));
      if (ends || !in_.zero_output) wait(i, grad.last + b * u);
    }
    const auto line_of = [&](Index i) {
      const Index b = rows[i], k = done[i];
      Line<T> line{};
      line.later = k == 0 ? zeros.data()
                          : kept.gates + slots_.at(b, slots_.count(b) - k,
                                                   in_.go_backwards) * kSlots * u;
      for (int s = 0; s < kStates; ++s) line.next[s] = grad.initial[s] + b * u;
      line.dropout = dropout_of(b);
      return line;
    };
    std::vector<Line<T>> lines;
    lines.reserve(n);
    for (Index step = in_.time - 1; step >= 0; --step) {
      const Index t = time_of(step);
      lines.clear();
      for (Index i = 0; i < n; ++i) {
        const Index b = rows[i];
        const T* d = grad.all ? grad.all + (b * in_.time + step) * u : nullptr;
        if (!active(b, t)) {
          if (d && !in_.zero_output) wait(i, d);
          continue;
        }
        Line<T> line = line_of(i);
        const Index k = slots_.count(b) - 1 - done[i]++;
        const Index slot = slots_.at(b, k, in_.go_backwards);
        line.slots = kept.gates + slot * kSlots * u;
        line.reset = kept.states + (kStates * total + slot) * u;
        for (int s = 0; s < kStates; ++s)
          line.prev[s] = kept.states + (s * total + slot) * u;
        line.dout[0] = d;
        line.dout[1] = waits[i] ? waiting.data() + i * u : nullptr;
        waits[i] = 0;
        lines.push_back(line);
      }
      backward_step(lines, sums);
    }
    // What reaches the initial state through the first step's products.
    lines.clear();
    for (Index i = 0; i < n; ++i) {
      if (done[i] > 0) lines.push_back(line_of(i));
    }
    backward_product(lines, [&](const Line<T>& line, Index unit, V dh) {
      const Index count = u - unit;
      (dh + V::load(line.next[0] + unit, count)).store(line.next[0] + unit, count);
    });
  }

  // finish(line, unit, dh) with dh = dL/dh through the products of the row's later step.
  template <typename Finish>
  void backward_product(const std::vector<Line<T>>& lines, const Finish& finish) const {
    const Index u = in_.units, n = lines.size(), span = direct_.width();
    const int vectors = span / V::size, block = rows_for(vectors);
    alignas(64) T tile[kMaxRows * kMaxVectors * V::size];
    alignas(64) T gate_tile[kMaxRows * kMaxVectors * V::size];
    const T* a[kMaxRows];
    for (Index p = 0; p < direct_.count(); ++p) {
      for (Index i = 0; i < n; i += block) {
        const Line<T>* line = lines.data() + i;
        const int rows = std::min<Index>(block, n - i);
        std::fill_n(tile, rows * span, T(0));
        if (!in_.dropout) {
          for (int r = 0; r < rows; ++r) a[r] = line[r].later;
          product(rows, vectors, a, 1, direct_.panel(p), span, kDirect<Cell> * u, tile, span,
                  Index(vectors - 1));
        }
        for (int gate = 0; in_.dropout && gate < kDirect<Cell>; ++gate) {
          std::fill_n(gate_tile, rows * span, T(0));
          for (int r = 0; r < rows; ++r) a[r] = line[r].later + gate * u;
          product(rows, vectors, a, 1, direct_.panel(p) + gate * u * span, span, u, gate_tile,
                  span, Index(vectors - 1));
          for (int r = 0; r < rows; ++r) {
            const T* mask = line[r].dropout + gate * u + p * span;
            for (Index j = 0; j < std::min(span, u - p * span); ++j)
              tile[r * span + j] += gate_tile[r * span + j] * mask[j];
          }
        }
        for (int r = 0; r < rows; ++r) {
          for (int v = 0; v < vectors; ++v) {
            const Index unit = p * span + v * V::size;
            if (unit >= u) break;
            finish(line[r], unit, V::load(tile + r * span + v * V::size));
          }
        }
      }
    }
  }

  void backward_step(const std::vector<Line<T>>& lines, T* sums) const {
    const Index u = in_.units, n = lines.size();
    backward_product(lines, [&](const Line<T>& line, Index unit, V dh) {
      const Index count = u - unit;
      V s[kSlots], prev[kStates], d[kStates], p[kPeepholes + 1], dp[kPeepholes + 1];
      load_slots(s, line.slots, unit);
      for (int i = 0; i < kStates; ++i) {
        prev[i] = V::load(line.prev[i] + unit, count);
        d[i] = V::load(line.next[i] + unit, count);
      }
      d[0] = d[0] + dh;
      for (const T* dout : line.dout)
        if (dout) d[0] = d[0] + V::load(dout + unit, count);
      for (int i = 0; i < kPeepholes; ++i)
        p[i] = V::load(in_.peepholes + i * u + unit, count);
      Cell::backward(s, prev, d, p, dp);
      store_slots(s, line.slots, unit);
      for (int i = 0; i < kStates; ++i) d[i].store(line.next[i] + unit, count);
      if constexpr (!Cell::kResetFirst) add_slots(s, sums, unit);
      for (int i = 0; i < kPeepholes; ++i) add(dp[i], sums + (kSlots + i) * u, unit);
    });
    if constexpr (Cell::kResetFirst) {
      const Index span = reset_.width(), last = kGates - 1;
      const int vectors = span / V::size, block = rows_for(vectors);
      alignas(64) T tile[kMaxRows * kMaxVectors * V::size];
      const T* a[kMaxRows];
      for (Index p = 0; p < reset_.count(); ++p) {
        for (Index i = 0; i < n; i += block) {
          const Line<T>* line = lines.data() + i;
          const int rows = std::min<Index>(block, n - i);
          std::fill_n(tile, rows * span, T(0));
          for (int r = 0; r < rows; ++r) a[r] = line[r].slots + last * u;
          product(rows, vectors, a, 1, reset_.panel(p), span, u, tile, span,
                  Index(vectors - 1));
          for (int r = 0; r < rows; ++r) {
            for (int v = 0; v < vectors; ++v) {
              const Index unit = p * span + v * V::size, count = u - unit;
              if (count <= 0) break;
              const V mask = in_.dropout
                                 ? V::load(line[r].dropout + last * u + unit, count)
                                 : V::fill(T(1));
              const V h = V::load(line[r].prev[0] + unit, count) * mask;
              V s[kSlots];
              load_slots(s, line[r].slots, unit);
              const V dh = Cell::reset_backward(
                  s, h, V::load(tile + r * span + v * V::size));
              store_slots(s, line[r].slots, unit);
              add_slots(s, sums, unit);
              add(dh * mask, line[r].next[0], unit);
            }
          }
        }
      }
    }
  }

  void add(V value, T* to, Index unit) const {
    const Index count = in_.units - unit;
    (V::load(to + unit, count) + value).store(to + unit, count);
  }
  void add_slots(const V* s, T* sums, Index unit) const {
    for (int i = 0; i < kSlots; ++i) add(s[i], sums + i * in_.units, unit);
  }

  void bias_gradients(const T* sums, const Gradients<T>& grad) const {
    const Index u = in_.units;
    std::copy_n(sums + kSlots * u, kPeepholes * u, grad.peepholes);
    if (!grad.bias) return;
    std::copy_n(sums, kGates * u, grad.bias);
    if constexpr (kSlots != kGates) {
      std::copy_n(sums, kGates * u, grad.bias + kGates * u);
      std::copy_n(sums + (kSlots - 1) * u, u, grad.bias + (kGates - 1) * u);
    }
  }

  void input_gradient_rows(Index total, const T* const* from, T* const* to) const {
    const Index u = in_.units, features = in_.features, span = input_.width();
    const int vectors = span / V::size, block = rows_for(vectors);
    alignas(64) T tile[kMaxRows * kMaxVectors * V::size];
    for (Index p = 0; p < input_.count(); ++p) {
      for (Index i = 0; i < total; i += block) {
        const int rows = std::min<Index>(block, total - i);
        std::fill_n(tile, rows * span, T(0));
        const T* panel = input_.panel(p);
        if constexpr (kSlots == kGates) {
          product(rows, vectors, from + i, 1, panel, span, kGates * u, tile, span,
                  Index(vectors - 1));
        } else {
          const T* last[kMaxRows];
          for (int r = 0; r < rows; ++r) last[r] = from[i + r] + (kSlots - 1) * u;
          product(rows, vectors, from + i, 1, panel, span, (kGates - 1) * u, tile, span,
                  Index(vectors - 1));
          product(rows, vectors, last, 1, panel + (kGates - 1) * u * span, span, u, tile,
                  span, Index(vectors - 1));
        }
        const Index used = std::min(span, features - p * span);
        for (int r = 0; r < rows; ++r)
          std::copy_n(tile + r * span, used, to[i + r] + p * span);
      }
    }
  }

  // to (depth, gates * units)[:, gate : gate + count] += left' D[:, slot : slot + count],
  // left (slots, depth). `to` starts as zeros. For `kBlock` slots at a time, left and a
  // panel of D are copied to where they stay in the cache.
  void weight_product(const T* left, Index depth, const T* gates, T* to, int gate, int count,
                      int slot) const {
    constexpr Index kBlock = 512, kSpan = kMaxVectors * V::size, kBlockRows = rows_for(4);
    const Index u = in_.units, total = slots_.total(), columns = count * u;
    const Index work = total * depth * columns;
    const Index panels = (columns + kSpan - 1) / kSpan;
    const Index across = std::min(panels, parallel_.worth(work));
    const Index down = std::max<Index>(
        1, std::min(parallel_.worth(work) / across, depth / (2 * kBlockRows)));
    to += gate * u;
    gates += slot * u;
    parallel_(work, across * down, [&](Index task) {
      const Index first_panel = panels * (task % across) / across;
      const Index last_panel = panels * (task % across + 1) / across;
      const Index first = depth * (task / across) / down;
      const Index last = depth * (task / across + 1) / down;
      Scratch<T> panels_of(kBlock * kSpan * (last_panel - first_panel));
      Scratch<T> rows_of(kBlock * (last - first + kBlockRows));
      alignas(64) T tile[kMaxRows * kSpan];
      const T* a[kMaxRows];
      for (Index begin = 0; begin < total; begin += kBlock) {
        const Index steps = std::min(kBlock, total - begin);
        for (Index i = first; i < last; i += kBlockRows) {
          const Index rows = std::min(kBlockRows, last - i);
          const T* from = left + begin * depth + i;
          T* line = rows_of.data() + (i - first) * kBlock;
          for (Index k = 0; k < steps; ++k, from += depth, line += kBlockRows) {
            if (rows == kBlockRows) {
              std::memcpy(line, from, kBlockRows * sizeof(T));
            } else {
              std::copy_n(from, rows, line);
            }
          }
        }
        for (Index k = 0; k < steps; ++k) {
          const T* from = gates + (begin + k) * kSlots * u;
          T* line = panels_of.data() + k * kSpan;
          for (Index p = first_panel; p < last_panel; ++p, line += kBlock * kSpan) {
            const Index used = std::min(kSpan, columns - p * kSpan);
            if (used == kSpan) {
              std::memcpy(line, from + p * kSpan, kSpan * sizeof(T));
            } else {
              std::copy_n(from + p * kSpan, used, line);
              std::fill(line + used, line + kSpan, T(0));
            }
          }
        }
        for (Index p = first_panel; p < last_panel; ++p) {
          const Index used = std::min(kSpan, columns - p * kSpan);
          const T* panel = panels_of.data() + (p - first_panel) * kBlock * kSpan;
          for (Index i = first; i < last; i += kBlockRows) {
            const int rows = std::min(kBlockRows, last - i);
            std::fill_n(tile, rows * kSpan, T(0));
            const T* packed = rows_of.data() + (i - first) * kBlock;
            for (int r = 0; r < rows; ++r) a[r] = packed + r;
            product(rows, kMaxVectors, a, kBlockRows, panel, kSpan, steps, tile, kSpan,
                    Index(kMaxVectors - 1));
            for (int r = 0; r < rows; ++r) {
              T* line = to + (i + r) * kGates * u + p * kSpan;
              for (Index j = 0; j < used; ++j) line[j] += tile[r * kSpan + j];
            }
          }
        }
      }
    });
  }

  void weight_gradients(const Kept<T>& kept, const Gradients<T>& grad) const {
    const Index u = in_.units, total = slots_.total();
    const T* x = in_.x;
    Scratch<T> compact;
    if (in_.mask) {
      compact.resize(total * in_.features);
      T* to = compact.data();
      for (Index i = 0; i < in_.batch * in_.time; ++i) {
        if (!in_.mask[i]) continue;
        std::copy_n(in_.x + i * in_.features, in_.features, to);
        to += in_.features;
      }
      x = compact.data();
    }
    if constexpr (kSlots == kGates) {
      weight_product(x, in_.features, kept.gates, grad.kernel, 0, kGates, 0);
    } else {
      weight_product(x, in_.features, kept.gates, grad.kernel, 0, kGates - 1, 0);
      weight_product(x, in_.features, kept.gates, grad.kernel, kGates - 1, 1, kSlots - 1);
    }
    if (in_.dropout) {
      Scratch<T> masked(total * u);
      for (int gate = 0; gate < kDirect<Cell>; ++gate) {
        parallel_(total * u, in_.batch, [&](Index b) {
          const T* mask = dropout_of(b) + gate * u;
          for (Index slot = slots_.first[b]; slot < slots_.first[b + 1]; ++slot)
            for (Index j = 0; j < u; ++j)
              masked.data()[slot * u + j] = kept.states[slot * u + j] * mask[j];
        });
        weight_product(masked.data(), u, kept.gates, grad.recurrent, gate, 1, gate);
      }
    } else {
      weight_product(kept.states, u, kept.gates, grad.recurrent, 0, kDirect<Cell>, 0);
    }
    if constexpr (Cell::kResetFirst) {
      weight_product(kept.states + kStates * total * u, u, kept.gates, grad.recurrent,
                     kGates - 1, 1, kGates - 1);
    }
  }

  const Sequence<T> in_;
  const Parallel& parallel_;
  const Slots slots_;
  Panels<T> input_, direct_, reset_;
  Scratch<T> bias_;
};

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_SEQUENCE_H_
