// Vectors of T, panels of packed weights, and the one matrix product in which all
// time is spent: a few rows times one panel. With the compiler's own vectors and without
// Eigen, whose headers alone take a second to read.
#ifndef KERAS_RNN_ZOO_VECTOR_H_
#define KERAS_RNN_ZOO_VECTOR_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

namespace keras_rnn_zoo {

using Index = std::ptrdiff_t;

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr bool kManyRegisters = true;  // 32 of them, else 16
#else
constexpr bool kManyRegisters = false;
#endif

// A machine vector with operators, so that cells read like their equations.
template <typename T>
struct Vector {
  static constexpr int size = kVectorBytes / sizeof(T);
  typedef T Packet __attribute__((vector_size(kVectorBytes)));
  Packet v;

  static Vector fill(T value) {
    return {value - Packet{}};  // not 0 + value, which would lose the sign of -0
  }
  static Vector load(const T* from) {
    Vector to;
    std::memcpy(&to.v, from, sizeof(Packet));
    return to;
  }
  void store(T* to) const { std::memcpy(to, &v, sizeof(Packet)); }

  // The first `count` of `size` elements: the last units of a layer.
  static Vector load(const T* from, Index count) {
    if (count >= size) return load(from);
    T whole[size] = {};
    std::memcpy(whole, from, count * sizeof(T));
    return load(whole);
  }
  void store(T* to, Index count) const {
    if (count >= size) return store(to);
    T whole[size];
    store(whole);
    std::memcpy(to, whole, count * sizeof(T));
  }
};

template <typename T>
inline Vector<T> operator+(Vector<T> a, Vector<T> b) {
  return {a.v + b.v};
}
template <typename T>
inline Vector<T> operator-(Vector<T> a, Vector<T> b) {
  return {a.v - b.v};
}
template <typename T>
inline Vector<T> operator*(Vector<T> a, Vector<T> b) {
  return {a.v * b.v};
}
template <typename T>
inline Vector<T> one_minus(Vector<T> a) {
  return Vector<T>::fill(T(1)) - a;
}

// Calls the memory at a place into the cache: to be read soon, or written.
template <typename T>
inline void will_read(const T* at) { __builtin_prefetch(at); }
template <typename T>
inline void will_write(T* at) { __builtin_prefetch(at, 1); }

// Rows of a block. With 4 vectors per panel, 6 rows are 24 sums in registers, out of
// 32; machines with 16 registers take half.
constexpr int kMaxVectors = 4;
constexpr int kMaxRows = kManyRegisters ? 8 : 4;
constexpr int rows_for(int vectors) {
  return kManyRegisters ? (vectors == 4 ? 6 : 8) : (vectors == 4 ? 3 : 4);
}

// Calls f(first, rows) for n rows in blocks of at most `block`, about equally large.
template <typename F>
inline void in_blocks(Index n, int block, const F& f) {
  Index left = (n + block - 1) / block;
  for (Index i = 0; left > 0; --left) {
    const int rows = (n - i + left - 1) / left;
    f(i, rows);
    i += rows;
  }
}

// tile[r][at(v)] += sum over k of a[r][k * a_stride] * b[k * b_stride][v], for ROWS rows
// and VECTORS vectors, where at(v) = v, but `last` for the last vector.
template <typename T, int ROWS, int VECTORS>
__attribute__((noinline)) void block_product(const T* const* a, Index a_stride, const T* b,
                                             Index b_stride, Index depth, T* tile,
                                             Index tile_row, Index last) {
  using V = Vector<T>;
  V sum[ROWS][VECTORS];
  const T* row[ROWS];
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r) {
    row[r] = a[r];
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) sum[r][v] = V::fill(T(0));
  }
  for (Index k = 0, at = 0; k < depth; ++k, at += a_stride, b += b_stride) {
    V right[VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) right[v] = V::load(b + v * V::size);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r) {
      const V left = V::fill(row[r][at]);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; ++v)
        sum[r][v].v = left.v * right[v].v + sum[r][v].v;  // fused where the machine can
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; ++v) {
      T* to = tile + r * tile_row + (v + 1 < VECTORS ? v : last) * V::size;
      (V::load(to) + sum[r][v]).store(to);
    }
  }
}

