// The units: one policy each, with the forward step and the backward step for a vector
// of units. Everything else (products, time, rows, masks, threads) is in driver.h.
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

#include "vector.h"

namespace keras_rnn_zoo {

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

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_CELLS_H_
