// The TensorFlow ops: shapes, checks and threads around the driver. Built once for
// float and once for double, with KERAS_RNN_ZOO_TYPE.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "sequence.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace keras_rnn_zoo {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// The threads of one op: its caller, and helpers from TensorFlow's own pool. The caller
// does whatever no helper has begun, so that it never waits for a thread that is busy
// elsewhere. Between two products a helper stays awake for a moment: to wake a thread
// takes longer than a small product.
class Team : public std::enable_shared_from_this<Team> {
 public:
  explicit Team(Eigen::ThreadPoolInterface* pool) : pool_(pool) {}

  // Runs task(0) ... task(count - 1); returns when all are done.
  void run(Index count, const std::function<void(Index)>& task) {
    std::unique_lock<std::mutex> lock(mutex_);
    task_ = &task, count_ = count, next_ = 0, running_ = count;
    rounds_ += 1;
    for (; helpers_ < count - 1; ++helpers_)
      pool_->Schedule([team = shared_from_this()] { team->help(); });
    work(lock);
    lock.unlock();
    if (soon([&] { return running_ == 0; })) return;
    lock.lock();
    all_done_.wait(lock, [&] { return running_ == 0; });
  }
  void close() { closed_ = true; }

 private:
  void work(std::unique_lock<std::mutex>& lock) {
    while (next_ < count_) {
      const Index i = next_++;
      const auto* task = task_;
      lock.unlock();
      (*task)(i);
      lock.lock();
      if (--running_ == 0) all_done_.notify_all();
    }
  }
  void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!closed_) {
      work(lock);
      const Index seen = rounds_;
      lock.unlock();
      const bool more = soon([&] { return rounds_ != seen || closed_; });
      lock.lock();
      if (!more) break;
    }
    --helpers_;
  }
  // Waits for it awake, a tenth of a millisecond at most.
  template <typename F>
  static bool soon(const F& happened) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
    while (!happened()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Eigen::ThreadPoolInterface* const pool_;
  std::mutex mutex_;
  std::condition_variable all_done_;
  const std::function<void(Index)>* task_ = nullptr;
  Index count_ = 0, next_ = 0, helpers_ = 0;
  std::atomic<Index> running_{0}, rounds_{0};
  std::atomic<bool> closed_{false};
};

// A team for as long as this lives.
class Threads {
 public:
  explicit Threads(OpKernelContext* context) {
    auto* workers = context->device()->tensorflow_cpu_worker_threads();
    team_ = std::make_shared<Team>(workers->workers->AsEigenThreadPool());
    parallel_.threads = workers->num_threads;
    parallel_.run = [team = team_.get()](Index count, const std::function<void(Index)>& task) {
      team->run(count, task);
    };
  }
  ~Threads() { team_->close(); }
  operator const Parallel&() const { return parallel_; }

 private:
  std::shared_ptr<Team> team_;
  Parallel parallel_;
};

template <typename T>
const T* data(const Tensor& tensor) {  // null for "not given", which is an empty tensor
  return tensor.NumElements() == 0 ? nullptr : tensor.flat<T>().data();
}
template <typename T>
T* data(Tensor* tensor) {
  return tensor->flat<T>().data();
}

// Attributes and inputs that both ops share.
template <typename T>
class SequenceOp : public OpKernel {
 public:
  explicit SequenceOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("cell", &cell_));
    OP_REQUIRES_OK(context, context->GetAttr("go_backwards", &go_backwards_));
    OP_REQUIRES_OK(context, context->GetAttr("zero_output_for_mask", &zero_output_));
  }

 protected:
  // Inputs 0 ... 6; false after an error.
  bool read(OpKernelContext* context, Sequence<T>* in) const {
    const Tensor& x = context->input(0);
    const Tensor& mask = context->input(1);
    const Tensor& kernel = context->input(2);
    const Tensor& recurrent = context->input(3);
    const Tensor& bias = context->input(4);
    const Tensor& peepholes = context->input(5);
    const Tensor& dropout = context->input(6);
    if (x.dims() != 3 || kernel.dims() != 2 || recurrent.dims() != 2) {
      context->SetStatus(InvalidArgument(
          "`sequences` must have 3 dimensions, the kernels 2. Received: ",
          x.shape().DebugString(), ", ", kernel.shape().DebugString(), ", ",
          recurrent.shape().DebugString()));
      return false;
    }
    in->batch = x.dim_size(0);
    in->time = x.dim_size(1);
    in->features = x.dim_size(2);
    in->units = recurrent.dim_size(0);
    const Index u = in->units;
    Index gates = 0, biases = 1, peephole_rows = 0;
    with_cell(cell_, [&](auto cell) {
      using Cell = decltype(cell);
      gates = Cell::kGates;
      biases = Cell::kSlots == Cell::kGates ? 1 : 2;
      peephole_rows = Cell::kPeepholes;
    });
    const auto fits = [&](const char* name, const Tensor& tensor, bool optional,
                          Index expected) {
      if (tensor.NumElements() == expected) return true;
      if (optional && tensor.NumElements() == 0) return true;
      context->SetStatus(InvalidArgument("`", name, "` does not fit. Received: shape ",
                                         tensor.shape().DebugString(), " with sequences ",
                                         x.shape().DebugString(), ", units ", u,
                                         ", cell ", cell_));
      return false;
    };
    if (!fits("kernel", kernel, false, in->features * gates * u) ||
        kernel.dim_size(0) != in->features ||
        !fits("recurrent_kernel", recurrent, false, u * gates * u) ||
        !fits("bias", bias, true, biases * gates * u) ||
        !fits("peepholes", peepholes, false, peephole_rows * u) ||
        !fits("mask", mask, true, in->batch * in->time) ||
        !fits("dropout", dropout, true, in->batch * gates * u)) {
      if (context->status().ok())
        context->SetStatus(InvalidArgument("`kernel` does not fit `sequences`."));
      return false;
    }
    in->go_backwards = go_backwards_;
    in->zero_output = zero_output_;
    in->mask = data<bool>(mask);
    in->x = data<T>(x);
    in->kernel = data<T>(kernel);
    in->recurrent = data<T>(recurrent);
    in->bias = data<T>(bias);
    in->peepholes = data<T>(peepholes);
    in->dropout = data<T>(dropout);
    return true;
  }

  std::string cell_;
  bool go_backwards_, zero_output_;
};

