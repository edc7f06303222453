/* The header as C11, warnings as errors; each INIT macro makes what its struct promises. */
#include "rondo/rondo.h"

#define STARTS_WITH_ITS_SIZE(type, init)                 \
  do {                                                   \
    const type value = init;                             \
    if (value.struct_size != sizeof(type)) return #type; \
  } while (0)

/* NULL, or the struct whose INIT macro is wrong. */
const char* wrong_init_macro(void);
const char* wrong_init_macro(void) {
  STARTS_WITH_ITS_SIZE(rondo_error, RONDO_ERROR_INIT);
  STARTS_WITH_ITS_SIZE(rondo_load_options, RONDO_LOAD_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_schedule_info, RONDO_SCHEDULE_INFO_INIT);
  STARTS_WITH_ITS_SIZE(rondo_arena_info, RONDO_ARENA_INFO_INIT);
  STARTS_WITH_ITS_SIZE(rondo_binding_info, RONDO_BINDING_INFO_INIT);
  STARTS_WITH_ITS_SIZE(rondo_scalar_info, RONDO_SCALAR_INFO_INIT);
  STARTS_WITH_ITS_SIZE(rondo_runtime_options, RONDO_RUNTIME_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_prepare_options, RONDO_PREPARE_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_session_options, RONDO_SESSION_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_trace_info, RONDO_TRACE_INFO_INIT);
  STARTS_WITH_ITS_SIZE(rondo_perfetto_options, RONDO_PERFETTO_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_roofline_options, RONDO_ROOFLINE_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_device_options, RONDO_DEVICE_OPTIONS_INIT);
  STARTS_WITH_ITS_SIZE(rondo_program_info, RONDO_PROGRAM_INFO_INIT);
  return 0;
}
