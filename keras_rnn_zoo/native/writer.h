// A decoder that writes by itself: for each step the embedding of the last token, the
// cells, attention, the output layer, and the choice of choice.h. The same as `decode` of
// an EncoderDecoder, which is the place to read.
//
// A thread carries its sources through to their ends, all their rows together, and drops
// what has ended. What does not depend on what is written is computed once: keys and, where
// the query comes after the cell, m_j W_c of the second half of tanh([h ; c] W), so that a
// step adds Σ_j α_j (m_j W_c) and multiplies nothing by it; and for each token E[y] W + b,
// when it is first written.
#ifndef KERAS_RNN_ZOO_WRITER_H_
#define KERAS_RNN_ZOO_WRITER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "block.h"
#include "choice.h"
#include "functions.h"
#include "writing.h"

namespace keras_rnn_zoo {

// Made once, in driver.cc.
extern template void product(int, int, const float* const*, Index, const float*, Index, Index,
                             float*, Index, Index);
extern template void product(int, int, const double* const*, Index, const double*, Index,
                             Index, double*, Index, Index);

// Columns of a matrix of weights, which rows are multiplied by: packed where there are many
// rows, otherwise where they lie.
template <typename T>
class Weights {
 public:
  // Element (k, c) is at from[k * stride + c].
  void set(const T* from, Index depth, Index columns, Index stride, Index rows,
           const Parallel& parallel) {
    depth_ = depth, columns_ = columns, from_ = from, stride_ = stride;
    vectors_ = vectors_per_gate<T>(columns, kMaxVectors);
    packed_ = rows > kFew || columns % Vector<T>::size != 0;
    if (packed_) panels_.pack(from, depth, columns, 1, vectors_, stride, 1, parallel);
  }
  // to[r * row + c] += a[r] · column c, for n rows. Behind the last column it may add 0, up
  // to what `room` says.
  void add(Index n, const T* const* a, T* to, Index row) const {
    const Index span = vectors_ * Vector<T>::size;
    for (Index p = 0; p * span < columns_; ++p) {
      const T* const panel = packed_ ? panels_.panel(p) : from_ + p * span;
      const Index left = (columns_ - p * span + Vector<T>::size - 1) / Vector<T>::size;
      const int vectors = packed_ ? vectors_ : std::min<Index>(vectors_, left);
      in_blocks(n, rows_for(vectors), [&](Index i, int rows) {
        product(rows, vectors, a + i, Index(1), panel, packed_ ? span : stride_, depth_,
                to + i * row + p * span, row, Index(vectors - 1));
      });
    }
  }
  // How many numbers apart rows of so many columns are to be.
  static Index room(Index columns) { return columns + kMaxVectors * Vector<T>::size; }

 private:
  static constexpr Index kFew = 16;
  Index depth_ = 0, columns_ = 0, stride_ = 0;
  const T* from_ = nullptr;
  int vectors_ = 1;
  bool packed_ = false;
  Panels<T> panels_;
};

template <typename T>
class Writer {
 public:
  using V = Vector<T>;

