// The writer, for one type: in a file of its own, compiled beside the others.
#include "writer.h"

namespace keras_rnn_zoo {

template <typename T>
void write(const std::string& cell, const Writing<T>& in, const Parallel& parallel,
           int32_t* tokens, float* scores) {
  Writer<T>(*find_cell<T>(cell), in, parallel).write(tokens, scores);
}

using Type = KERAS_RNN_ZOO_TYPE;
template void write(const std::string&, const Writing<Type>&, const Parallel&, int32_t*,
                    float*);

}  // namespace keras_rnn_zoo
