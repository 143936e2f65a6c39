// The driver: a cell of block.h over time, rows and threads, forward and backward.
//
// Each thread carries its rows of the batch through the whole sequence, so there is no
// synchronisation between steps. A step of a row that is masked is not computed at all:
// the steps that are computed have numbers, the slots, row after row in the order of
// time, and whatever training keeps is stored by slot.
//
// On the way back, a thread gathers the gradients D of the pre-activations of some steps
// and, while they are in its cache, adds what they give to its own sums of
//
//   dL/dW = X' D,  dL/dU = H' D,  dL/db = 1' D,  and writes  dL/dX = D W'
//
// so that D is never in memory as a whole. The threads' sums are added at the end.
#ifndef KERAS_RNN_ZOO_DRIVER_H_
#define KERAS_RNN_ZOO_DRIVER_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "block.h"

namespace keras_rnn_zoo {

template <typename T>
class Driver {
 public:
  using V = Vector<T>;

  Driver(const Cell<T>& cell, const Sequence<T>& sequence, const Parallel& parallel)
      : cell_(cell),
        gates_(cell.shape.gates),
        states_(cell.shape.states),
        cell_slots_(cell.shape.slots),
        peepholes_(cell.shape.peepholes),
        direct_gates_(cell.shape.direct()),
        reset_first_(cell.shape.reset_first),
        in_(sequence),
        parallel_(parallel),
        slots_(sequence.batch, sequence.time, sequence.mask) {}

  void forward(const Kept<T>& kept, const Outputs<T>& out) {
    const Index columns = gates_ * in_.units;
    packed_ = in_.batch > 1 || in_.time > kFewSteps || in_.units % V::size != 0;
    int vectors = vectors_per_gate<T>(in_.units, kMaxVectors / (packed_ ? gates_ : 1));
    while (in_.units % (vectors * V::size) != 0 && !packed_) --vectors;
    span_ = vectors * V::size;
    panels_ = (in_.units + span_ - 1) / span_;
    if (packed_) {
      input_.pack(in_.kernel, in_.features, in_.units, gates_, vectors, columns, 1, parallel_);
      direct_.pack(in_.recurrent, in_.units, in_.units, direct_gates_, vectors, columns, 1,
                   parallel_);
    }
    if (reset_first_) {
      reset_.pack(in_.recurrent + direct_gates_ * in_.units, in_.units, in_.units, 1,
                  vectors_per_gate<T>(in_.units, kMaxVectors), columns, 1, parallel_);
    }
    pack_bias(vectors);
    const auto parts = slots_.share(parallel_.worth(work()));
    parallel_(work(), parts.size(), [&](Index p) { forward_rows(parts[p], kept, out); });
  }

  void backward(const Kept<T>& kept, const Gradients<T>& grad) {
    const Index u = in_.units, columns = gates_ * u;
    const int vectors = vectors_per_gate<T>(u, kMaxVectors);
    direct_.pack(in_.recurrent, direct_gates_ * u, u, 1, vectors, 1, columns, parallel_);
    if (reset_first_) {
      reset_.pack(in_.recurrent + direct_gates_ * u, u, u, 1, vectors, 1, columns, parallel_);
    }
    if (grad.x) {
      input_.pack(in_.kernel, columns, in_.features, 1,
                  vectors_per_gate<T>(in_.features, kMaxVectors), 1, columns, parallel_);
    }
    const Index most = std::max<Index>(1, kMostSums / ((in_.features + u) * columns));
    const auto parts = slots_.share(std::min(most, parallel_.worth(work())));
    std::vector<Sums> sums(parts.size());
    parallel_(work(), parts.size(), [&](Index p) {
      sums[p].start(cell_.shape, in_, p == 0 ? &grad : nullptr);
      backward_rows(parts[p], kept, grad, sums[p]);
    });
    add_up(sums, grad);
  }

 private:
  // Steps of one row up to which weights are read where they lie, and not packed before.
  static constexpr Index kFewSteps = 32;
  // Numbers in all threads' sums: with more, there are fewer threads.
  static constexpr Index kMostSums = Index(1) << 27;
  // Steps whose D a thread gathers.
  static constexpr Index kGathered = 256;
  // The distance of rows of so many numbers in memory. A bit more, as rows that are a
  // power of two apart would contend for the same places of the cache.
  static constexpr Index apart(Index width) { return width + V::size; }
  static constexpr Index kSpan = kMaxVectors * V::size;
  static constexpr int kMaxGates = 4;