  Writer(const Cell<T>& cell, const Writing<T>& in, const Parallel& parallel)
      : cell_(cell),
        gates_(cell.shape.gates),
        states_(cell.shape.states),
        slots_(cell.shape.slots),
        in_(in),
        rows_(in.rules.rows()),
        keys_width_(in.memory_kernel ? in.keys : in.features),
        values_width_(in.query_before ? in.features : in.width),
        layers_(in.layers.size()),
        parallel_(parallel) {
    const Index u = in.units, rows = in.sources * rows_, memory = in.sources * in.steps;
    const auto set = [&](Weights<T>& weights, const T* from, Index depth, Index columns,
                         Index stride, Index rows) {
      if (from) weights.set(from, depth, columns, stride, rows, parallel);
    };
    const bool more = in.query_before || in.input_feeding;
    for (Index l = 0; l < layers_.size(); ++l) {
      const WritingLayer<T>& given = in.layers[l];
      Layer& layer = layers_[l];
      const Index direct = cell.shape.direct() * u, columns = gates_ * u;
      const Index features = l == 0 ? in.embedding : u;
      // A token is multiplied once.
      set_input(layer.input, given.kernel, features, l == 0 ? in.rules.tokens : rows);
      if (l == 0 && more) {
        set_input(layer.more, given.kernel + features * columns,
                  in.query_before ? in.features : in.width, rows);
      }
      set(layer.direct, given.recurrent, u, direct, columns, rows);
      if (cell.shape.reset_first) set(layer.reset, given.recurrent + direct, u, u, columns, rows);
      layer.bias.assign(slots_ * u, T(0));
      for (Index j = 0; given.bias && j < gates_ * u; ++j) {
        const bool moved = slots_ != gates_ && j >= (gates_ - 1) * u;
        layer.bias[moved ? j + u : j] += given.bias[j];
        if (slots_ != gates_) layer.bias[j] += given.bias[gates_ * u + j];
      }
    }
    set(output_, in.output, in.width, in.rules.tokens, in.rules.tokens, rows);
    if (!in.memory) return;
    set(keys_, in.memory_kernel, in.features, in.keys, in.keys, memory);
    set(query_, in.query_kernel, u, in.keys, in.keys, rows);
    set(combine_, in.combine, u, in.width, in.width, rows);
    set(context_, in.combine + u * in.width, in.features, in.width, in.width,
        in.query_before ? rows : memory);
  }

  // Tokens (sources, rows, length) and scores (sources, rows).
  void write(int32_t* tokens, float* scores) const {
    const Index u = in_.units, rows = in_.sources * rows_;
    const Index step = layers_.size() * u * gates_ * u + in_.width * (u + in_.rules.tokens);
    const Index work = rows * step * std::min(in_.rules.length, 2 * in_.steps);
    const Index wanted = std::max(parallel_.worth(work), (rows + kMostRows - 1) / kMostRows);
    const Index parts = std::min(wanted, in_.sources);
    parallel_(work, parts, [&](Index part) {
      std::vector<Index> sources;
      for (Index i = part; i < in_.sources; i += parts) sources.push_back(i);
      write_some(sources, tokens, scores);
    });
  }

 private:
  // Rows that are carried together: more are no faster, and leave the cache.
  static constexpr Index kMostRows = 512;
  // Tokens whose products are kept.
  static constexpr Index kMostTokens = 1024;

  // x W of all gates: the last one may have a slot of its own, behind that of h U.
  struct Input {
    Weights<T> first, last;
    Index moved = 0;  // where the last one goes; 0: `first` is all

    void add(Index n, const T* const* a, T* to, Index row) const {
      first.add(n, a, to, row);
      if (moved) last.add(n, a, to + moved, row);
    }
  };
  struct Layer {
    Input input, more;  // more: of what the first layer is given beside the token
    Weights<T> direct, reset;
    std::vector<T> bias;  // by slot
  };

  void set_input(Input& input, const T* kernel, Index features, Index rows) const {
    const Index u = in_.units, columns = gates_ * u;
    const bool moved = slots_ != gates_;
    input.first.set(kernel, features, moved ? columns - u : columns, columns, rows, parallel_);
    if (!moved) return;
    input.moved = (slots_ - 1) * u;
    input.last.set(kernel + columns - u, features, u, columns, rows, parallel_);
  }

  // What is ready of a source: its steps that count.
  struct Memory {
    std::vector<const T*> keys, values;
  };
  // Rows of numbers.
  struct Rows {
    Scratch<T> numbers;
    Index apart = 0;
    void resize(Index n, Index columns) {
      apart = Weights<T>::room(columns);
      numbers.resize(n * apart);
    }
    T* operator[](Index i) { return numbers.data() + i * apart; }
    void zero(Index n) { std::fill_n(numbers.data(), n * apart, T(0)); }
  };