template <typename T>
class ForwardOp : public SequenceOp<T> {
 public:
  explicit ForwardOp(OpKernelConstruction* context) : SequenceOp<T>(context) {
    OP_REQUIRES_OK(context, context->GetAttr("return_sequences", &return_sequences_));
    OP_REQUIRES_OK(context, context->GetAttr("keep", &keep_));
  }

  void Compute(OpKernelContext* context) override {
    Sequence<T> in;
    if (!this->read(context, &in)) return;
    const Threads parallel(context);
    with_cell(this->cell_, [&](auto cell) {
      using Cell = decltype(cell);
      Outputs<T> out;
      const TensorShape state({in.batch, in.units});
      Tensor* tensor;
      OP_REQUIRES_OK(context, context->allocate_output(0, state, &tensor));
      out.last = data<T>(tensor);
      OP_REQUIRES_OK(context,
                     context->allocate_output(
                         1, {in.batch, return_sequences_ ? in.time : 0, in.units}, &tensor));
      out.all = return_sequences_ ? data<T>(tensor) : nullptr;
      const Index slots = keep_ ? Slots(in.batch, in.time, in.mask).total() : 0;
      Kept<T> kept;
      OP_REQUIRES_OK(context, context->allocate_output(
                                  2, {slots, Cell::kSlots, in.units}, &tensor));
      kept.gates = slots ? data<T>(tensor) : nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(
                                  3, {kKept<Cell>, slots, in.units}, &tensor));
      kept.states = slots ? data<T>(tensor) : nullptr;
      OP_REQUIRES(context, context->num_inputs() == 7 + Cell::kStates,
                  InvalidArgument("`initial_states` must hold ", Cell::kStates,
                                  " tensors. Received: ", context->num_inputs() - 7));
      for (int s = 0; s < Cell::kStates; ++s) {
        const Tensor& initial = context->input(7 + s);
        OP_REQUIRES(context, initial.shape() == state,
                    InvalidArgument("`initial_states` must have shape ",
                                    state.DebugString(), ". Received: ",
                                    initial.shape().DebugString()));
        OP_REQUIRES_OK(context, context->allocate_output(4 + s, state, &tensor));
        out.initial[s] = data<T>(initial);
        out.final[s] = data<T>(tensor);
      }
      if (in.batch * in.units > 0) forward(this->cell_, in, parallel, kept, out);
    });
  }

 private:
  bool return_sequences_, keep_;
};

template <typename T>
class BackwardOp : public SequenceOp<T> {
 public:
  using SequenceOp<T>::SequenceOp;

