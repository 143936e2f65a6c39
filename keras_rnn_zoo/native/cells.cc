// The cells, for one type: in a file of its own, compiled beside the others.
#include "cells.h"

namespace keras_rnn_zoo {

template const Cell<KERAS_RNN_ZOO_TYPE>* find_cell(const std::string&);

CellShape cell_shape(const std::string& name) {
  const auto* cell = find_cell<KERAS_RNN_ZOO_TYPE>(name);
  return cell ? cell->shape : CellShape();
}

}  // namespace keras_rnn_zoo
