import Glibc

/// Which file a path leads to, whether or not it is there yet: two paths with one identity are one file.
enum FileIdentity: Equatable {
  case existing(device: dev_t, inode: ino_t)
  /// A name in a directory.
  case new(device: dev_t, inode: ino_t, name: Substring)
  /// A device or a pipe, which nothing overwrites, or not to be found out: an error says so when it is opened.
  case other(path: String)

  init(path: String) {
    let path = Self.target(of: path)
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

  /// Where the symbolic links of the last name lead, even if nothing is there yet.
  private static func target(of path: String) -> String {
    var path = path
    // As many as Linux follows.
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let length = readlink(path, &buffer, buffer.count)
      guard length > 0 else { break }
      let link = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
      path = link.hasPrefix("/") ? link : directory + link
    }
    return path
  }

  private static func look(at path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
