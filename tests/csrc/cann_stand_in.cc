// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What MindSpore's Ascend plugin offers to the launches of csrc/ascend, where there is no CANN: its
// way to CANN's operators, which here lead to functions that write down how they were called.
//
// An operator is two functions, aclnnNAMEGetWorkspaceSize(arguments, &size, &executor) and
// aclnnNAME(workspace, size, executor, stream). MindSpore looks both up by name, makes CANN's
// objects of the arguments, and calls. Which argument is what, only the documented signature can
// tell: the test sets it, and the record is what the machine's calling convention has in those
// places. What the operator then does is up to the test too: it may set a function that does it.
// Declarations are those of MindSpore's headers, which take a minute to compile.
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

// Signatures, a letter an argument: p for what is handed over in a register for integers (objects,
// integers, flags), s for a string, which is too, d for a double, f for a float.
std::map<std::string, std::string>& Signatures() {
  static std::map<std::string, std::string> signatures;
  return signatures;
}

std::string& Record() {
  static std::string record;
  return record;
}

// CANN's objects, as a line of JSON each; they are never freed, so an address stays one object.
std::map<uint64_t, std::string>& Objects() {
  static std::map<uint64_t, std::string> objects;
  return objects;
}

void* NewObject(const std::string& text) {
  auto* object = new char[8];
  Objects()[reinterpret_cast<uint64_t>(object)] = text;
  return object;
}

template <typename T>
std::string List(const T* values, uint64_t count) {
  std::ostringstream text;
  text << "[";
  for (uint64_t i = 0; i < count; ++i) {
    text << (i == 0 ? "" : ", ") << +values[i];
  }
  text << "]";
  return text.str();
}

void* CreateTensor(const int64_t* dims, uint64_t count, int dtype, const int64_t* strides,
                   int64_t offset, int, const int64_t*, uint64_t, void* data) {
  std::ostringstream text;
  text << "{\"shape\": " << List(dims, count) << ", \"dtype\": " << dtype
       << ", \"strides\": " << List(strides, count) << ", \"offset\": " << offset
       << ", \"address\": " << reinterpret_cast<uint64_t>(data) << "}";
  return NewObject(text.str());
}

// ACL_FLOAT is 0, ACL_DOUBLE 11, ACL_INT64 9, ACL_BOOL 12.
void* CreateScalar(void* value, int dtype) {
  std::ostringstream text;
  text.precision(17);
  text << "{\"scalar\": ";
  switch (dtype) {
    case 0: {
      float number;
      std::memcpy(&number, value, sizeof(number));
      text << number;
      break;
    }
    case 11: {
      double number;
      std::memcpy(&number, value, sizeof(number));
      text << number;
      break;
    }
    case 12:
      text << (*static_cast<bool*>(value) ? "true" : "false");
      break;
    default: {
      int64_t number;
      std::memcpy(&number, value, sizeof(number));
      text << number;
    }
  }
  text << "}";
  return NewObject(text.str());
}

void* CreateIntArray(const int64_t* values, uint64_t count) {
  return NewObject(List(values, count));
}
void* CreateFloatArray(const float* values, uint64_t count) {
  return NewObject(List(values, count));
}
void* CreateBoolArray(const bool* values, uint64_t count) { return NewObject(List(values, count)); }

void* CreateTensorList(void* const* tensors, uint64_t count) {
  std::string text = "[";
  for (uint64_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ", ") + Objects().at(reinterpret_cast<uint64_t>(tensors[i]));
  }
  return NewObject(text + "]");
}

int Destroy(void*) { return 0; }

// A value of an integer register: a known object, or else a number. (A null pointer is 0.)
std::string Word(uint64_t word) {
  const auto found = Objects().find(word);
  return found == Objects().end() ? std::to_string(static_cast<int64_t>(word)) : found->second;
}

constexpr uint64_t kWorkspaceBytes = 64;

// What does an operator's work, and the arguments that the executors were made for.
using Work = void (*)(const char* name, const char* arguments);

Work& WorkOfOperators() {
  static Work work = nullptr;
  return work;
}

std::map<void*, std::string>& Executors() {
  static std::map<void*, std::string> executors;
  return executors;
}

struct Operator {
  std::string name;
  bool asks_for_workspace;
};

std::vector<Operator>& Operators() {
  static std::vector<Operator> operators;
  return operators;
}

void WriteDown(const std::string& name, const std::string& arguments) {
  Record() += "{\"call\": \"" + name + "\", \"arguments\": [" + arguments + "]}\n";
}

// What a function of any signature finds where the System V convention puts its arguments: the
// first six words and the first eight numbers in registers, the other words behind each other.
struct Frame {
  const uint64_t* words;
  const double* numbers;
  const uint64_t* stack;
};

