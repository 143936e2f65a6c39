// The cells, for one type: in a file of its own, compiled beside the others.
#include "cells.h"

namespace keras_rnn_zoo {

using Type = KERAS_RNN_ZOO_TYPE;

template const Cell<Type>* find_cell(const std::string&);

CellShape cell_shape(const std::string& name) {
  const auto* cell = find_cell<Type>(name);
  return cell ? cell->shape : CellShape();
}

template void tanh_in_place(Type*, Index);
template void exp_in_place(Type*, Index);

}  // namespace keras_rnn_zoo
