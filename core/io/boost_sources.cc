// The one place where the parts of Boost that allow it are compiled.

// In this order: Process needs what its own sources forget to include.
// clang-format off
#include "core/io/boost_process.h"

#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/process/v2/src.hpp>
// clang-format on
