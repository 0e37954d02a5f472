import Glibc

/// A file could not be written or read; one sentence: which file, what is wrong, what to do.
public struct OutputError: Error, CustomStringConvertible, Equatable, Sendable {
  public let description: String

  init(description: String) { self.description = description }

  /// The system refused something about the file.
  init(_ path: String, _ problem: String, errorNumber: Int32) {
    self.init(description: "\(path): \(problem)\(String(cString: strerror(errorNumber))); \(Self.remedy(errorNumber))")
  }

  private static func remedy(_ errorNumber: Int32) -> String {
    switch errorNumber {
    case EISDIR: "name a file in it"
    case ENOENT, ENOTDIR: "create the directory, or name another file"
    case EACCES, EPERM, EROFS: "name a file that may be written, or change its permissions"
    case ENOSPC, EDQUOT: "free some space, or name a file on another disk"
    case EFBIG: "allow longer files (ulimit -f), or name a file on another disk"
    case EPIPE, ECANCELED: "keep the reader running until the end"
    default: "name another file"
    }
  }
}
