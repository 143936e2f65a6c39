// The units: one policy each, with the forward step and the backward step for a vector
// of units. Everything else (products, time, rows, masks, threads) is in driver.h. Only
// this file needs Eigen, for tanh and the logistic function of vectors.
//
// A policy says
//   kGates       blocks of `kernel` and `recurrent_kernel`, in Keras's order
//   kStates      states; states[0] is h, which is also the output
//   kSlots       numbers per unit that a step works on and training keeps
//   kPeepholes   rows of the peephole matrix
//   kResetFirst  the last gate's recurrent input is r * h, not h
// Slot g receives x_t W_g + h U_g + b_g. With kSlots = kGates + 1, the last gate's
// recurrent part stays in slot kGates - 1 and its input part goes to the last slot.
//
// forward(s, prev, next, p): s holds the pre-activations; leaves in s what backward needs.
// backward(s, prev, d, p, dp): s is what forward left, d = dL/d(next states); leaves in s
// the gradients of the pre-activations, in d the part of dL/d(prev states) that does not
// pass through a matrix, and adds nothing to dp but sets it to dL/dp of this step.
#ifndef KERAS_RNN_ZOO_CELLS_H_
#define KERAS_RNN_ZOO_CELLS_H_

#include "Eigen/Core"
#include "block.h"
#include "functions.h"

namespace keras_rnn_zoo {

// Eigen's function on each of its own vectors, which may be shorter than ours. It clamps
// the argument, which would turn NaN into a number.
template <template <typename> class Function, typename T>
inline Vector<T> by_eigen(Vector<T> x) {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  constexpr int kPackets = sizeof(x.v) / sizeof(Packet);
  static_assert(kPackets * sizeof(Packet) == sizeof(x.v), "vectors of different sizes");
  Packet packets[kPackets];
  std::memcpy(packets, &x.v, sizeof(x.v));
  for (Packet& packet : packets) packet = Function<T>().packetOp(packet);
  Vector<T> y;
  std::memcpy(&y.v, packets, sizeof(x.v));
  return {x.v == x.v ? y.v : x.v};
}
template <typename T>
inline Vector<T> tanh(Vector<T> x) {
  return by_eigen<Eigen::internal::scalar_tanh_op>(x);
}
template <typename T>
inline Vector<T> sigmoid(Vector<T> x) {
  return by_eigen<Eigen::internal::scalar_logistic_op>(x);
}
template <typename T>
inline Vector<T> relu(Vector<T> x) {  // NaN stays
  const Vector<T> zero = Vector<T>::fill(T(0));
  return {x.v <= zero.v ? zero.v : x.v};
}
// gradient where y > 0, else 0
template <typename T>
inline Vector<T> where_positive(Vector<T> y, Vector<T> gradient) {
  const Vector<T> zero = Vector<T>::fill(T(0));
  return {zero.v < y.v ? gradient.v : zero.v};
}

template <typename T, typename F>
void in_place(T* x, Index count, const F& f) {
  for (Index i = 0; i < count; i += Vector<T>::size)
    f(Vector<T>::load(x + i, count - i)).store(x + i, count - i);
}

template <typename T>
void tanh_in_place(T* x, Index count) {
  in_place(x, count, [](Vector<T> v) { return tanh(v); });
}

template <typename T>
void exp_in_place(T* x, Index count) {
  in_place(x, count,
           [](Vector<T> v) { return by_eigen<Eigen::internal::scalar_exp_op>(v); });
}

// h = φ(x W + h' U + b)
struct Tanh {
  template <typename V>
  static V value(V x) { return tanh(x); }
  template <typename V>
  static V gradient(V y, V dy) { return dy * one_minus(y * y); }
};
struct Relu {
  template <typename V>
  static V value(V x) { return relu(x); }
  template <typename V>
  static V gradient(V y, V dy) { return where_positive(y, dy); }
};

template <typename Activation>
struct SimpleRnn {
  static constexpr int kGates = 1, kStates = 1, kSlots = 1, kPeepholes = 0;
  static constexpr bool kResetFirst = false;