  // A thread's sums over its steps. The first thread's are where the result shall be.
  struct Sums {
    Scratch<T> memory;
    T *kernel, *recurrent, *slots, *peepholes;

    void start(const CellShape& cell, const Sequence<T>& in, const Gradients<T>* result) {
      const Index u = in.units, w = in.features * cell.gates * u, r = u * cell.gates * u;
      memory.resize((cell.slots + cell.peepholes) * u + (result ? 0 : w + r));
      memory.zero();
      slots = memory.data();
      peepholes = slots + cell.slots * u;
      kernel = result ? result->kernel : peepholes + cell.peepholes * u;
      recurrent = result ? result->recurrent : kernel + w;
      if (result) std::fill_n(kernel, w, T(0)), std::fill_n(recurrent, r, T(0));
    }
  };

  Index work() const {
    return slots_.total() * (in_.features + in_.units) * gates_ * in_.units;
  }
  // The bias in the order of a forward tile.
  void pack_bias(int vectors) {
    const Index u = in_.units, span = vectors * V::size;
    bias_.resize(panels_ * cell_slots_ * span);
    bias_.zero();
    if (!in_.bias) return;
    for (int slot = 0; slot < cell_slots_; ++slot) {
      for (Index unit = 0; unit < u; ++unit) {
        T& value = bias_.data()[(unit / span * cell_slots_ + slot) * span + unit % span];
        if (cell_slots_ == gates_) {
          value = in_.bias[slot * u + unit];
        } else {  // two biases: of the input, of the recurrent part
          if (slot != gates_ - 1) value += in_.bias[std::min(slot, gates_ - 1) * u + unit];
          if (slot < gates_) value += in_.bias[(gates_ + slot) * u + unit];
        }
      }
    }
  }

  Index time_of(Index step) const { return in_.go_backwards ? in_.time - 1 - step : step; }
  bool active(Index b, Index t) const { return !in_.mask || in_.mask[b * in_.time + t]; }
  const T* dropout_of(Index b) const {
    return in_.dropout ? in_.dropout + b * gates_ * in_.units : nullptr;
  }

