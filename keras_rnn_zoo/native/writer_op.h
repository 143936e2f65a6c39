// The TensorFlow op of writer.h: shapes and checks around it. Part of ops.cc, as headers are
// most of what the compiler reads.
#ifndef KERAS_RNN_ZOO_WRITER_OP_H_
#define KERAS_RNN_ZOO_WRITER_OP_H_

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "op.h"
#include "threads.h"
#include "writing.h"

namespace keras_rnn_zoo {
namespace writing {
namespace {

// In their order. Behind them come the lists: kernels, recurrent kernels, biases and
// peepholes of the layers, and the states of the first layer, of the second one, ...
enum Input {
  kEmbeddings, kOutput, kOutputBias, kMemory, kMask, kMemoryKernel, kQueryKernel, kQueryBias,
  kScoreKernel, kCombine, kAllowed, kTransitions, kLists
};

// The attributes, which are read once.
struct Settings {
  std::string cell;
  CellShape shape;
  Rules rules;
  bool scaled, query_before, input_feeding;
  int64_t layers, threads;
};

void* create(TF_OpKernelConstruction* context) {
  auto settings = std::make_unique<Settings>();
  making(context, [&] {
    Reader reader(context);
    settings->cell = reader.word("cell");
    settings->shape = cell_shape(settings->cell);
    if (settings->shape.gates == 0)
      throw Error{TF_INVALID_ARGUMENT, "There is no cell \"" + settings->cell + "\"."};
    settings->layers = reader.number("layers");
    settings->threads = reader.number("threads");
    settings->scaled = reader.flag("scaled");
    settings->query_before = reader.flag("query_before");
    settings->input_feeding = reader.flag("input_feeding");
    Rules& rules = settings->rules;
    rules.start = reader.number("start");
    rules.end = reader.number("end");
    rules.length = reader.number("max_length");
    rules.least = reader.number("min_length");
    rules.beams = reader.number("beams");
    rules.groups = reader.number("groups");
    rules.diversity = reader.real("diversity");
    rules.length_penalty = reader.real("length_penalty");
    rules.coverage_penalty = reader.real("coverage_penalty");
    if (rules.length < 1 || rules.beams < 0 || rules.groups < 1 || rules.beams % rules.groups)
      throw Error{TF_INVALID_ARGUMENT,
                  "`max_length` must be at least 1, and `groups` divide `beams`."};
  });
  return settings.release();
}

void destroy(void* kernel) { delete static_cast<Settings*>(kernel); }

// One call: its inputs, all checked.
class Call : public Tensors {
 public:
  Call(TF_OpKernelContext* context, const Settings& settings)
      : Tensors(context), settings_(settings) {
    const CellShape& cell = settings.shape;
    const int n = settings.layers;
    if (inputs() != kLists + n * (4 + cell.states))
      throw Error{TF_INVALID_ARGUMENT, "There must be weights and states of each layer."};
    ranked(kEmbeddings, "embeddings", 2), ranked(kMask, "mask", 2);
    in.rules = settings.rules;
    const Index tokens = in.rules.tokens = input(kEmbeddings).shape()[0];
    in.embedding = input(kEmbeddings).shape()[1];
    in.sources = input(kMask).shape()[0], in.steps = input(kMask).shape()[1];
    in.units = ranked(kLists + n, "recurrent_kernels", 2)[0];
    in.query_before = settings.query_before, in.input_feeding = settings.input_feeding;
    const Index u = in.units;
    in.width = u;
    in.embeddings = input(kEmbeddings).data();
    in.mask = input(kMask).data<bool>();
    if (given(kMemory)) attention();
    in.output = need(kOutput, "output_kernel", {in.width, tokens});
    in.output_bias = given(kOutputBias) ? need(kOutputBias, "output_bias", {tokens}) : nullptr;
    for (const int token : {in.rules.start, in.rules.end})
      if (token < 0 || token >= tokens)
        throw Error{TF_INVALID_ARGUMENT, "`start` and `end` must be tokens."};
    if (given(kAllowed)) {
      const Shape& shape = ranked(kAllowed, "allowed", 3);
      in.rules.allowed = input(kAllowed).data<bool>();
      in.rules.allowed_sources = shape[0], in.rules.allowed_steps = shape[1];
      if (shape[2] != tokens || shape[1] < 1 || (shape[0] != 1 && shape[0] != in.sources))
        refuse("allowed", "shape " + text({in.sources, 1, tokens}), shape);
    }
    if (given(kTransitions)) {
      need(kTransitions, "transitions", {tokens, tokens});
      in.rules.transitions = input(kTransitions).data<bool>();
    }
    for (int l = 0; l < n; ++l) {
      WritingLayer<T> layer;
      const Index columns = cell.gates * u, features = l == 0 ? first_features() : u;
      layer.kernel = need(kLists + l, "kernels", {features, columns});
      layer.recurrent = need(kLists + n + l, "recurrent_kernels", {u, columns});
      if (given(kLists + 2 * n + l)) {
        const int64_t biases = cell.biases();
        layer.bias = need(kLists + 2 * n + l, "biases",
                          biases == 1 ? Shape{columns} : Shape{biases, columns});
      }
      if (cell.peepholes > 0)
        layer.peepholes = need(kLists + 3 * n + l, "peepholes", {cell.peepholes * u});
      for (int s = 0; s < cell.states; ++s)
        layer.initial[s] =
            need(kLists + 4 * n + l * cell.states + s, "states", {in.sources, u});
      in.layers.push_back(layer);
    }
  }