uint64_t NextWord(const Frame& frame, size_t* words, size_t* stacked) {
  return *words < 6 ? frame.words[(*words)++] : frame.stack[(*stacked)++];
}

int AskForWorkspace(const std::string& name, const Frame& frame) {
  const auto found = Signatures().find(name);
  if (found == Signatures().end()) {
    WriteDown(name + "GetWorkspaceSize", "\"no signature was set\"");
    return 1;
  }
  std::ostringstream text;
  text.precision(17);
  size_t words = 0, numbers = 0, stacked = 0;
  for (const char kind : found->second) {
    text << (text.tellp() == 0 ? "" : ", ");
    if (kind == 'd') {
      text << frame.numbers[numbers++];
    } else if (kind == 'f') {
      float number;
      std::memcpy(&number, &frame.numbers[numbers++], sizeof(number));
      text << number;
    } else if (kind == 's') {
      text << '"' << reinterpret_cast<const char*>(NextWord(frame, &words, &stacked)) << '"';
    } else {
      text << Word(NextWord(frame, &words, &stacked));
    }
  }
  *reinterpret_cast<uint64_t*>(NextWord(frame, &words, &stacked)) = kWorkspaceBytes;
  void* executor = NewObject("\"executor of " + name + "\"");
  Executors()[executor] = "[" + text.str() + "]";
  *reinterpret_cast<void**>(NextWord(frame, &words, &stacked)) = executor;
  WriteDown(name + "GetWorkspaceSize", text.str());
  return 0;
}

int Run(const std::string& name, void* workspace, uint64_t size, void* executor) {
  std::memset(workspace, 1, size);  // it is memory, and there is that much of it
  WriteDown(name, "\"workspace\", " + std::to_string(size) + ", " +
                      Word(reinterpret_cast<uint64_t>(executor)) + ", \"stream\"");
  if (WorkOfOperators() != nullptr) {
    WorkOfOperators()(name.c_str(), Executors().at(executor).c_str());
  }
  return 0;
}

template <size_t kNumber>
int Called(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4, uint64_t w5, double d0,
           double d1, double d2, double d3, double d4, double d5, double d6, double d7, uint64_t s0,
           uint64_t s1, uint64_t s2, uint64_t s3, uint64_t s4, uint64_t s5, uint64_t s6,
           uint64_t s7, uint64_t s8, uint64_t s9, uint64_t s10, uint64_t s11, uint64_t s12,
           uint64_t s13, uint64_t s14, uint64_t s15, uint64_t s16, uint64_t s17, uint64_t s18,
           uint64_t s19, uint64_t s20, uint64_t s21, uint64_t s22, uint64_t s23) {
  const Operator& called = Operators().at(kNumber);
  if (!called.asks_for_workspace) {
    return Run(called.name, reinterpret_cast<void*>(w0), w1, reinterpret_cast<void*>(w2));
  }
  const uint64_t words[] = {w0, w1, w2, w3, w4, w5};
  const double numbers[] = {d0, d1, d2, d3, d4, d5, d6, d7};
  const uint64_t stack[] = {s0,  s1,  s2,  s3,  s4,  s5,  s6,  s7,  s8,  s9,  s10, s11,
                            s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23};
  return AskForWorkspace(called.name, {words, numbers, stack});
}

template <size_t... kNumbers>
std::vector<void*> AllCalled(std::index_sequence<kNumbers...>) {
  return {reinterpret_cast<void*>(&Called<kNumbers>)...};
}

// One function for each name, as they are asked for.
void* FunctionOf(const std::string& name) {
  static const std::vector<void*> functions = AllCalled(std::make_index_sequence<256>());
  static std::map<std::string, void*> given;
  const auto found = given.find(name);
  if (found != given.end()) {
    return found->second;
  }
  const std::string ending = "GetWorkspaceSize";
  const bool asks = name.size() > ending.size() &&
                    name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
  Operators().push_back({asks ? name.substr(0, name.size() - ending.size()) : name, asks});
  return given[name] = functions.at(Operators().size() - 1);
}

}  // namespace

// For the test, through ctypes.
extern "C" {
__attribute__((visibility("default"))) void stand_in_set_signature(const char* name,
                                                                   const char* signature) {
  Signatures()[name] = signature;
}
__attribute__((visibility("default"))) const char* stand_in_record() { return Record().c_str(); }
__attribute__((visibility("default"))) void stand_in_forget() { Record().clear(); }
__attribute__((visibility("default"))) void stand_in_set_work(Work work) {
  WorkOfOperators() = work;
}
}