  // The products of tokens with the first layer's kernel, and its bias, by slot.
  class Tokens {
   public:
    Tokens(const Writer& writer, Index rows)
        : writer_(writer), place_(writer.in_.rules.tokens, -1) {
      most_ = rows + std::min(kMostTokens, Index(place_.size()));
      products_.resize(most_, writer.slots_ * writer.in_.units);
    }
    // to[i] = the products of tokens[i].
    void write(const std::vector<int>& tokens, Rows& to) {
      const std::vector<T>& bias = writer_.layers_[0].bias;
      if (count_ + Index(tokens.size()) > most_) {  // begin again: memory has its limits
        std::fill(place_.begin(), place_.end(), -1);
        count_ = 0;
      }
      const Index first = count_;
      embedded_.clear();
      for (const int token : tokens) {
        if (place_[token] >= 0) continue;
        place_[token] = count_;
        std::copy(bias.begin(), bias.end(), products_[count_++]);
        embedded_.push_back(writer_.in_.embeddings + token * writer_.in_.embedding);
      }
      writer_.layers_[0].input.add(count_ - first, embedded_.data(), products_[first],
                                   products_.apart);
      for (std::size_t i = 0; i < tokens.size(); ++i)
        std::copy_n(products_[place_[tokens[i]]], bias.size(), to[i]);
    }

   private:
    const Writer& writer_;
    std::vector<Index> place_;
    std::vector<const T*> embedded_;
    Rows products_;
    Index count_ = 0, most_ = 0;
  };

  // One row at one step.
  struct Row {
    const Memory* memory;
    Index own, before;  // its number among all rows, and that of what it continues
  };

  void write_some(const std::vector<Index>& sources, int32_t* tokens, float* scores) const {
    const Index u = in_.units, n = sources.size() * rows_, length = in_.rules.length;
    const Index depth = layers_.size() * states_ * u;
    std::vector<Memory> memory(sources.size());
    Scratch<T> keys, values;
    read(sources, memory, keys, values);
    // The states of all rows, before a step and behind it, in turn.
    Scratch<T> states(2 * n * depth), feeding(in_.input_feeding ? 2 * n * in_.width : 0);
    const auto state = [&](Index turn, Index row, Index l, int s) {
      return states.data() + ((turn & 1) * n + row) * depth + (l * states_ + s) * u;
    };
    const auto fed = [&](Index turn, Index row) {
      return feeding.data() + ((turn & 1) * n + row) * in_.width;
    };
    if (in_.input_feeding) feeding.zero();
    std::vector<std::unique_ptr<Choice<T>>> choices;
    Index most = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const Index steps = memory[i].values.size();
      most = std::max(most, steps);
      if (in_.rules.beams > 0) {
        choices.push_back(std::make_unique<Beams<T>>(in_.rules, sources[i], steps));
      } else {
        choices.push_back(std::make_unique<Greedy<T>>(in_.rules, sources[i], steps));
      }
      for (Index k = 0; k < rows_; ++k)
        for (std::size_t l = 0; l < layers_.size(); ++l)
          for (int s = 0; s < states_; ++s)
            std::copy_n(in_.layers[l].initial[s] + sources[i] * u, u,
                        state(0, i * rows_ + k, l, s));
    }

    Tokens embedded(*this, n);
    Rows gates, slots, reset, resets, query, context, a, output, attention;
    gates.resize(n, slots_ * u), a.resize(n, in_.width);
    output.resize(n, in_.rules.tokens);
    if (cell_.shape.reset_first)
      reset.resize(n, u), resets.resize(n, u), slots.resize(n, slots_ * u);
    if (in_.memory) attention.resize(n, most), context.resize(n, in_.features);
    if (in_.query_kernel) query.resize(n, in_.keys);
    std::vector<T> hidden(in_.query_kernel ? in_.keys : 0), each(in_.rules.tokens);

