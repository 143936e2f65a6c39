// The cells, for one type: in a file of its own, compiled beside the others.
#include "cells.h"

#include "functions.h"

namespace keras_rnn_zoo {

using Type = KERAS_RNN_ZOO_TYPE;

template const Cell<Type>* find_cell(const std::string&);

CellShape cell_shape(const std::string& name) {
  const auto* cell = find_cell<Type>(name);
  return cell ? cell->shape : CellShape();
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

template void tanh_in_place(Type*, Index);
template void exp_in_place(Type*, Index);

}  // namespace keras_rnn_zoo