namespace mindspore {
enum TypeId : int;
class Scalar;
namespace tensor {
class Tensor;
}

namespace device::ascend {

using aclDataType = int;

std::set<std::string> sync_launch_api;
bool cache_unavailable_first_print = false;
thread_local char g_hash_buf[16384];
thread_local int g_hash_offset = 0;
std::function<const char*()> aclGetRecentErrMsg_ = []() { return ""; };

// No executor is kept for a second call.
int64_t GetCacheCapaticy() { return 0; }
uint64_t calc_hash_id() { return 0; }
void GatherCoreNumHash() {}
void GatherInfo(const std::string&) {}
void GatherInfo(const std::shared_ptr<Scalar>&) {}
void GatherInfo(const std::optional<std::shared_ptr<Scalar>>&) {}
void GatherInfo(const std::shared_ptr<tensor::Tensor>&) {}
void GatherInfo(const std::optional<std::shared_ptr<tensor::Tensor>>&) {}
void GatherInfo(const std::vector<std::shared_ptr<tensor::Tensor>>&) {}
void GatherHash(const std::shared_ptr<tensor::Tensor>&) {}
void GatherHash(const std::optional<std::shared_ptr<tensor::Tensor>>&) {}
void GatherHash(const std::vector<std::shared_ptr<tensor::Tensor>>&) {}

void* GetOpApiFunc(const char* name) {
  static const std::map<std::string, void*> objects = {
      {"aclCreateTensor", reinterpret_cast<void*>(&CreateTensor)},
      {"aclCreateScalar", reinterpret_cast<void*>(&CreateScalar)},
      {"aclCreateIntArray", reinterpret_cast<void*>(&CreateIntArray)},
      {"aclCreateFloatArray", reinterpret_cast<void*>(&CreateFloatArray)},
      {"aclCreateBoolArray", reinterpret_cast<void*>(&CreateBoolArray)},
      {"aclCreateTensorList", reinterpret_cast<void*>(&CreateTensorList)},
      {"aclDestroyTensor", reinterpret_cast<void*>(&Destroy)},
      {"aclDestroyScalar", reinterpret_cast<void*>(&Destroy)},
      {"aclDestroyIntArray", reinterpret_cast<void*>(&Destroy)},
      {"aclDestroyFloatArray", reinterpret_cast<void*>(&Destroy)},
      {"aclDestroyBoolArray", reinterpret_cast<void*>(&Destroy)},
      {"aclDestroyTensorList", reinterpret_cast<void*>(&Destroy)},
  };
  const auto found = objects.find(name);
  if (found != objects.end()) {
    return found->second;
  }
  return std::strncmp(name, "aclnn", 5) == 0 ? FunctionOf(name) : nullptr;
}

class OpApiDefaultResource {
 public:
  static OpApiDefaultResource& GetInstance();
  std::function<int(void*, bool)> init_mem_func();
  std::function<int(void*, bool)> uninit_mem_func();
  std::function<int(void*, bool)> release_mem_func();
  std::function<int(void*)> release_executor_func();
};
OpApiDefaultResource& OpApiDefaultResource::GetInstance() {
  static OpApiDefaultResource instance;
  return instance;
}
std::function<int(void*, bool)> OpApiDefaultResource::init_mem_func() { return nullptr; }
std::function<int(void*, bool)> OpApiDefaultResource::uninit_mem_func() { return nullptr; }
std::function<int(void*, bool)> OpApiDefaultResource::release_mem_func() { return nullptr; }
std::function<int(void*)> OpApiDefaultResource::release_executor_func() { return nullptr; }

class AclConverter {
 public:
  static aclDataType ConvertType(TypeId dtype);
};
// From MindSpore's numbers to CANN's.
aclDataType AclConverter::ConvertType(TypeId dtype) {
  switch (static_cast<int>(dtype)) {
    case 30:
      return 12;  // bool
    case 43:
      return 0;  // float32
    case 44:
      return 11;  // float64
    case 37:
      return 4;  // uint8
    case 34:
      return 3;  // int32
    case 35:
      return 9;  // int64
    case 42:
      return 1;  // float16
    case 45:
      return 27;  // bfloat16
    default:
      throw std::logic_error("the stand-in for CANN knows no dtype of the number " +
                             std::to_string(static_cast<int>(dtype)));
  }
}

class AscendStreamMng {
 public:
  static AscendStreamMng& GetInstance();
  bool SyncAllStreams(bool) const;
};
AscendStreamMng& AscendStreamMng::GetInstance() {
  static AscendStreamMng instance;
  return instance;
}
bool AscendStreamMng::SyncAllStreams(bool) const { return true; }

}  // namespace device::ascend
}  // namespace mindspore