  // ------------------------------------------------------------------- forward
  void forward_rows(const std::vector<Index>& rows, const Kept<T>& kept,
                    const Outputs<T>& out) const {
    const Index u = in_.units, total = slots_.total(), n = rows.size();
    const bool keep = kept.gates != nullptr;
    // Without tape: two copies of the states in turn, one set of gates for each row.
    Scratch<T> turns(keep ? 0 : n * 2 * states_ * u);
    Scratch<T> work(keep || !reset_first_ ? 0 : n * (cell_slots_ + 1) * u);
    Scratch<T> dropped(in_.dropout ? n * gates_ * u : 0);
    // State s of the i-th row after its first k steps.
    const auto state = [&](Index i, Index k, int s) -> T* {
      const Index b = rows[i];
      if (k == slots_.count(b)) return out.final[s] + b * u;
      if (keep) return kept.states + (s * total + slots_.at(b, k, in_.go_backwards)) * u;
      return turns.data() + ((i * 2 + (k & 1)) * states_ + s) * u;
    };
    std::vector<Index> done(n, 0);
    for (Index i = 0; i < n; ++i) {
      for (int s = 0; s < states_; ++s)
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
        for (int s = 0; s < states_; ++s) {
          line.prev[s] = state(i, k, s);
          line.next[s] = state(i, k + 1, s);
        }
        line.out = to;
        if (keep) {
          line.slots = kept.gates + slot * cell_slots_ * u;
          line.reset = kept.states + (states_ * total + slot) * u;
          line.ahead = k + 1 == slots_.count(b) ? 0 : in_.go_backwards ? -1 : 1;
        } else if (reset_first_) {
          line.slots = work.data() + i * (cell_slots_ + 1) * u;
          line.reset = line.slots + cell_slots_ * u;
        }
        if (in_.dropout) {  // h * mask, for each gate
          T* masked = dropped.data() + i * gates_ * u;
          line.dropout = masked;
          for (int gate = 0; gate < gates_; ++gate)
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
    const int moved = cell_slots_ == gates_ ? 0 : 1;  // the last input block's slot
    const Index u = in_.units, n = lines.size();
    const Index span = span_, row = span * cell_slots_, columns = gates_ * u;
    const int vectors = span / V::size;
    const int block = packed_ ? rows_for(gates_ * vectors) : 1;
    alignas(64) T tile[kMaxRows * (kMaxVectors + 1) * V::size];
    const T* a[kMaxRows];
    for (Index p = 0; p < panels_; ++p) {
      const T* bias = bias_.data() + p * row;
      in_blocks(n, block, [&](Index i, int rows) {
        const Line<T>* line = lines.data() + i;
        for (int r = 0; r < rows; ++r) {
          std::copy_n(bias, row, tile + r * row);
          a[r] = line[r].x;
        }
        const int all = gates_ * vectors;
        if (packed_) {
          product(rows, all, a, 1, input_.panel(p), all * V::size, in_.features, tile, row,
                  all - 1 + moved);
        } else {
          for (int gate = 0; gate < gates_; ++gate) {
            const int slot = gate == gates_ - 1 ? gate + moved : gate;
            product(rows, vectors, a, 1, in_.kernel + gate * u + p * span, columns,
                    in_.features, tile + slot * span, row, Index(vectors - 1));
          }
        }
        for (int r = 0; r < rows; ++r) a[r] = line[r].prev[0];
        if (packed_ && !in_.dropout) {
          const int direct = direct_gates_ * vectors;
          product(rows, direct, a, 1, direct_.panel(p), direct_.width(), u, tile, row,
                  Index(direct - 1));
        } else {
          for (int gate = 0; gate < direct_gates_; ++gate) {
            for (int r = 0; in_.dropout && r < rows; ++r) a[r] = line[r].dropout + gate * u;
            product_of_gate(rows, vectors, a, p, gate, tile + gate * span, row);
          }
        }
        const Block<T> block = block_of(line, rows, p * span, vectors, tile, row, span);
        (reset_first_ ? cell_.reset : cell_.forward)(block);
      });
    }
    if (reset_first_) {
      const Index reset_span = reset_.width();
      const int wide = reset_span / V::size, reset_block = rows_for(wide);
      for (Index p = 0; p < reset_.count(); ++p) {
        in_blocks(n, reset_block, [&](Index i, int rows) {
          const Line<T>* line = lines.data() + i;
          std::fill_n(tile, rows * reset_span, T(0));
          for (int r = 0; r < rows; ++r) a[r] = line[r].reset;
          product(rows, wide, a, 1, reset_.panel(p), reset_span, u, tile, reset_span,
                  Index(wide - 1));
          cell_.forward(block_of(line, rows, p * reset_span, wide, tile, reset_span, 0));
        });
      }
    }
  }

  // tile += h U of one gate and panel
  void product_of_gate(int rows, int vectors, const T* const* a, Index p, int gate, T* tile,
                       Index row) const {
    const Index u = in_.units, columns = gates_ * u;
    const T* const panel = packed_ ? direct_.panel(p) + gate * span_
                                   : in_.recurrent + gate * u + p * span_;
    product(rows, vectors, a, 1, panel, packed_ ? direct_.width() : columns, u, tile, row,
            Index(vectors - 1));
  }

  Block<T> block_of(const Line<T>* line, int rows, Index unit, int vectors, const T* tile,
                    Index row, Index span, T* d_peepholes = nullptr) const {
    const bool dropout = in_.dropout != nullptr;
    return {line, rows, in_.units, unit,          vectors,    tile,
            row,  span, dropout,   in_.peepholes, d_peepholes};
  }

  // ------------------------------------------------------------------ backward
  void backward_rows(const std::vector<Index>& rows, const Kept<T>& kept,
                     const Gradients<T>& grad, Sums& sums) const {
    const Index u = in_.units, total = slots_.total(), n = rows.size();
    const Index room = std::max(n, kGathered);
    Scratch<T> d(room * apart(cell_slots_ * u));  // of the gathered steps
    Scratch<T> held(n * cell_slots_ * u);         // of each row's last step before them
    held.zero();
    std::vector<const T*> later(n);
    for (Index i = 0; i < n; ++i) later[i] = held.data() + i * cell_slots_ * u;
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
      for (int s = 0; s < states_; ++s)
        std::copy_n(grad.final[s] + b * u, u, grad.initial[s] + b * u);
      const bool ends = in_.time > 0 && active(b, time_of(in_.time - 1));
      if (ends || !in_.zero_output) wait(i, grad.last + b * u);
    }
    const auto line_of = [&](Index i) {
      Line<T> line{};
      line.later = later[i];
      for (int s = 0; s < states_; ++s) line.next[s] = grad.initial[s] + rows[i] * u;
      line.dropout = dropout_of(rows[i]);
      return line;
    };
    std::vector<Line<T>> lines, gathered;
    lines.reserve(n);
    gathered.reserve(room);
    Scratch<T> space(space_for(room));
    const auto finish_gathered = [&] {
      if (grad.x) input_gradients(gathered);
      weight_gradients(gathered, space.data(), sums);
      for (Index i = 0; i < n; ++i) {
        T* to = held.data() + i * cell_slots_ * u;
        if (later[i] != to) std::copy_n(later[i], cell_slots_ * u, to);
        later[i] = to;
      }
      gathered.clear();
    };
    for (Index step = in_.time - 1; step >= 0; --step) {
      const Index t = time_of(step);
      if (gathered.size() + n > room) finish_gathered();
      lines.clear();
      for (Index i = 0; i < n; ++i) {
        const Index b = rows[i];
        const T* dout = grad.all ? grad.all + (b * in_.time + step) * u : nullptr;
        T* dx = grad.x ? grad.x + (b * in_.time + t) * in_.features : nullptr;
        if (!active(b, t)) {
          if (dout && !in_.zero_output) wait(i, dout);
          if (dx) std::fill_n(dx, in_.features, T(0));
          continue;
        }
        Line<T> line = line_of(i);
        const Index k = slots_.count(b) - 1 - done[i]++;
        const Index slot = slots_.at(b, k, in_.go_backwards);
        line.x = in_.x + (b * in_.time + t) * in_.features;
        line.dx = dx;
        line.slots = kept.gates + slot * cell_slots_ * u;
        line.reset = kept.states + (states_ * total + slot) * u;
        for (int s = 0; s < states_; ++s)
          line.prev[s] = kept.states + (s * total + slot) * u;
        line.d = d.data() + (gathered.size() + lines.size()) * apart(cell_slots_ * u);
        later[i] = line.d;
        line.dout[0] = dout;
        line.dout[1] = waits[i] ? waiting.data() + i * u : nullptr;
        waits[i] = 0;
        line.ahead = k == 0 ? 0 : in_.go_backwards ? 1 : -1;
        lines.push_back(line);
      }
      backward_step(lines, sums);
      gathered.insert(gathered.end(), lines.begin(), lines.end());
    }
    // What reaches the initial state through the first step's products.
    lines.clear();
    for (Index i = 0; i < n; ++i) {
      if (done[i] > 0) lines.push_back(line_of(i));
    }
    backward_product(lines, nullptr, [&](const Block<T>& block) {
      block.each([&](const Line<T>& line, Index unit, const T* tile) {
        const Index count = u - unit;
        (V::load(tile) + V::load(line.next[0] + unit, count))
            .store(line.next[0] + unit, count);
      });
    });
    finish_gathered();
  }

  // finish(block) with dL/dh through the products of the rows' later steps in the tile.
  template <typename Finish>
  void backward_product(const std::vector<Line<T>>& lines, T* d_peepholes,
                        const Finish& finish) const {
    const Index u = in_.units, n = lines.size(), span = direct_.width();
    const int vectors = span / V::size, block = rows_for(vectors);
    alignas(64) T tile[kMaxRows * kMaxVectors * V::size];
    alignas(64) T gate_tile[kMaxRows * kMaxVectors * V::size];
    const T* a[kMaxRows];
    for (Index p = 0; p < direct_.count(); ++p) {
      in_blocks(n, block, [&](Index i, int rows) {
        const Line<T>* line = lines.data() + i;
        std::fill_n(tile, rows * span, T(0));
        if (!in_.dropout) {
          for (int r = 0; r < rows; ++r) a[r] = line[r].later;
          product(rows, vectors, a, 1, direct_.panel(p), span, direct_gates_ * u, tile, span,
                  Index(vectors - 1));
        }
        for (int gate = 0; in_.dropout && gate < direct_gates_; ++gate) {
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
        finish(block_of(line, rows, p * span, vectors, tile, span, 0, d_peepholes));
      });
    }
  }

  void backward_step(const std::vector<Line<T>>& lines, Sums& sums) const {
    const Index u = in_.units, n = lines.size();
    backward_product(lines, sums.peepholes, cell_.backward);
    if (reset_first_) {
      const Index span = reset_.width(), last = gates_ - 1;
      const int vectors = span / V::size, block = rows_for(vectors);
      alignas(64) T tile[kMaxRows * kMaxVectors * V::size];
      const T* a[kMaxRows];
      for (Index p = 0; p < reset_.count(); ++p) {
        in_blocks(n, block, [&](Index i, int rows) {
          const Line<T>* line = lines.data() + i;
          std::fill_n(tile, rows * span, T(0));
          for (int r = 0; r < rows; ++r) a[r] = line[r].d + last * u;
          product(rows, vectors, a, 1, reset_.panel(p), span, u, tile, span,
                  Index(vectors - 1));
          cell_.reset_backward(block_of(line, rows, p * span, vectors, tile, span, 0));
        });
      }
    }
  }

  // dL/dX = D W'
  void input_gradients(const std::vector<Line<T>>& lines) const {
    const Index u = in_.units, features = in_.features, span = input_.width();
    const Index n = lines.size(), last = (gates_ - 1) * u;
    const int vectors = span / V::size, block = rows_for(vectors);
    alignas(64) T tile[kMaxRows * kSpan];
    const T* a[kMaxRows];
    for (Index p = 0; p < input_.count(); ++p) {
      const T* panel = input_.panel(p);
      const Index used = std::min(span, features - p * span);
      in_blocks(n, block, [&](Index i, int rows) {
        const Line<T>* line = lines.data() + i;
        std::fill_n(tile, rows * span, T(0));
        for (int r = 0; r < rows; ++r) a[r] = line[r].d;
        product(rows, vectors, a, 1, panel, span, cell_slots_ == gates_ ? gates_ * u : last, tile,
                span, Index(vectors - 1));
        if (cell_slots_ != gates_) {  // the last gate's input has a slot of its own
          for (int r = 0; r < rows; ++r) a[r] = line[r].d + (cell_slots_ - 1) * u;
          product(rows, vectors, a, 1, panel + last * span, span, u, tile, span,
                  Index(vectors - 1));
        }
        for (int r = 0; r < rows; ++r)
          std::copy_n(tile + r * span, used, line[r].dx + p * span);
      });
    }
  }

  // How much `weight_gradients` needs for so many steps.
  Index space_for(Index steps) const {
    const Index copies = in_.dropout ? gates_ : 1 + reset_first_;
    return steps * (apart(in_.features) + copies * apart(in_.units));
  }

  // dL/dW += X' D,  dL/dU += H' D,  dL/db += 1' D
  void weight_gradients(const std::vector<Line<T>>& lines, T* space, Sums& sums) const {
    const Index u = in_.units, n = lines.size();
    if (n == 0) return;
    const auto next_space = [&](Index width) {
      return std::exchange(space, space + n * apart(width));
    };
    T* const x = next_space(in_.features);
    for (Index k = 0; k < n; ++k)
      std::copy_n(lines[k].x, in_.features, x + k * apart(in_.features));
    const T* h[kMaxGates];  // what each gate multiplies
    for (int gate = 0; gate < gates_; ++gate) {
      const bool reset = gate >= direct_gates_;
      if (gate > 0 && !reset && !in_.dropout) {
        h[gate] = h[0];
        continue;
      }
      T* const to = next_space(u);
      for (Index k = 0; k < n; ++k) {
        const T* from = reset ? lines[k].reset : lines[k].prev[0];
        T* row = to + k * apart(u);
        if (in_.dropout && !reset) {
          for (Index j = 0; j < u; ++j) row[j] = from[j] * lines[k].dropout[gate * u + j];
        } else {
          std::copy_n(from, u, row);
        }
      }
      h[gate] = to;
    }
    const T* d = lines[0].d;
    for (int slot = 0; slot < cell_slots_; ++slot) {
      for (Index first = slot * u; first < (slot + 1) * u; first += kSpan) {
        const Index columns = std::min(kSpan, (slot + 1) * u - first);
        const Index unit = first - slot * u;
        if (slot < gates_ - 1 || slot == cell_slots_ - 1) {
          const int gate = std::min(slot, gates_ - 1);
          weight_product(x, in_.features, n, d + first, columns,
                         sums.kernel + gate * u + unit);
        }
        if (slot < gates_)
          weight_product(h[slot], u, n, d + first, columns, sums.recurrent + first);
        add_rows(d + first, n, columns, sums.slots + first);
      }
    }
  }

  // to (depth, gates * units)[:, : columns] += left' right, with `steps` rows of D right.
  void weight_product(const T* left, Index depth, Index steps, const T* right,
                      Index columns, T* to) const {
    const Index row = gates_ * in_.units;
    const int vectors = (columns + V::size - 1) / V::size;
    const bool whole = columns % V::size == 0;
    alignas(64) T tile[kMaxRows * kSpan];
    const T* a[kMaxRows];
    in_blocks(depth, rows_for(vectors), [&](Index i, int rows) {
      for (int r = 0; r < rows; ++r) a[r] = left + i + r;
      if (!whole) std::fill_n(tile, rows * kSpan, T(0));
      product(rows, vectors, a, apart(depth), right, apart(cell_slots_ * in_.units), steps,
              whole ? to + i * row : tile, whole ? row : kSpan, Index(vectors - 1));
      for (int r = 0; !whole && r < rows; ++r)
        for (Index j = 0; j < columns; ++j) to[(i + r) * row + j] += tile[r * kSpan + j];
    });
  }

  // to[: columns] += 1' right
  void add_rows(const T* right, Index steps, Index columns, T* to) const {
    V sum[kMaxVectors];
    for (V& part : sum) part = V::fill(T(0));
    for (Index k = 0; k < steps; ++k, right += apart(cell_slots_ * in_.units)) {
#pragma GCC unroll 4
      for (int v = 0; v < kMaxVectors; ++v)
        if (v * V::size < columns) sum[v] = sum[v] + V::load(right + v * V::size);
    }
    for (Index unit = 0; unit < columns; unit += V::size) {
      const Index count = columns - unit;
      (V::load(to + unit, count) + sum[unit / V::size]).store(to + unit, count);
    }
  }

  // The threads' sums together.
  void add_up(const std::vector<Sums>& sums, const Gradients<T>& grad) const {
    const Index u = in_.units;
    const auto add = [&](T* Sums::*which, T* to, Index size) {
      const Index pieces = parallel_.worth(sums.size() * size);
      parallel_(sums.size() * size, pieces, [&](Index piece) {
        const Index first = size * piece / pieces, last = size * (piece + 1) / pieces;
        for (std::size_t p = 1; p < sums.size(); ++p) {
          const T* from = sums[p].*which;
          for (Index i = first; i < last; ++i) to[i] += from[i];
        }
      });
    };
    add(&Sums::kernel, grad.kernel, in_.features * gates_ * u);
    add(&Sums::recurrent, grad.recurrent, u * gates_ * u);
    T* slots = sums[0].slots;
    add(&Sums::slots, slots, (cell_slots_ + peepholes_) * u);
    std::copy_n(slots + cell_slots_ * u, peepholes_ * u, grad.peepholes);
    if (!grad.bias) return;
    std::copy_n(slots, gates_ * u, grad.bias);
    if (cell_slots_ != gates_) {
      std::copy_n(slots, gates_ * u, grad.bias + gates_ * u);
      std::copy_n(slots + (cell_slots_ - 1) * u, u, grad.bias + (gates_ - 1) * u);
    }
  }

  const Cell<T>& cell_;
  const int gates_, states_, cell_slots_, peepholes_, direct_gates_;
  const bool reset_first_;
  const Sequence<T> in_;
  const Parallel& parallel_;
  const Slots slots_;
  bool packed_ = true;            // forward
  Index span_ = 0, panels_ = 0;   // forward: units of a panel, panels
  Panels<T> input_, direct_, reset_;
  Scratch<T> bias_;
};

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_DRIVER_H_