  template <typename V>
  static void forward(V* s, const V*, V* next, const V*) {
    next[0] = s[0] = Activation::value(s[0]);
  }
  template <typename V>
  static void backward(V* s, const V*, V* d, const V*, V*) {
    s[0] = Activation::gradient(s[0], d[0]);
    d[0] = V::fill(0);
  }
};

template <typename V>
V through_sigmoid(V y, V dy) { return dy * y * one_minus(y); }
template <typename V>
V through_tanh(V y, V dy) { return dy * one_minus(y * y); }

// i, f, o = σ(...), g = tanh(...);  c = f c' + i g;  h = o tanh(c)
struct Lstm {
  static constexpr int kGates = 4, kStates = 2, kSlots = 4, kPeepholes = 0;
  static constexpr bool kResetFirst = false;

  template <typename V>
  static void forward(V* s, const V* prev, V* next, const V*) {
    const V i = sigmoid(s[0]), f = sigmoid(s[1]), g = tanh(s[2]), o = sigmoid(s[3]);
    const V c = f * prev[1] + i * g;
    next[0] = o * tanh(c);
    next[1] = c;
    s[0] = i, s[1] = f, s[2] = g, s[3] = o;
  }
  template <typename V>
  static void backward(V* s, const V* prev, V* d, const V*, V*) {
    const V i = s[0], f = s[1], g = s[2], o = s[3];
    const V a = tanh(f * prev[1] + i * g);
    const V dc = d[1] + through_tanh(a, d[0] * o);
    s[0] = through_sigmoid(i, dc * g);
    s[1] = through_sigmoid(f, dc * prev[1]);
    s[2] = through_tanh(g, dc * i);
    s[3] = through_sigmoid(o, d[0] * a);
    d[0] = V::fill(0);
    d[1] = dc * f;
  }
};

// The LSTM whose gates see the cell: i, f += p c', o += p c
struct PeepholeLstm {
  static constexpr int kGates = 4, kStates = 2, kSlots = 4, kPeepholes = 3;
  static constexpr bool kResetFirst = false;

  template <typename V>
  static void forward(V* s, const V* prev, V* next, const V* p) {
    const V i = sigmoid(s[0] + p[0] * prev[1]), f = sigmoid(s[1] + p[1] * prev[1]);
    const V g = tanh(s[2]);
    const V c = f * prev[1] + i * g;
    const V o = sigmoid(s[3] + p[2] * c);
    next[0] = o * tanh(c);
    next[1] = c;
    s[0] = i, s[1] = f, s[2] = g, s[3] = o;
  }
  template <typename V>
  static void backward(V* s, const V* prev, V* d, const V* p, V* dp) {
    const V i = s[0], f = s[1], g = s[2], o = s[3];
    const V c = f * prev[1] + i * g;
    const V a = tanh(c);
    s[3] = through_sigmoid(o, d[0] * a);
    const V dc = d[1] + through_tanh(a, d[0] * o) + s[3] * p[2];
    s[0] = through_sigmoid(i, dc * g);
    s[1] = through_sigmoid(f, dc * prev[1]);
    s[2] = through_tanh(g, dc * i);
    dp[0] = s[0] * prev[1], dp[1] = s[1] * prev[1], dp[2] = s[3] * c;
    d[0] = V::fill(0);
    d[1] = dc * f + s[0] * p[0] + s[1] * p[1];
  }
};

// The LSTM with i = 1 - f; blocks f, c, o
struct CoupledLstm {
  static constexpr int kGates = 3, kStates = 2, kSlots = 3, kPeepholes = 0;
  static constexpr bool kResetFirst = false;

  template <typename V>
  static void forward(V* s, const V* prev, V* next, const V*) {
    const V f = sigmoid(s[0]), g = tanh(s[1]), o = sigmoid(s[2]);
    const V c = f * prev[1] + one_minus(f) * g;
    next[0] = o * tanh(c);
    next[1] = c;
    s[0] = f, s[1] = g, s[2] = o;
  }
  template <typename V>
  static void backward(V* s, const V* prev, V* d, const V*, V*) {
    const V f = s[0], g = s[1], o = s[2];
    const V a = tanh(f * prev[1] + one_minus(f) * g);
    const V dc = d[1] + through_tanh(a, d[0] * o);
    s[0] = through_sigmoid(f, dc * (prev[1] - g));
    s[1] = through_tanh(g, dc * one_minus(f));
    s[2] = through_sigmoid(o, d[0] * a);
    d[0] = V::fill(0);
    d[1] = dc * f;
  }
};

// z, r = σ(...);  g = tanh(x W + b + r (h' U + b'));  h = z h' + (1 - z) g
// Slots: z, r, h' U + b', x W + b; the last becomes g.
struct GruResetAfter {
  static constexpr int kGates = 3, kStates = 1, kSlots = 4, kPeepholes = 0;
  static constexpr bool kResetFirst = false;

