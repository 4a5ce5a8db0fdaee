// What the calls of the benchmark carry.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_PARAMS_H_
#define CLAWPLANE_TESTS_BENCH_RPC_PARAMS_H_

#include <cstddef>
#include <string>

namespace clawplane::testing {

// An object of JSON text of `bytes` bytes, at least 200, of the kind that
// gateways carry: nested objects, keys in camel case, strings with escapes and
// with letters beyond ASCII, numbers, booleans. The same for the same size.
std::string GatewayLikeParams(size_t bytes);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_PARAMS_H_