  void Compute(OpKernelContext* context) override {
    Sequence<T> in;
    if (!this->read(context, &in)) return;
    const Threads parallel(context);
    with_cell(this->cell_, [&](auto cell) {
      using Cell = decltype(cell);
      const TensorShape state({in.batch, in.units});
      const Tensor& gates = context->input(7);
      const Index slots = Slots(in.batch, in.time, in.mask).total();
      OP_REQUIRES(context,
                  gates.shape() ==
                      TensorShape({slots, Cell::kSlots, in.units}),
                  InvalidArgument("`gates` has shape ", gates.shape().DebugString()));
      Kept<T> kept;  // only forward writes to it
      kept.gates = const_cast<T*>(data<T>(gates));
      kept.states = const_cast<T*>(data<T>(context->input(8)));
      Gradients<T> grad;
      const Tensor& last = context->input(9);
      const Tensor& all = context->input(10);
      OP_REQUIRES(context, last.shape() == state,
                  InvalidArgument("`d_last` has shape ", last.shape().DebugString()));
      OP_REQUIRES(context,
                  all.NumElements() == 0 ||
                      all.shape() == TensorShape({in.batch, in.time, in.units}),
                  InvalidArgument("`d_outputs` has shape ", all.shape().DebugString()));
      grad.last = data<T>(last);
      grad.all = data<T>(all);
      const int given[] = {0, 2, 3, 4, 5};  // the inputs that have a gradient
      T** const results[] = {&grad.x, &grad.kernel, &grad.recurrent, &grad.bias,
                             &grad.peepholes};
      const bool nothing = in.batch * in.units == 0;
      for (int i = 0; i < 5; ++i) {
        if (i == 0 && !context->output_required(0)) continue;
        Tensor* tensor;
        OP_REQUIRES_OK(context, context->allocate_output(
                                    i, context->input(given[i]).shape(), &tensor));
        if (tensor->NumElements()) *results[i] = data<T>(tensor);
        if (nothing) std::fill_n(data<T>(tensor), tensor->NumElements(), T(0));
      }
      for (int s = 0; s < Cell::kStates; ++s) {
        const Tensor& final = context->input(11 + s);
        Tensor* tensor;
        OP_REQUIRES(context, final.shape() == state,
                    InvalidArgument("`d_states` has shape ", final.shape().DebugString()));
        OP_REQUIRES_OK(context, context->allocate_output(5 + s, state, &tensor));
        grad.final[s] = data<T>(final);
        grad.initial[s] = data<T>(tensor);
      }
      if (!nothing) backward(this->cell_, in, parallel, kept, grad);
    });
  }
};

#define KERAS_RNN_ZOO_OP(NAME)     \
  REGISTER_OP(NAME)                \
      .Attr("T: {float, double}")  \
      .Attr("cell: string")        \
      .Attr("go_backwards: bool")  \
      .Attr("zero_output_for_mask: bool") \
      .Input("sequences: T")       \
      .Input("mask: bool")         \
      .Input("kernel: T")          \
      .Input("recurrent_kernel: T") \
      .Input("bias: T")            \
      .Input("peepholes: T")       \
      .Input("dropout: T")

#ifdef KERAS_RNN_ZOO_REGISTER

tensorflow::Status forward_shape(InferenceContext* c) {
  ShapeHandle x, recurrent;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 3, &x));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(3), 2, &recurrent));
  bool all;
  TF_RETURN_IF_ERROR(c->GetAttr("return_sequences", &all));
  const auto units = c->Dim(recurrent, 0);
  const ShapeHandle state = c->Matrix(c->Dim(x, 0), units);
  c->set_output(0, state);
  c->set_output(1, c->MakeShape({c->Dim(x, 0), all ? c->Dim(x, 1) : c->MakeDim(0), units}));
  c->set_output(2, c->MakeShape({c->UnknownDim(), c->UnknownDim(), units}));
  c->set_output(3, c->MakeShape({c->UnknownDim(), c->UnknownDim(), units}));
  for (int i = 4; i < c->num_outputs(); ++i) c->set_output(i, state);
  return tensorflow::OkStatus();
}

tensorflow::Status backward_shape(InferenceContext* c) {
  c->set_output(0, c->input(0));
  for (int i = 1; i < 5; ++i) c->set_output(i, c->input(1 + i));
  for (int i = 5; i < c->num_outputs(); ++i) c->set_output(i, c->input(9));
  return tensorflow::OkStatus();
}

KERAS_RNN_ZOO_OP("KerasRnnZoo>Forward")
    .Attr("return_sequences: bool")
    .Attr("keep: bool")
    .Attr("N: int >= 1")
    .Input("initial_states: N * T")
    .Output("last: T")
    .Output("outputs: T")
    .Output("gates: T")
    .Output("kept: T")
    .Output("states: N * T")
    .SetShapeFn(forward_shape);

KERAS_RNN_ZOO_OP("KerasRnnZoo>Backward")
    .Attr("N: int >= 1")
    .Input("gates: T")
    .Input("kept: T")
    .Input("d_last: T")
    .Input("d_outputs: T")
    .Input("d_states: N * T")
    .Output("d_sequences: T")
    .Output("d_kernel: T")
    .Output("d_recurrent_kernel: T")
    .Output("d_bias: T")
    .Output("d_peepholes: T")
    .Output("d_initial_states: N * T")
    .SetShapeFn(backward_shape);

#endif  // KERAS_RNN_ZOO_REGISTER

#define KERAS_RNN_ZOO_KERNEL(NAME, OP)                                       \
  REGISTER_KERNEL_BUILDER(Name(NAME)                                         \
                              .Device(tensorflow::DEVICE_CPU)                \
                              .TypeConstraint<KERAS_RNN_ZOO_TYPE>("T"),      \
                          OP<KERAS_RNN_ZOO_TYPE>)
KERAS_RNN_ZOO_KERNEL("KerasRnnZoo>Forward", ForwardOp);
KERAS_RNN_ZOO_KERNEL("KerasRnnZoo>Backward", BackwardOp);

}  // namespace
}  // namespace keras_rnn_zoo