    std::vector<Row> rows;
    std::vector<int> last;
    std::vector<const T*> left(n);
    std::vector<Line<T>> lines(n);
    std::vector<const T*> log_p(rows_), looked(rows_);
    std::vector<Index> going(sources.size());
    std::iota(going.begin(), going.end(), Index(0));
    for (Index t = 0; t < length; ++t) {
      going.erase(std::remove_if(going.begin(), going.end(),
                                 [&](Index i) { return !choices[i]->goes_on(t); }),
                  going.end());
      if (going.empty()) break;
      rows.clear(), last.clear();
      for (const Index i : going) {
        const Choice<T>& choice = *choices[i];
        for (Index k = 0; k < rows_; ++k) {
          if (!choice.alive[k]) continue;
          rows.push_back({&memory[i], i * rows_ + k, i * rows_ + choice.parent[k]});
          last.push_back(choice.token[k]);
        }
      }
      const Index count = rows.size(), top = layers_.size() - 1;
      const auto all = [&](const auto& where) {
        for (Index r = 0; r < count; ++r) left[r] = where(r);
        return left.data();
      };
      embedded.write(last, gates);
      if (in_.query_before) {
        look(rows, all([&](Index r) { return state(t, rows[r].before, top, 0); }), query,
             hidden, attention);
        context.zero(count);
        add_values(rows, attention, context);
        layers_[0].more.add(count, all([&](Index r) { return context[r]; }), gates[0],
                            gates.apart);
      }
      if (in_.input_feeding) {
        layers_[0].more.add(count, all([&](Index r) { return fed(t, rows[r].before); }),
                            gates[0], gates.apart);
      }
      for (Index l = 0; l <= top; ++l) {
        const Layer& layer = layers_[l];
        if (l > 0) {
          for (Index r = 0; r < count; ++r)
            std::copy(layer.bias.begin(), layer.bias.end(), gates[r]);
          layer.input.add(count, all([&](Index r) { return state(t + 1, rows[r].own, l - 1, 0); }),
                          gates[0], gates.apart);
        }
        for (Index r = 0; r < count; ++r) {
          Line<T>& line = lines[r] = Line<T>{};
          for (int s = 0; s < states_; ++s) {
            line.prev[s] = state(t, rows[r].before, l, s);
            line.next[s] = state(t + 1, rows[r].own, l, s);
          }
          if (cell_.shape.reset_first) line.slots = slots[r], line.reset = reset[r];
        }
        layer.direct.add(count, all([&](Index r) { return lines[r].prev[0]; }), gates[0],
                         gates.apart);
        const int vectors = (u + V::size - 1) / V::size;
        Block<T> block{lines.data(), int(count), u,     0,       vectors, gates[0],
                       gates.apart,  u,          false, in_.layers[l].peepholes, nullptr};
        if (cell_.shape.reset_first) {
          cell_.reset(block);
          resets.zero(count);
          layer.reset.add(count, all([&](Index r) { return lines[r].reset; }), resets[0],
                          resets.apart);
          block.tile = resets[0], block.row = resets.apart, block.span = 0;
        }
        cell_.forward(block);
      }
      const auto h = [&](Index r) { return state(t + 1, rows[r].own, top, 0); };
      const auto written = [&](Index r) { return in_.memory ? a[r] : h(r); };
      if (in_.memory) {
        if (!in_.query_before) look(rows, all(h), query, hidden, attention);
        a.zero(count);
        combine_.add(count, all(h), a[0], a.apart);
        if (in_.query_before) {
          context_.add(count, all([&](Index r) { return context[r]; }), a[0], a.apart);
        } else {
          add_values(rows, attention, a);
        }
        for (Index r = 0; r < count; ++r) {
          tanh_in_place(a[r], in_.width);
          if (in_.input_feeding) std::copy_n(a[r], in_.width, fed(t + 1, rows[r].own));
        }
      }
      for (Index r = 0; r < count; ++r) {
        if (in_.output_bias) {
          std::copy_n(in_.output_bias, in_.rules.tokens, output[r]);
        } else {
          std::fill_n(output[r], in_.rules.tokens, T(0));
        }
      }
      output_.add(count, all(written), output[0], output.apart);
      for (Index r = 0; r < count; ++r) log_softmax(output[r], each);
      Index r = 0;
      for (const Index i : going) {
        for (Index k = 0; k < rows_; ++k) {
          if (!choices[i]->alive[k]) continue;
          log_p[k] = output[r];
          looked[k] = in_.memory ? attention[r] : nullptr;
          ++r;
        }
        choices[i]->choose(t, log_p.data(), looked.data());
      }
    }
    for (const auto& choice : choices) {
      const Index first = choice->source() * rows_;
      choice->finish(tokens + first * length, scores + first);
    }
  }

