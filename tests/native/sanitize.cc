// Runs every cell over many shapes, masks and options, and the writer with it, without
// TensorFlow, to be built with sanitizers. In double, the gradients are checked by finite
// differences.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "cells.h"
#include "driver.h"
#include "threads.h"
#include "writer.h"

namespace keras_rnn_zoo {

template void product(int, int, const float* const*, Index, const float*, Index, Index,
                      float*, Index, Index);
template void product(int, int, const double* const*, Index, const double*, Index, Index,
                      double*, Index, Index);

namespace {

std::mt19937 generator(7);

template <typename T>
std::unique_ptr<T[]> random(Index size, double scale = 1) {
  // Exactly as large as needed, so that the sanitizer sees one element too many.
  std::unique_ptr<T[]> values(new T[size]);
  std::normal_distribution<double> normal(0, scale);
  for (Index i = 0; i < size; ++i) values[i] = normal(generator);
  return values;
}

int failures = 0;

template <typename T>
void run(const char* name, Index batch, Index time, Index features, Index units, int mask_kind, bool dropout,
         bool backwards, bool zero, bool all, Index thread_count) {
  const Cell<T>& cell = *find_cell<T>(name);
  const CellShape& shape = cell.shape;
  const Index gates = shape.gates * units, state = batch * units;
  const Index biases = shape.biases() * gates;
  auto x = random<T>(batch * time * features), kernel = random<T>(features * gates, 0.5);
  auto recurrent = random<T>(units * gates, 0.5), bias = random<T>(biases);
  auto peepholes = random<T>(shape.peepholes * units);
  auto factors = random<T>(batch * gates);
  std::unique_ptr<bool[]> mask(new bool[batch * time]);
  for (Index i = 0; i < batch * time; ++i) mask[i] = mask_kind == 1 && generator() % 3 != 0;
  Sequence<T> in;
  in.batch = batch, in.time = time, in.features = features, in.units = units;
  in.go_backwards = backwards, in.zero_output = zero;
  in.mask = mask_kind ? mask.get() : nullptr;
  in.x = x.get(), in.kernel = kernel.get(), in.recurrent = recurrent.get();
  in.bias = bias.get(), in.peepholes = peepholes.get();
  in.dropout = dropout ? factors.get() : nullptr;
  const Threads parallel(thread_count);

  std::unique_ptr<T[]> initial[2], final[2], d_final[2], d_initial[2];
  auto last = random<T>(state), outputs = random<T>(batch * time * units);
  auto d_last = random<T>(state), d_outputs = random<T>(batch * time * units);
  Outputs<T> out;
  Gradients<T> grad;
  for (int s = 0; s < shape.states; ++s) {
    initial[s] = random<T>(state), final[s] = random<T>(state);
    d_final[s] = random<T>(state), d_initial[s] = random<T>(state);
    out.initial[s] = initial[s].get(), out.final[s] = final[s].get();
    grad.final[s] = d_final[s].get(), grad.initial[s] = d_initial[s].get();
  }
  out.last = last.get(), out.all = all ? outputs.get() : nullptr;

  // The sum of all results, each times its d.
  const auto loss = [&] {
    double sum = 0;
    Driver<T> driver(cell, in, parallel);
    driver.forward({}, out);
    for (Index i = 0; i < state; ++i) sum += last[i] * d_last[i];
    for (Index i = 0; all && i < batch * time * units; ++i) sum += outputs[i] * d_outputs[i];
    for (int s = 0; s < shape.states; ++s)
      for (Index i = 0; i < state; ++i) sum += final[s][i] * d_final[s][i];
    return sum;
  };

  Driver<T> driver(cell, in, parallel);
  const Index slots = Slots(batch, time, in.mask).total();
  auto kept_gates = random<T>(slots * shape.slots * units);
  auto kept_states = random<T>(shape.kept() * slots * units);
  Kept<T> kept;
  if (slots) kept.gates = kept_gates.get(), kept.states = kept_states.get();
  driver.forward(kept, out);
  const T first = state ? last[0] : 0;

  std::unique_ptr<T[]> dk(new T[features * gates]()), du(new T[units * gates]());
  std::unique_ptr<T[]> db(new T[biases]()), dp(new T[shape.peepholes * units]());
  std::unique_ptr<T[]> dx(new T[batch * time * features]());
  grad.last = d_last.get(), grad.all = all ? d_outputs.get() : nullptr;
  grad.kernel = dk.get(), grad.recurrent = du.get(), grad.bias = db.get();
  grad.peepholes = dp.get(), grad.x = dx.get();
  driver.backward(kept, grad);

  loss();
  if (state && std::abs(double(last[0] - first)) > 1e-5) {
    ++failures;
    std::printf("inference and training differ\n");
  }
  if (sizeof(T) < 8) return;
  const auto check = [&](const char* name, std::unique_ptr<T[]>& values, Index size,
                         const std::unique_ptr<T[]>& gradient) {
    for (int trial = 0; trial < 2 && size > 0; ++trial) {
      const Index i = generator() % size;
      const T value = values[i], step = 1e-5;
      values[i] = value + step;
      const double above = loss();
      values[i] = value - step;
      const double slope = (above - loss()) / (2 * step);
      values[i] = value;
      if (std::abs(slope - gradient[i]) > 1e-6 * (1 + std::abs(slope))) {
        ++failures;
        std::printf("%s[%d]: %.9g, by differences %.9g\n", name, int(i),
                    double(gradient[i]), slope);
      }
    }
  };
  check("x", x, batch * time * features, dx);
  check("kernel", kernel, features * gates, dk);
  check("recurrent", recurrent, units * gates, du);
  check("bias", bias, biases, db);
  check("peepholes", peepholes, shape.peepholes * units, dp);
  for (int s = 0; s < shape.states; ++s) check("state", initial[s], state, d_initial[s]);
}

// What is written by several threads is what is written by one, and source by source.
template <typename T>
void write(const char* name, Index sources, Index steps, Index units, int layers, int beams,
           int groups, int kind, int rule) {
  const Cell<T>& cell = *find_cell<T>(name);
  const Index tokens = 13, embedding = 7, features = kind == 1 ? units : units + 2;
  const Index width = kind == 0 ? units : 9, keys = kind == 3 ? 5 : units;
  const Index gates = cell.shape.gates * units;
  std::vector<std::unique_ptr<T[]>> memory;
  const auto made = [&](Index size, double scale = 0.5) {
    return memory.emplace_back(random<T>(size, scale)).get();
  };
  Writing<T> in;
  in.sources = sources, in.steps = steps, in.features = features;
  in.embedding = embedding, in.units = units, in.width = width;
  in.embeddings = made(tokens * embedding), in.output = made(width * tokens);
  in.output_bias = made(tokens);
  std::unique_ptr<bool[]> mask(new bool[sources * steps]);
  for (Index i = 0; i < sources * steps; ++i) mask[i] = generator() % 3 != 0;
  in.mask = mask.get();
  Index more = 0;
  if (kind > 0) {  // products with the memory, with its keys; a network
    in.memory = made(sources * steps * features), in.keys = keys;
    in.combine = made((units + features) * width);
    if (kind > 1) in.memory_kernel = made(features * keys);
    if (kind == 3) {
      in.query_kernel = made(units * keys), in.query_bias = made(keys);
      in.score_kernel = made(keys);
    }
    in.query_before = kind == 3, in.input_feeding = kind == 2;
    more = kind == 3 ? features : kind == 2 ? width : 0;
  }
  for (int l = 0; l < layers; ++l) {
    WritingLayer<T> layer;
    layer.kernel = made((l ? units : embedding + more) * gates);
    layer.recurrent = made(units * gates), layer.bias = made(cell.shape.biases() * gates);
    layer.peepholes = made(cell.shape.peepholes * units);
    for (int s = 0; s < cell.shape.states; ++s) layer.initial[s] = made(sources * units);
    in.layers.push_back(layer);
  }
  Rules& rules = in.rules;
  rules.tokens = tokens, rules.length = 7, rules.least = rule % 3;
  rules.start = 1, rules.end = 2, rules.beams = beams, rules.groups = groups;
  rules.diversity = 0.5, rules.length_penalty = rule % 2;
  rules.coverage_penalty = kind && rule % 3 == 1 ? 0.3 : 0;
  std::unique_ptr<bool[]> allowed(new bool[sources * 3 * tokens]);
  for (Index i = 0; i < sources * 3 * tokens; ++i) allowed[i] = generator() % 4 != 0;
  if (rule == 2) {
    rules.allowed = allowed.get(), rules.allowed_sources = sources, rules.allowed_steps = 3;
    rules.transitions = allowed.get();  // as good as any other, and large enough
    if (sources * 3 < tokens) rules.transitions = nullptr;
  }
  const Index rows = sources * rules.rows(), size = rows * rules.length;
  std::vector<int32_t> found(size), again(size);
  std::vector<float> scores(rows), same(rows);
  Writer<T>(cell, in, Threads(1)).write(found.data(), scores.data());
  Writer<T>(cell, in, Threads(4)).write(again.data(), same.data());
  if (found != again || scores != same) {
    ++failures;
    std::printf("threads write something else\n");
  }
}

void write_all(const char* name) {
  int cases = 0;
  for (const Index units : {1, 16, 33}) {
    for (const Index sources : {1, 3, 40}) {
      for (int kind = 0; kind < 4; ++kind) {
        for (int rule = 0; rule < 3; ++rule) {
          const int beams = (kind + rule) % 3 * 3, layers = 1 + rule % 2;
          const Index steps = 1 + 5 * rule;
          write<float>(name, sources, steps, units, layers, beams, beams ? 3 : 1, kind, rule);
          write<double>(name, sources, steps, units, layers, beams, 1, kind, rule);
          cases += 2;
        }
      }
    }
  }
  write<float>(name, 200, 9, 64, 2, 6, 2, 2, 0);  // enough for four threads
  write<float>(name, 90, 9, 64, 1, 6, 1, 3, 1), cases += 2;
  std::printf("%s: written %d times\n", name, cases);
}

void run_all(const char* name) {
  const Index shapes[][4] = {{1, 1, 1, 1},  {1, 7, 3, 16},  {2, 5, 4, 17}, {9, 4, 70, 33},
                             {13, 6, 5, 64}, {3, 0, 2, 4},  {0, 3, 2, 4},  {5, 3, 1, 100}};
  int cases = 0;
  for (const auto& shape : shapes) {
    for (int mask = 0; mask < 3; ++mask) {  // none, gaps, nothing counts
      for (int bits = 0; bits < 16; bits += 3) {
        run<double>(name, shape[0], shape[1], shape[2], shape[3], mask, bits & 1, bits & 2,
                          bits & 4, bits & 8, 1 + bits % 4);
        run<float>(name, shape[0], shape[1], shape[2], shape[3], mask, bits & 1, bits & 2,
                         bits & 4, bits & 8, 1 + bits % 4);
        cases += 2;
      }
    }
  }
  // Large enough for several threads, and for gathering steps more than once.
  for (int mask = 0; mask < 2; ++mask) {
    run<float>(name, 40, 60, 40, 60, mask, mask, mask, false, true, 4), ++cases;
    run<double>(name, 9, 70, 3, 17, mask, mask, !mask, false, true, 1), ++cases;
  }
  std::printf("%s: %d cases\n", name, cases);
}

}  // namespace
}  // namespace keras_rnn_zoo

int main() {
  using namespace keras_rnn_zoo;
  run_all("simple_rnn");
  run_all("lstm");
  run_all("peephole_lstm");
  run_all("coupled_lstm");
  run_all("gru");
  run_all("gru_reset_before");
  for (const char* name : {"simple_rnn_relu", "peephole_lstm", "gru", "gru_reset_before"})
    write_all(name);
#ifndef __SANITIZE_THREAD__  // which does not follow a fork
  // A fork leaves the threads behind; the child has others.
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // rather than to wait for them for ever
    run<float>("lstm", 40, 60, 40, 60, 0, false, false, false, true, 4);
    _exit(failures != 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  if (status != 0) ++failures, std::printf("the child ended with %d\n", status);
#endif
  std::printf("failures: %d\n", failures);
  return failures != 0;
}
