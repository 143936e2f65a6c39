// The driver, for one type: in a file of its own, compiled beside the others.
#include "driver.h"

namespace keras_rnn_zoo {

template <typename T>
void forward(const std::string& cell, const Sequence<T>& in, const Parallel& parallel,
             const Kept<T>& kept, const Outputs<T>& out) {
  Driver<T>(*find_cell<T>(cell), in, parallel).forward(kept, out);
}

template <typename T>
void backward(const std::string& cell, const Sequence<T>& in, const Parallel& parallel,
              const Kept<T>& kept, const Gradients<T>& grad) {
  Driver<T>(*find_cell<T>(cell), in, parallel).backward(kept, grad);
}

using Type = KERAS_RNN_ZOO_TYPE;
template void product(int, int, const Type* const*, Index, const Type*, Index, Index, Type*,
                      Index, Index);
template void forward(const std::string&, const Sequence<Type>&, const Parallel&,
                      const Kept<Type>&, const Outputs<Type>&);
template void backward(const std::string&, const Sequence<Type>&, const Parallel&,
                       const Kept<Type>&, const Gradients<Type>&);

}  // namespace keras_rnn_zoo
