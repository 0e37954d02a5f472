import Glibc

/// Reads the text of a configuration file. A pipe will do.
enum FileText {
  /// Larger is some other file.
  private static let limit = 1 << 20

  static func read(_ path: String) throws(ConfigurationError) -> String {
    guard !path.isEmpty else {
      throw ConfigurationError(.commandLine, "the configuration file's name is empty, give a name or leave it out")
    }
    let octets = try octets(path)
    guard let text = String(validating: octets, as: UTF8.self) else {
      throw ConfigurationError(.file(path), "is not UTF-8 text, save it in UTF-8")
    }
    guard !octets.contains(0) else { throw ConfigurationError(.file(path), "has a zero octet in it, this is no TOML file") }
    return text
  }

  private static func octets(_ path: String) throws(ConfigurationError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { throw ConfigurationError(.file(path), "there is no such file, check its name") }
      throw unreadable(path)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw unreadable(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw ConfigurationError(.file(path), "is a directory, give a file in it") }
    var octets: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(file, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path) }
      if count == 0 { return octets }
      octets += part[..<count]
      guard octets.count <= limit else { throw ConfigurationError(.file(path), "is larger than 1 MiB, this is no configuration file") }
    }
  }

  private static func unreadable(_ path: String) -> ConfigurationError {
    ConfigurationError(.file(path), "cannot be read (\(String(cString: strerror(errno)))), check the file and its permissions")
  }
}
