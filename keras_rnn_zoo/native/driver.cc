// The driver of every cell, for one type. In a file of its own, so that it is compiled
// beside TensorFlow's headers in ops.cc, at the same time.
#include "driver.h"

namespace keras_rnn_zoo {

template <typename T>
void forward(const std::string& cell, const Sequence<T>& in, const Parallel& parallel,
             const Kept<T>& kept, const Outputs<T>& out) {
  with_cell(cell, [&](auto policy) {
    Driver<decltype(policy), T>(in, parallel).forward(kept, out);
  });
}

template <typename T>
void backward(const std::string& cell, const Sequence<T>& in, const Parallel& parallel,
              const Kept<T>& kept, const Gradients<T>& grad) {
  with_cell(cell, [&](auto policy) {
    Driver<decltype(policy), T>(in, parallel).backward(kept, grad);
  });
}

using Type = KERAS_RNN_ZOO_TYPE;
template void forward(const std::string&, const Sequence<Type>&, const Parallel&,
                      const Kept<Type>&, const Outputs<Type>&);
template void backward(const std::string&, const Sequence<Type>&, const Parallel&,
                       const Kept<Type>&, const Gradients<Type>&);

}  // namespace keras_rnn_zoo