  Writing<T> in;

 private:
  void attention() {
    const Shape& memory = ranked(kMemory, "memory", 3);
    if (memory[0] != in.sources || memory[1] != in.steps)
      refuse("memory", "the sources and steps of the mask", memory);
    in.memory = input(kMemory).data();
    in.features = memory[2];
    in.width = ranked(kCombine, "combine_kernel", 2)[1];
    in.combine = need(kCombine, "combine_kernel", {in.units + in.features, in.width});
    in.keys = in.units;
    if (given(kQueryKernel)) {
      in.keys = ranked(kQueryKernel, "query_kernel", 2)[1];
      in.query_kernel = need(kQueryKernel, "query_kernel", {in.units, in.keys});
      in.query_bias = need(kQueryBias, "query_bias", {in.keys});
      in.score_kernel = need(kScoreKernel, "score_kernel", {in.keys});
    }
    if (given(kMemoryKernel)) {
      in.memory_kernel = need(kMemoryKernel, "memory_kernel", {in.features, in.keys});
    } else if (in.features != in.keys) {
      refuse("memory", "the width of the query", memory);
    }
    if (settings_.scaled) in.divisor = std::sqrt(T(in.units));
  }
  Index first_features() const {
    return in.embedding + (in.query_before ? in.features : in.input_feeding ? in.width : 0);
  }
  const Shape& ranked(int i, const char* name, int rank) const {
    const Shape& shape = input(i).shape();
    if (int(shape.size()) != rank) refuse(name, std::to_string(rank) + " dimensions", shape);
    return shape;
  }
  T* need(int i, const char* name, const Shape& shape) const {
    if (input(i).shape() != shape) refuse(name, "shape " + text(shape), input(i).shape());
    return input(i).data();
  }
  [[noreturn]] void refuse(const char* name, const std::string& expected,
                           const Shape& received) const {
    throw Error{TF_INVALID_ARGUMENT, "`" + std::string(name) + "` must have " + expected +
                                         ". Received: shape " + text(received) + "."};
  }

  const Settings& settings_;
};

void compute(void* kernel, TF_OpKernelContext* context) {
  running(context, [&] {
    const auto& settings = *static_cast<Settings*>(kernel);
    Call call(context, settings);
    const Writing<T>& in = call.in;
    const Index rows = in.rules.rows();
    Shape tokens{in.sources, in.rules.length}, scores{in.sources};
    if (in.rules.beams > 0) tokens.insert(tokens.begin() + 1, rows), scores.push_back(rows);
    auto* const written = call.output<int32_t>(0, tokens, TF_INT32);
    auto* const scored = call.output<float>(1, scores, TF_FLOAT);
    if (in.sources == 0) return;
    write(settings.cell, in, Threads(settings.threads), written, scored);
  });
}

#ifdef KERAS_RNN_ZOO_REGISTER

void unknown_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

const bool declared = [] {
  TF_OpDefinitionBuilder* const op = TF_NewOpDefinitionBuilder("KerasRnnZoo>Write");
  for (const char* attribute :
       {"T: {float, double}", "cell: string", "layers: int >= 1", "N: int >= 1",
        "scaled: bool", "query_before: bool", "input_feeding: bool", "start: int", "end: int",
        "max_length: int", "min_length: int", "beams: int", "groups: int", "diversity: float",
        "length_penalty: float", "coverage_penalty: float", "threads: int = 0"})
    TF_OpDefinitionBuilderAddAttr(op, attribute);
  for (const char* input :
       {"embeddings: T", "output_kernel: T", "output_bias: T", "memory: T", "mask: bool",
        "memory_kernel: T", "query_kernel: T", "query_bias: T", "score_kernel: T",
        "combine_kernel: T", "allowed: bool", "transitions: bool", "kernels: layers * T",
        "recurrent_kernels: layers * T", "biases: layers * T", "peepholes: layers * T",
        "states: N * T"})
    TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : {"tokens: int32", "scores: float"})
    TF_OpDefinitionBuilderAddOutput(op, output);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, unknown_shapes);
  Status status;
  TF_RegisterOpDefinition(op, status);
  return true;
}();

#endif  // KERAS_RNN_ZOO_REGISTER

const bool implemented = [] {
  implement("KerasRnnZoo>Write", create, compute, destroy);
  return true;
}();

}  // namespace
}  // namespace writing
}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_WRITER_OP_H_
