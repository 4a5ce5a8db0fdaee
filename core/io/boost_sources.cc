// The one place where the parts of Boost that allow it are compiled.

#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/optional.hpp>  // Boost 1.81's Process forgets these two
#include <boost/process/v2/src.hpp>
#include <boost/type_traits.hpp>
