// The TensorFlow ops: shapes and checks around the driver. Built once for float and once
// for double, with KERAS_RNN_ZOO_TYPE.
#include <memory>
#include <string>
#include <vector>

#include "op.h"
#include "threads.h"
#include "writer_op.h"

namespace keras_rnn_zoo {
namespace {

// The attributes, which are read once.
struct Attributes {
  std::string cell;
  CellShape shape;
  bool go_backwards, zero_output, return_sequences = false, keep = false, sequences = false;
  int64_t threads;
};

template <bool kForward>
void* create(TF_OpKernelConstruction* context) {
  auto attributes = std::make_unique<Attributes>();
  making(context, [&] {
    Reader reader(context);
    attributes->cell = reader.word("cell");
    attributes->go_backwards = reader.flag("go_backwards");
    attributes->zero_output = reader.flag("zero_output_for_mask");
    attributes->threads = reader.number("threads");
    if (kForward) {
      attributes->return_sequences = reader.flag("return_sequences");
      attributes->keep = reader.flag("keep");
    } else {
      attributes->sequences = reader.flag("d_sequences_wanted");
    }
    attributes->shape = cell_shape(attributes->cell);
    if (attributes->shape.gates == 0)
      throw Error{TF_INVALID_ARGUMENT, "There is no cell \"" + attributes->cell + "\"."};
  });
  return attributes.release();
}

void destroy(void* kernel) { delete static_cast<Attributes*>(kernel); }

// One call of an op: its inputs, all checked, and its outputs.
class Call : public Tensors {
 public:
  Call(TF_OpKernelContext* context, const Attributes& attributes)
      : Tensors(context), cell_(attributes.shape) {
    const Shape &x = input(0).shape(), &recurrent = input(3).shape();
    if (x.size() != 3)
      refuse("sequences", "three dimensions, (batch, time, features)", x);
    if (recurrent.size() != 2) refuse("recurrent_kernel", "two dimensions", recurrent);
    in.batch = x[0], in.time = x[1], in.features = x[2], in.units = recurrent[0];
    in.go_backwards = attributes.go_backwards;
    in.zero_output = attributes.zero_output;
    const Index u = in.units, gates = cell_.gates;
    need(2, "kernel", {in.features, gates * u});
    need(3, "recurrent_kernel", {u, gates * u});
    if (given(4)) {
      const int64_t biases = cell_.biases();
      need(4, "bias", biases == 1 ? Shape{gates * u} : Shape{biases, gates * u});
    }
    if (cell_.peepholes > 0 || given(5)) need(5, "peepholes", {cell_.peepholes * u});
    if (given(6)) need(6, "dropout", {in.batch, gates, u});
    if (given(1)) {
      const Shape &mask = input(1).shape(), plain{in.batch, in.time};
      if (mask != plain && mask != Shape{in.batch, in.time, 1})
        refuse("mask", "shape " + text(plain), mask);
    }
    in.mask = input(1).data<bool>();
    in.x = input(0).data();
    in.kernel = input(2).data();
    in.recurrent = input(3).data();
    in.bias = input(4).data();
    in.peepholes = input(5).data();
    in.dropout = input(6).data();
  }

  Shape state() const { return {in.batch, in.units}; }

  // Input `i`, which must have this shape.
  T* need(int i, const char* name, const Shape& shape) const {
    if (input(i).shape() != shape) refuse(name, "shape " + text(shape), input(i).shape());
    return input(i).data();
  }
  // The states begin at input `first`, and must have the shape of the state.
  void need_states(int first, const char* name, const T** states) const {
    if (inputs() != first + cell_.states)
      throw Error{TF_INVALID_ARGUMENT, "`" + std::string(name) + "` must hold " +
                                           std::to_string(cell_.states) +
                                           " tensors. Received: " +
                                           std::to_string(inputs() - first)};
    for (int s = 0; s < cell_.states; ++s) states[s] = need(first + s, name, state());
  }
  bool nothing() const { return in.batch * in.units == 0; }

  Sequence<T> in;

 private:
  [[noreturn]] void refuse(const char* name, const std::string& expected,
                           const Shape& received) const {
    throw Error{TF_INVALID_ARGUMENT,
                "`" + std::string(name) + "` must have " + expected +
                    ". Received: shape " + text(received) + ", with sequences " +
                    text(input(0).shape()) + " and " + std::to_string(in.units) +
                    " units."};
  }