template <typename T, int VECTORS, int ROWS = rows_for(VECTORS), typename... Arguments>
void product_rows(int rows, Arguments... arguments) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS)
      return product_rows<T, VECTORS, ROWS - 1, Arguments...>(rows, arguments...);
  }
  block_product<T, ROWS, VECTORS>(arguments...);
}

// The same with numbers of rows and vectors known at run time.
template <typename T>
void product(int rows, int vectors, const T* const* a, Index a_stride, const T* b,
             Index b_stride, Index depth, T* tile, Index tile_row, Index last) {
  const auto run = [&](auto count) {
    product_rows<T, count>(rows, a, a_stride, b, b_stride, depth, tile, tile_row, last);
  };
  if (vectors == 1) return run(std::integral_constant<int, 1>());
  if (vectors == 2) return run(std::integral_constant<int, 2>());
  if (vectors == 3) return run(std::integral_constant<int, 3>());
  run(std::integral_constant<int, 4>());
}

// Memory whose contents do not matter, aligned for vectors.
template <typename T>
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(Index size) { resize(size); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { free(); }

  void resize(Index size) {
    free();
    data_ = nullptr;
    data_ = static_cast<T*>(::operator new(size * sizeof(T), kAlignment));
    size_ = size;
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  void zero() { std::fill_n(data_, size_, T(0)); }

 private:
  static constexpr std::align_val_t kAlignment{64};
  void free() {
    if (data_) ::operator delete(data_, kAlignment);
  }
  T* data_ = nullptr;
  Index size_ = 0;
};

// How many vectors of units a panel takes, at most `limit`, with the least padding.
template <typename T>
int vectors_per_gate(Index units, int limit) {
  const Index needed = (units + Vector<T>::size - 1) / Vector<T>::size;
  int best = 1;
  Index waste = needed;
  for (int vectors = limit; vectors >= 1; --vectors) {
    const Index padded = (needed + vectors - 1) / vectors * vectors - needed;
    if (vectors == limit || padded < waste) best = vectors, waste = padded;
    if (waste == 0) break;
  }
  return best;
}

// A matrix in the order in which `product` reads it: for each panel of units, for each
// k, for each gate, `vectors` vectors of units; padded with zeros.
template <typename T>
class Panels {
 public:
  // Element (k, gate, unit) is at matrix[k * k_stride + gate * units + unit * u_stride].
  template <typename Parallel>
  void pack(const T* matrix, Index depth, Index units, int gates, int vectors,
            Index k_stride, Index u_stride, const Parallel& parallel) {
    constexpr Index kSize = Vector<T>::size;
    depth_ = depth;
    width_ = gates * vectors * kSize;
    const Index span = vectors * kSize;
    count_ = (units + span - 1) / span;
    data_.resize(count_ * depth_ * width_);
    parallel(depth * width_ * count_, count_, [&](Index p) {
      T* panel = data_.data() + p * depth_ * width_;
      const Index first = p * span, used = std::min(span, units - first);
      for (int gate = 0; gate < gates; ++gate) {
        const T* from = matrix + gate * units + first * u_stride;
        T* to = panel + gate * span;
        if (u_stride == 1 && used == span) {
          for (Index k = 0; k < depth; ++k)
            for (Index u = 0; u < span; u += kSize)
              Vector<T>::load(from + k * k_stride + u).store(to + k * width_ + u);
        } else if (u_stride == 1) {
          for (Index k = 0; k < depth; ++k) {
            T* line = to + k * width_;
            std::copy_n(from + k * k_stride, used, line);
            std::fill(line + used, line + span, T(0));
          }
        } else {
          for (Index k0 = 0; k0 < depth; k0 += kSize) {
            const Index k1 = std::min(depth, k0 + kSize);
            for (Index u = 0; u < used; ++u)
              for (Index k = k0; k < k1; ++k)
                to[k * width_ + u] = from[k * k_stride + u * u_stride];
            for (Index k = k0; k < k1; ++k)
              std::fill(to + k * width_ + used, to + k * width_ + span, T(0));
          }
        }
      }
    });
  }
  Index count() const { return count_; }
  Index width() const { return width_; }
  const T* panel(Index p) const { return data_.data() + p * depth_ * width_; }

 private:
  Index depth_ = 0, width_ = 0, count_ = 0;
  Scratch<T> data_;
};

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_VECTOR_H_
