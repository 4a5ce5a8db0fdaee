// What LeakSanitizer is not to tell: Debian's c-ares keeps a few bytes when it
// looks up a name such as localhost.

// The name is the sanitizer's.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libcares.so\n";
}
