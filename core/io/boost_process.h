// Boost.Process v2, after the headers that its release 1.81 forgets to include.

#ifndef CLAWPLANE_CORE_IO_BOOST_PROCESS_H_
#define CLAWPLANE_CORE_IO_BOOST_PROCESS_H_

// clang-format off
#include <boost/asio/detail/throw_error.hpp>
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>
// clang-format on

#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>

#endif  // CLAWPLANE_CORE_IO_BOOST_PROCESS_H_
