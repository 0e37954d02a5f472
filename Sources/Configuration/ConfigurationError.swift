/// Why a run's settings were refused: one sentence that says where, what, and what to do.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Where the mistake is.
  public enum Place: Sendable, Equatable, CustomStringConvertible {
    /// In the file of this path.
    case file(String)
    /// In the value of this flag, its hyphens included.
    case flag(String)
    /// In how the settings go together, when there is no file.
    case commandLine

    public var description: String {
      switch self {
      case .file(let path): path
      case .flag(let name): name
      case .commandLine: "command line"
      }
    }
  }

  public let place: Place
  /// The sentence without its place.
  public let problem: String

  public var description: String { "\(place): \(problem)" }

  init(_ place: Place, _ problem: String) {
    self.place = place
    self.problem = problem.controlsWritten
  }

  /// A key of a file whose value does not do.
  init(file: String, key: String, _ mismatch: Mismatch) {
    self.init(.file(file), "\(key) is \(mismatch.found), \(mismatch.needed) is needed")
  }

  /// A flag whose value does not do.
  init(flag: String, _ mismatch: Mismatch) {
    self.init(.flag(flag), "\(mismatch.found) is given, \(mismatch.needed) is needed")
  }
}

extension String {
  /// The same in one line, with control characters written as TOML does: what is quoted from a file or a command line may have them.
  public var controlsWritten: String {
    unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\t": text += "\\t"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case _ where scalar.properties.generalCategory == .control:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
