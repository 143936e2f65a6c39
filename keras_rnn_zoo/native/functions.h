// Functions of whole rows of numbers. In cells.cc, the only file that needs Eigen.
#ifndef KERAS_RNN_ZOO_FUNCTIONS_H_
#define KERAS_RNN_ZOO_FUNCTIONS_H_

#include "sequence.h"

namespace keras_rnn_zoo {

// x = tanh(x), for `count` numbers.
template <typename T>
void tanh_in_place(T* x, Index count);

// x = exp(x), for `count` numbers.
template <typename T>
void exp_in_place(T* x, Index count);

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_FUNCTIONS_H_