  template <typename V>
  static void forward(V* s, const V* prev, V* next, const V*) {
    const V z = sigmoid(s[0]), r = sigmoid(s[1]);
    const V g = tanh(s[3] + r * s[2]);
    next[0] = z * prev[0] + one_minus(z) * g;
    s[0] = z, s[1] = r, s[3] = g;
  }
  template <typename V>
  static void backward(V* s, const V* prev, V* d, const V*, V*) {
    const V z = s[0], r = s[1], u = s[2], g = s[3];
    s[0] = through_sigmoid(z, d[0] * (prev[0] - g));
    s[3] = through_tanh(g, d[0] * one_minus(z));
    s[1] = through_sigmoid(r, s[3] * u);
    s[2] = s[3] * r;
    d[0] = d[0] * z;
  }
};

// z, r = σ(...);  g = tanh(x W + b + (r h') U);  h = z h' + (1 - z) g
struct GruResetBefore {
  static constexpr int kGates = 3, kStates = 1, kSlots = 3, kPeepholes = 0;
  static constexpr bool kResetFirst = true;

  // z, r, and r h', before the last product
  template <typename V>
  static V reset(V* s, V h) {
    s[0] = sigmoid(s[0]), s[1] = sigmoid(s[1]);
    return s[1] * h;
  }
  template <typename V>
  static void forward(V* s, const V* prev, V* next, const V*) {
    s[2] = tanh(s[2]);
    next[0] = s[0] * prev[0] + one_minus(s[0]) * s[2];
  }
  template <typename V>
  static void backward(V* s, const V* prev, V* d, const V*, V*) {
    const V z = s[0], g = s[2];
    s[0] = through_sigmoid(z, d[0] * (prev[0] - g));
    s[2] = through_tanh(g, d[0] * one_minus(z));
    d[0] = d[0] * z;
  }
  // d_reset = dL/d(r h'): leaves the gradient of r, returns the part for h'
  template <typename V>
  static V reset_backward(V* s, V h, V d_reset) {
    const V r = s[1];
    s[1] = through_sigmoid(r, d_reset * h);
    return d_reset * r;
  }
};

// A policy at work on the blocks of the driver.
template <typename Policy, typename T>
struct Steps {
  using V = Vector<T>;
  static constexpr int kSlots = Policy::kSlots, kGates = Policy::kGates;
  static constexpr int kStates = Policy::kStates, kPeepholes = Policy::kPeepholes;

  // The tile holds the pre-activations; with kResetFirst, those of r * h alone, which
  // belong to the last gate.
  static void forward(const Block<T>& in) {
    in.each([&](const Line<T>& line, Index unit, const T* tile) {
      const Index count = in.units - unit;
      V s[kSlots], prev[kStates], next[kStates], p[kPeepholes + 1];
      if constexpr (Policy::kResetFirst) {
        load_slots(s, line.slots, in.units, unit);
        s[kGates - 1] = s[kGates - 1] + V::load(tile);
      } else {
        for (int i = 0; i < kSlots; ++i) s[i] = V::load(tile + i * in.span);
      }
      for (int i = 0; i < kStates; ++i) prev[i] = V::load(line.prev[i] + unit, count);
      for (int i = 0; i < kPeepholes; ++i)
        p[i] = V::load(in.peepholes + i * in.units + unit, count);
      Policy::forward(s, prev, next, p);
      for (int i = 0; i < kStates; ++i) next[i].store(line.next[i] + unit, count);
      if (line.out) next[0].store(line.out + unit, count);
      if (line.slots) {
        store_slots(s, line.slots, in.units, unit);
        for (int i = 0; i < kSlots; ++i)
          will_write(line.slots + (line.ahead * kSlots + i) * in.units + unit);
        for (int i = 0; i < kStates; ++i)
          will_write(line.next[i] + line.ahead * in.units + unit);
      }
    });
  }

