#include "tools/search_threads.h"
#if defined(RONDO_HAVE_TBB)
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace rondo::cli {

fusion::RunAll search_threads(uint32_t threads) {
#if defined(RONDO_HAVE_TBB)
  if (threads > 1)
    return [threads](size_t count, const std::function<void(size_t)>& task) {
      tbb::task_arena arena(static_cast<int>(threads));
      // Blocks of one: an island is seconds of work.
      arena.execute([&] {
        tbb::parallel_for(
            size_t{0}, count, [&](size_t index) { task(index); }, tbb::simple_partitioner());
      });
    };
#else
  (void)threads;
#endif
  return {};
}

}  // namespace rondo::cli
