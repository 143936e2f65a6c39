// What the driver hands to a cell: a few rows at one step, and some vectors of units.
#ifndef KERAS_RNN_ZOO_BLOCK_H_
#define KERAS_RNN_ZOO_BLOCK_H_

#include "sequence.h"
#include "vector.h"

namespace keras_rnn_zoo {

// One row at one step: where everything is.
template <typename T>
struct Line {
  const T* x;
  const T* prev[2];
  T* next[2];        // forward: the new states; backward: dL/d(states), in and out
  T* slots;          // gates
  T* reset;          // r * h
  T* out;            // forward: the output, or null
  T* d;              // backward: pre-activation gradients
  const T* later;    // backward: those of the row's next step
  const T* dout[2];  // backward: gradients of the output, or null
  T* dx;             // backward: dL/dx, or null
  const T* dropout;
  Index ahead;       // from here to the slot of the row's next turn, 0 if that is none
};

// The products of some lines are in the tile: for line r and vector v of units, they
// begin at tile[r * row + v * V::size], slot after slot `span` apart where a tile has
// slots.
template <typename T>
struct Block {
  const Line<T>* line;
  int rows;
  Index units, unit;  // of the layer; the first of this block
  int vectors;
  const T* tile;
  Index row, span;
  bool dropout;
  const T* peepholes;
  T* d_peepholes;

  // f(line, unit, tile at them) for all that is in the block
  template <typename F>
  void each(const F& f) const {
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) {
        const Index at = unit + v * Vector<T>::size;
        if (at >= units) break;
        f(line[r], at, tile + r * row + v * Vector<T>::size);
      }
    }
  }
};

// A cell for the driver: what it does with the products of a block.
template <typename T>
struct Cell {
  using Step = void (*)(const Block<T>&);
  const char* name;
  CellShape shape;
  Step forward, backward;
  Step reset, reset_backward;  // of reset_first, else null
};

// Null if there is none of this name. In cells.cc.
template <typename T>
const Cell<T>* find_cell(const std::string& name);

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_BLOCK_H_