  // Keys and values of some sources.
  void read(const std::vector<Index>& sources, std::vector<Memory>& memory, Scratch<T>& keys,
            Scratch<T>& values) const {
    if (!in_.memory) return;
    std::vector<const T*> given;
    for (const Index source : sources)
      for (Index j = 0; j < in_.steps; ++j)
        if (in_.mask[source * in_.steps + j])
          given.push_back(in_.memory + (source * in_.steps + j) * in_.features);
    const Index n = given.size();
    const auto product = [&](const Weights<T>& weights, Index columns, Scratch<T>& to) {
      const Index apart = Weights<T>::room(columns);
      to.resize(n * apart);
      to.zero();
      weights.add(n, given.data(), to.data(), apart);
    };
    if (in_.memory_kernel) product(keys_, keys_width_, keys);
    if (!in_.query_before) product(context_, values_width_, values);
    Index at = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      for (Index j = 0; j < in_.steps; ++j) {
        if (!in_.mask[sources[i] * in_.steps + j]) continue;
        memory[i].keys.push_back(
            in_.memory_kernel ? keys.data() + at * Weights<T>::room(keys_width_) : given[at]);
        memory[i].values.push_back(
            in_.query_before ? given[at] : values.data() + at * Weights<T>::room(values_width_));
        ++at;
      }
    }
  }

  // α of each row, in attention[r]: the softmax of its scores.
  void look(const std::vector<Row>& rows, const T* const* queries, Rows& query,
            std::vector<T>& hidden, Rows& attention) const {
    const Index count = rows.size();
    if (in_.query_kernel) {
      for (Index r = 0; r < count; ++r) std::copy_n(in_.query_bias, in_.keys, query[r]);
      query_.add(count, queries, query[0], query.apart);
    }
    for (Index r = 0; r < count; ++r) {
      const std::vector<const T*>& keys = rows[r].memory->keys;
      const Index steps = keys.size();
      T* const to = attention[r];
      for (Index j = 0; j < steps; ++j) {
        if (in_.query_kernel) {
          for (Index i = 0; i < in_.keys; ++i) hidden[i] = query[r][i] + keys[j][i];
          tanh_in_place(hidden.data(), in_.keys);
          to[j] = dot(hidden.data(), in_.score_kernel, in_.keys);
        } else {
          to[j] = dot(queries[r], keys[j], keys_width_) / in_.divisor;
        }
      }
      if (steps == 0) continue;
      const T top = *std::max_element(to, to + steps);
      for (Index j = 0; j < steps; ++j) to[j] -= top;
      exp_in_place(to, steps);
      const T sum = std::accumulate(to, to + steps, T(0));
      for (Index j = 0; j < steps; ++j) to[j] /= sum;
    }
  }

  // to[r] += Σ_j α_j value_j
  void add_values(const std::vector<Row>& rows, Rows& attention, Rows& to) const {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const std::vector<const T*>& values = rows[r].memory->values;
      for (Index c = 0; c < values_width_; c += V::size) {
        const Index left = values_width_ - c;
        V sum = V::load(to[r] + c, left);
        for (std::size_t j = 0; j < values.size(); ++j)
          sum = sum + V::fill(attention[r][j]) * V::load(values[j] + c, left);
        sum.store(to[r] + c, left);
      }
    }
  }

  static T dot(const T* a, const T* b, Index count) {
    V sum = V::fill(T(0));
    for (Index i = 0; i < count; i += V::size)
      sum = sum + V::load(a + i, count - i) * V::load(b + i, count - i);
    T parts[V::size];
    sum.store(parts);
    return std::accumulate(parts, parts + V::size, T(0));
  }

  void log_softmax(T* x, std::vector<T>& each) const {
    const Index count = in_.rules.tokens;
    const T top = *std::max_element(x, x + count);
    for (Index v = 0; v < count; ++v) each[v] = x[v] -= top;
    exp_in_place(each.data(), count);
    const T log_sum = std::log(std::accumulate(each.begin(), each.end(), T(0)));
    for (Index v = 0; v < count; ++v) x[v] -= log_sum;
  }

  const Cell<T>& cell_;
  const int gates_, states_, slots_;
  const Writing<T>& in_;
  const Index rows_, keys_width_, values_width_;
  std::vector<Layer> layers_;
  Weights<T> output_, keys_, query_, combine_, context_;
  const Parallel& parallel_;
};

}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_WRITER_H_
