// JSON as the verbs print it (--json).
#pragma once
#include "schedules/json/json.h"

namespace rondo::cli {

using json::Json;

}  // namespace rondo::cli
