#include "rondo/rondo.h"

// The header carries its own numbers, for hosts that ask at compile time; the build
// has the project's. They must not drift apart.
static_assert(RONDO_VERSION_MAJOR == RONDO_PROJECT_MAJOR && RONDO_VERSION_MINOR == RONDO_PROJECT_MINOR &&
                  RONDO_VERSION_PATCH == RONDO_PROJECT_PATCH,
              "rondo/rondo.h and project(VERSION) in CMakeLists.txt name different versions");

extern "C" {

const char* rondo_version(void) noexcept { return RONDO_PROJECT_VERSION; }
int32_t rondo_abi_version(void) noexcept { return RONDO_ABI_VERSION; }

}  // extern "C"
