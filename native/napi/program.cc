#include "napi/program.h"

#include "io/program.h"
#include "napi/arguments.h"

namespace uipvs {
namespace {

class ProgramWorker : public Napi::AsyncWorker {
 public:
  ProgramWorker(Napi::Env env, std::vector<std::string> words, std::vector<std::string> environment, std::string input)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        words_(std::move(words)),
        environment_(std::move(environment)),
        input_(std::move(input)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  // On a thread of libuv's.
  void Execute() override { end_ = run_program(words_, environment_, input_); }

  void OnOK() override {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    if (end_.error != 0) {
      deferred_.Reject(errno_error(env, end_.error, "posix_spawn").Value());
      return;
    }
    Napi::Array result = Napi::Array::New(env, 3);
    result.Set(0u, end_.exit_code < 0 ? env.Null() : Napi::Number::New(env, end_.exit_code));
    result.Set(1u, Napi::String::New(env, end_.output));
    result.Set(2u, Napi::String::New(env, end_.errors));
    deferred_.Resolve(result);
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::vector<std::string> words_;
  std::vector<std::string> environment_;
  std::string input_;
  ProgramEnd end_;
};

}  // namespace

Napi::Value run_program_asynchronously(const Napi::CallbackInfo& info) {
  if (info.Length() < 3 || !info[0].IsArray() || !info[1].IsArray()) return throw_range(info.Env(), "runProgram");
  std::vector<std::string> words = texts_of(info[0].As<Napi::Array>());
  if (words.empty()) return throw_range(info.Env(), "runProgram");
  auto* const worker = new ProgramWorker(info.Env(), std::move(words), texts_of(info[1].As<Napi::Array>()),
                                         info[2].ToString().Utf8Value());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace uipvs
