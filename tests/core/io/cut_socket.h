// Connections that are cut at a chosen byte. This program's `send` and
// `sendmsg` are in here.

#ifndef CLAWPLANE_TESTS_CORE_IO_CUT_SOCKET_H_
#define CLAWPLANE_TESTS_CORE_IO_CUT_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace clawplane::core {

// Whose writes are cut.
enum class CutSide {
  // Of who connected to the port. Writes beyond the cut fail, and the
  // connection itself stays as it was.
  kClient,
  // Of who listens on the port. The connection ends with the byte at the cut.
  kServer,
};

struct Cut {
  uint16_t port = 0;
  CutSide side = CutSide::kClient;
  // How many bytes are let through from now on.
  size_t bytes = 0;
  // The error of what fails; and how the server's end goes: with a reset for
  // ECONNRESET, in good order for EPIPE.
  int error = 0;
  // Until the client has so many pieces to write at once, the system takes
  // none.
  size_t least_pieces = 0;
};

// Cuts connections for as long as it lives. One at a time in the program.
//
// Thread-safe.
class CutSocket {
 public:
  explicit CutSocket(const Cut& cut);
  ~CutSocket();
  CutSocket(const CutSocket&) = delete;
  CutSocket& operator=(const CutSocket&) = delete;

  // What was let through of the side that is cut.
  std::string passed() const;
  // What the first write of that side wanted to write.
  std::string wanted() const;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_CUT_SOCKET_H_
