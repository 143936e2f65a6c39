// What an op has of TensorFlow: tensors, attributes, errors, shapes. Of its C API alone: its
// C++ headers take longer to compile than all the rest.
#ifndef KERAS_RNN_ZOO_OP_H_
#define KERAS_RNN_ZOO_OP_H_

#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "sequence.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

namespace keras_rnn_zoo {
namespace {

using T = KERAS_RNN_ZOO_TYPE;
constexpr TF_DataType kType = std::is_same<T, float>::value ? TF_FLOAT : TF_DOUBLE;
using Shape = std::vector<int64_t>;

struct Error {  // thrown; becomes the op's status
  TF_Code code;
  std::string message;
};

std::string text(const Shape& shape) {
  std::string result = "(";
  for (const int64_t size : shape) {
    if (result.size() > 1) result += ", ";
    result += std::to_string(size);
  }
  return result + (shape.size() == 1 ? ",)" : ")");
}

class Status {
 public:
  operator TF_Status*() const { return status_.get(); }
  bool ok() const { return TF_GetCode(*this) == TF_OK; }
  void check() const {
    if (!ok()) throw Error{TF_GetCode(*this), TF_Message(*this)};
  }
  void set(const Error& error) { TF_SetStatus(*this, error.code, error.message.c_str()); }

 private:
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status_{TF_NewStatus(), TF_DeleteStatus};
};

class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor, TF_DeleteTensor) {
    for (int i = 0; i < TF_NumDims(tensor); ++i) shape_.push_back(TF_Dim(tensor, i));
  }
  const Shape& shape() const { return shape_; }
  // Null if it has no elements, as the one that stands for "not given", of shape (0,).
  template <typename E = T>
  E* data() const {
    if (TF_TensorElementCount(tensor_.get()) == 0) return nullptr;
    return static_cast<E*>(TF_TensorData(tensor_.get()));
  }
  Index size() const { return TF_TensorElementCount(tensor_.get()); }

 private:
  std::unique_ptr<TF_Tensor, void (*)(TF_Tensor*)> tensor_;
  Shape shape_;
};

class Reader {
 public:
  explicit Reader(TF_OpKernelConstruction* context) : context_(context) {}

  bool flag(const char* name) {
    TF_Bool value = 0;
    TF_OpKernelConstruction_GetAttrBool(context_, name, &value, status_);
    status_.check();
    return value;
  }
  int64_t number(const char* name) {
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(context_, name, &value, status_);
    status_.check();
    return value;
  }
  float real(const char* name) {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(context_, name, &value, status_);
    status_.check();
    return value;
  }
  std::string word(const char* name) {
    char value[64] = {};
    TF_OpKernelConstruction_GetAttrString(context_, name, value, sizeof(value) - 1, status_);
    status_.check();
    return value;
  }

 private:
  TF_OpKernelConstruction* const context_;
  Status status_;
};

// The inputs and outputs of one call of an op.
class Tensors {
 public:
  explicit Tensors(TF_OpKernelContext* context) : context_(context) {
    for (int i = 0; i < TF_NumInputs(context); ++i) {
      TF_Tensor* tensor = nullptr;
      TF_GetInput(context, i, &tensor, status_);
      status_.check();
      inputs_.emplace_back(tensor);
    }
  }
  const Tensor& input(int i) const { return inputs_[i]; }
  int inputs() const { return inputs_.size(); }
  bool given(int i) const { return input(i).shape() != Shape{0}; }

  // Output `i`; null if it has no elements.
  template <typename E = T>
  E* output(int i, const Shape& shape, TF_DataType type = kType) {
    Index size = sizeof(E);
    for (const int64_t n : shape) size *= n;
    TF_Tensor* const tensor =
        TF_AllocateOutput(context_, i, type, shape.data(), shape.size(), size, status_);
    if (tensor) outputs_.emplace_back(tensor);
    status_.check();
    return outputs_.back().data<E>();
  }

 private:
  TF_OpKernelContext* const context_;
  Status status_;
  std::vector<Tensor> inputs_, outputs_;
};

// What is thrown while an op is made becomes its status.
template <typename F>
void making(TF_OpKernelConstruction* context, const F& make) {
  try {
    make();
  } catch (const Error& error) {
    Status status;
    status.set(error);
    TF_OpKernelConstruction_Failure(context, status);
  }
}

// What is thrown while an op runs becomes its status.
template <typename F>
void running(TF_OpKernelContext* context, const F& run) {
  const auto fail = [&](const Error& error) {
    Status status;
    status.set(error);
    TF_OpKernelContext_Failure(context, status);
  };
  try {
    run();
  } catch (const Error& error) {
    fail(error);
  } catch (const std::bad_alloc&) {
    fail({TF_RESOURCE_EXHAUSTED, "The native kernel has not enough memory."});
  } catch (const std::exception& error) {
    fail({TF_INTERNAL, error.what()});
  }
}

#ifdef KERAS_RNN_ZOO_REGISTER

// Shapes while a graph is made; whatever cannot be known stays unknown.
class Inference {
 public:
  explicit Inference(TF_ShapeInferenceContext* context, TF_Status* status)
      : context_(context), status_(status) {
    TF_ShapeInferenceContextSetUnknownShape(context, status);
  }
  // The shape of an input, if it can have this rank.
  TF_ShapeHandle* input(int i, int rank = -1) {
    TF_ShapeHandle* shape = made();
    TF_ShapeInferenceContextGetInput(context_, i, shape, status_);
    if (rank >= 0 && ok()) {
      TF_ShapeHandle* ranked = made();
      TF_ShapeInferenceContextWithRank(context_, shape, rank, ranked, status_);
      return ranked;
    }
    return shape;
  }
  // The first dimension of a and the first of b.
  TF_ShapeHandle* firsts(TF_ShapeHandle* a, TF_ShapeHandle* b) {
    TF_ShapeHandle *one = first(a), *other = first(b), *both = made();
    if (ok()) TF_ShapeInferenceContextConcatenateShapes(context_, one, other, both, status_);
    return both;
  }
  void output(int i, TF_ShapeHandle* shape) {
    if (ok()) TF_ShapeInferenceContextSetOutput(context_, i, shape, status_);
  }
  int inputs() const { return TF_ShapeInferenceContextNumInputs(context_); }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }

 private:
  TF_ShapeHandle* made() {
    made_.emplace_back(TF_NewShapeHandle(), TF_DeleteShapeHandle);
    return made_.back().get();
  }
  TF_ShapeHandle* first(TF_ShapeHandle* shape) {
    TF_ShapeHandle* part = made();
    if (ok()) TF_ShapeInferenceContextSubshape(context_, shape, 0, 1, part, status_);
    return part;
  }

  TF_ShapeInferenceContext* const context_;
  TF_Status* const status_;
  std::vector<std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)>> made_;
};

#endif  // KERAS_RNN_ZOO_REGISTER

void implement(const char* op, void* create(TF_OpKernelConstruction*),
               void compute(void*, TF_OpKernelContext*), void destroy(void*)) {
  TF_KernelBuilder* const kernel = TF_NewKernelBuilder(op, "CPU", create, compute, destroy);
  Status status;
  TF_KernelBuilder_TypeConstraint(kernel, "T", kType, status);
  TF_RegisterKernelBuilder(op, kernel, status);
}

}  // namespace
}  // namespace keras_rnn_zoo

#endif  // KERAS_RNN_ZOO_OP_H_
