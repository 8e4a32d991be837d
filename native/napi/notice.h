#pragma once

#include <napi.h>

namespace uipvs {

// (socket's path, text, descriptors): see io/notice.h. Throws an Error with `errno`.
Napi::Value send_notice_to(const Napi::CallbackInfo& info);

}  // namespace uipvs
