import Glibc

/// The descriptors of standard input, output and error.
enum StandardDescriptors {
  /// Sees to it that none of them becomes that of a file which is opened later, and then has our text in it: one that whoever started us has
  /// closed stays of no use, but is taken.
  static func occupy() {
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is this one: those below were looked at before.
      _ = open("/dev/null", mode)
    }
  }
}
