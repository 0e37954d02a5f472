import Glibc

/// Which file a path leads to, whether or not it is there yet: two paths with one identity are one file.
enum FileIdentity: Equatable {
  case existing(device: dev_t, inode: ino_t)
  /// A name in a directory.
  case new(device: dev_t, inode: ino_t, name: Substring)
  /// A device or a pipe, which nothing overwrites, or not to be found out: an error says so when it is opened.
  case other(path: String)

  init(path: String) {
    if let found = Self.look(at: path) {
      let isRegular = found.st_mode & S_IFMT == S_IFREG
      self = isRegular ? .existing(device: found.st_dev, inode: found.st_ino) : .other(path: path)
      return
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let directory = parts.dropLast().joined(separator: "/") + (path.hasPrefix("/") ? "/" : "")
    guard let name = parts.last, let found = Self.look(at: directory.isEmpty ? "." : directory) else {
      self = .other(path: path)
      return
    }
    self = .new(device: found.st_dev, inode: found.st_ino, name: name)
  }

  private static func look(at path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