  // Only with kResetFirst: what comes before the product of r * h.
  static void reset(const Block<T>& in) {
    in.each([&](const Line<T>& line, Index unit, const T* tile) {
      const Index count = in.units - unit;
      V s[kSlots];
      for (int i = 0; i < kSlots; ++i) s[i] = V::load(tile + i * in.span);
      const T* h = in.dropout ? line.dropout + (kGates - 1) * in.units : line.prev[0];
      Policy::reset(s, V::load(h + unit, count)).store(line.reset + unit, count);
      store_slots(s, line.slots, in.units, unit);
    });
  }

  // The tile holds dL/dh through the products.
  static void backward(const Block<T>& in) {
    const Index u = in.units;
    in.each([&](const Line<T>& line, Index unit, const T* tile) {
      const Index count = u - unit;
      V s[kSlots], prev[kStates], d[kStates], p[kPeepholes + 1], dp[kPeepholes + 1];
      load_slots(s, line.slots, u, unit);
      for (int i = 0; i < kSlots; ++i)
        will_read(line.slots + (line.ahead * kSlots + i) * u + unit);
      for (int i = 0; i < kStates; ++i) will_read(line.prev[i] + line.ahead * u + unit);
      for (int i = 0; i < kStates; ++i) {
        prev[i] = V::load(line.prev[i] + unit, count);
        d[i] = V::load(line.next[i] + unit, count);
      }
      d[0] = d[0] + V::load(tile);
      for (const T* dout : line.dout)
        if (dout) d[0] = d[0] + V::load(dout + unit, count);
      for (int i = 0; i < kPeepholes; ++i)
        p[i] = V::load(in.peepholes + i * u + unit, count);
      Policy::backward(s, prev, d, p, dp);
      store_slots(s, line.d, u, unit);
      for (int i = 0; i < kStates; ++i) d[i].store(line.next[i] + unit, count);
      for (int i = 0; i < kPeepholes; ++i) add(dp[i], in.d_peepholes + i * u, u, unit);
    });
  }

  // Only with kResetFirst: after it, with dL/d(r * h) in the tile.
  static void reset_backward(const Block<T>& in) {
    const Index u = in.units, last = kGates - 1;
    in.each([&](const Line<T>& line, Index unit, const T* tile) {
      const Index count = u - unit;
      const V mask =
          in.dropout ? V::load(line.dropout + last * u + unit, count) : V::fill(T(1));
      const V h = V::load(line.prev[0] + unit, count) * mask;
      V s[kSlots];
      load_slots(s, line.d, u, unit);
      const V dh = Policy::reset_backward(s, h, V::load(tile));
      store_slots(s, line.d, u, unit);
      add(dh * mask, line.next[0], u, unit);
    });
  }

 private:
  static void load_slots(V* s, const T* slots, Index units, Index unit) {
    for (int i = 0; i < kSlots; ++i)
      s[i] = V::load(slots + i * units + unit, units - unit);
  }
  static void store_slots(const V* s, T* slots, Index units, Index unit) {
    for (int i = 0; i < kSlots; ++i)
      s[i].store(slots + i * units + unit, units - unit);
  }
  static void add(V value, T* to, Index units, Index unit) {
    const Index count = units - unit;
    (V::load(to + unit, count) + value).store(to + unit, count);
  }
};

template <typename Policy, typename T>
constexpr Cell<T> cell_of(const char* name) {
  const CellShape shape{Policy::kGates, Policy::kStates, Policy::kSlots,
                        Policy::kPeepholes, Policy::kResetFirst};
  using S = Steps<Policy, T>;
  if constexpr (Policy::kResetFirst) {
    return {name, shape, S::forward, S::backward, S::reset, S::reset_backward};
  } else {
    return {name, shape, S::forward, S::backward, nullptr, nullptr};
  }
}

template <typename T>
const Cell<T>* find_cell(const std::string& name) {
  static constexpr Cell<T> kCells[] = {
      cell_of<SimpleRnn<Tanh>, T>("simple_rnn"),
      cell_of<SimpleRnn<Relu>, T>("simple_rnn_relu"),
      cell_of<Lstm, T>("lstm"),
      cell_of<PeepholeLstm, T>("peephole_lstm"),
      cell_of<CoupledLstm, T>("coupled_lstm"),
      cell_of<GruResetAfter, T>("gru"),
      cell_of<GruResetBefore, T>("gru_reset_before"),
  };
  for (const Cell<T>& cell : kCells)
    if (name == cell.name) return &cell;
  return nullptr;
}

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_CELLS_H_
