#include "napi/notice.h"

#include "io/notice.h"
#include "napi/arguments.h"

namespace uipvs {

Napi::Value send_notice_to(const Napi::CallbackInfo& info) {
  if (info.Length() < 2) return throw_range(info.Env(), "sendNotice");
  const std::string path = info[0].ToString().Utf8Value(), text = info[1].ToString().Utf8Value();
  const int error = send_notice(path, text, descriptors_at(info, 2));
  return error != 0 ? throw_errno(info.Env(), error, "sendmsg") : info.Env().Undefined();
}

}  // namespace uipvs