  const CellShape cell_;
};

void run_forward(Call& call, const Attributes& attributes) {
  const Sequence<T>& in = call.in;
  const CellShape& cell = attributes.shape;
  Outputs<T> out;
  call.need_states(7, "initial_states", out.initial);
  out.last = call.output(0, call.state());
  const bool all = attributes.return_sequences;
  T* const outputs = call.output(1, {in.batch, all ? in.time : 0, in.units});
  out.all = all ? outputs : nullptr;
  const Index slots = attributes.keep ? Slots(in.batch, in.time, in.mask).total() : 0;
  Kept<T> kept;
  kept.gates = call.output(2, {slots, cell.slots, in.units});
  kept.states = call.output(3, {cell.kept(), slots, in.units});
  for (int s = 0; s < cell.states; ++s) out.final[s] = call.output(4 + s, call.state());
  if (call.nothing()) return;
  forward(attributes.cell, in, Threads(attributes.threads), kept, out);
}

void run_backward(Call& call, const Attributes& attributes) {
  const Sequence<T>& in = call.in;
  const CellShape& cell = attributes.shape;
  const Index slots = Slots(in.batch, in.time, in.mask).total();
  Kept<T> kept;  // only forward writes to it
  kept.gates = call.need(7, "gates", {slots, cell.slots, in.units});
  kept.states = call.need(8, "kept", {cell.kept(), slots, in.units});
  Gradients<T> grad;
  grad.last = call.need(9, "d_last", call.state());
  const bool all = call.input(10).shape() != Shape{in.batch, 0, in.units};
  grad.all = all ? call.need(10, "d_outputs", {in.batch, in.time, in.units}) : nullptr;
  call.need_states(11, "d_states", grad.final);
  const int given[] = {0, 2, 3, 4, 5};  // the inputs that have a gradient
  T** const results[] = {&grad.x, &grad.kernel, &grad.recurrent, &grad.bias,
                         &grad.peepholes};
  for (int i = 0; i < 5; ++i) {
    const bool wanted = i > 0 || attributes.sequences;
    *results[i] = call.output(i, wanted ? call.input(given[i]).shape() : Shape{0});
    if (call.nothing() && *results[i])
      std::fill_n(*results[i], call.input(given[i]).size(), T(0));
  }
  for (int s = 0; s < cell.states; ++s) grad.initial[s] = call.output(5 + s, call.state());
  if (call.nothing()) return;
  backward(attributes.cell, in, Threads(attributes.threads), kept, grad);
}

template <void run(Call&, const Attributes&)>
void compute(void* kernel, TF_OpKernelContext* context) {
  running(context, [&] {
    const auto& attributes = *static_cast<Attributes*>(kernel);
    Call call(context, attributes);
    run(call, attributes);
  });
}

#ifdef KERAS_RNN_ZOO_REGISTER

void forward_shape(TF_ShapeInferenceContext* context, TF_Status* status) {
  Inference infer(context, status);
  TF_ShapeHandle *x = infer.input(0, 3), *recurrent = infer.input(3, 2);
  TF_ShapeHandle* state = infer.firsts(x, recurrent);
  infer.output(0, state);
  for (int i = 7; i < infer.inputs(); ++i) infer.output(i - 3, state);
}

void backward_shape(TF_ShapeInferenceContext* context, TF_Status* status) {
  Inference infer(context, status);
  for (int i = 1; i < 5; ++i) infer.output(i, infer.input(1 + i));
  for (int i = 11; i < infer.inputs(); ++i) infer.output(i - 6, infer.input(9));
}

void declare(const char* name, std::vector<const char*> attributes,
             std::vector<const char*> inputs, std::vector<const char*> outputs,
             void shapes(TF_ShapeInferenceContext*, TF_Status*)) {
  TF_OpDefinitionBuilder* const op = TF_NewOpDefinitionBuilder(name);
  for (const char* attribute : {"T: {float, double}", "cell: string", "go_backwards: bool",
                                "zero_output_for_mask: bool", "threads: int = 0"})
    TF_OpDefinitionBuilderAddAttr(op, attribute);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  for (const char* input : {"sequences: T", "mask: bool", "kernel: T",
                            "recurrent_kernel: T", "bias: T", "peepholes: T", "dropout: T"})
    TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, shapes);
  Status status;
  TF_RegisterOpDefinition(op, status);
}

const bool declared = [] {
  declare("KerasRnnZoo>Forward", {"return_sequences: bool", "keep: bool", "N: int >= 1"},
          {"initial_states: N * T"},
          {"last: T", "outputs: T", "gates: T", "kept: T", "states: N * T"}, forward_shape);
  declare("KerasRnnZoo>Backward", {"d_sequences_wanted: bool", "N: int >= 1"},
          {"gates: T", "kept: T", "d_last: T", "d_outputs: T", "d_states: N * T"},
          {"d_sequences: T", "d_kernel: T", "d_recurrent_kernel: T", "d_bias: T",
           "d_peepholes: T", "d_initial_states: N * T"},
          backward_shape);
  return true;
}();

#endif  // KERAS_RNN_ZOO_REGISTER

const bool implemented = [] {
  implement("KerasRnnZoo>Forward", create<true>, compute<run_forward>, destroy);
  implement("KerasRnnZoo>Backward", create<false>, compute<run_backward>, destroy);
  return true;
}();

}  // namespace
}  // namespace keras_rnn_zoo

// Says that this library holds the kernels of the type: keras_rnn_zoo_float, ..._double.
#define KERAS_RNN_ZOO_JOIN(A, B) A##B
#define KERAS_RNN_ZOO_MARK(TYPE) KERAS_RNN_ZOO_JOIN(keras_rnn_zoo_, TYPE)
extern "C" const char KERAS_RNN_ZOO_MARK(KERAS_RNN_ZOO_TYPE) = 1;
