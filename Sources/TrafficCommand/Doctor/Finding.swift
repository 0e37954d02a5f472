/// One line of what `doctor` says.
struct Finding: Sendable, Equatable, Encodable {
  enum Status: String, Sendable, Encodable {
    /// It is there.
    case ok
    /// It is not; the commands mend that.
    case missing
    /// Good to know.
    case note
  }

  let status: Status
  let topic: String
  let text: String
  /// The reference load cannot run without it.
  let isNeeded: Bool
  /// What mends the lack: for now, and, where that lasts only until the machine starts again, for good. Of a note: what one may want to do.
  let commands: [String]

  enum CodingKeys: String, CodingKey {
    case status
    case topic
    case text
    case isNeeded = "needed"
    case commands
  }

  static func ok(_ topic: String, _ text: String) -> Finding {
    Finding(status: .ok, topic: topic, text: text, isNeeded: false, commands: [])
  }

  static func note(_ topic: String, _ text: String, commands: [String] = []) -> Finding {
    Finding(status: .note, topic: topic, text: text, isNeeded: false, commands: commands)
  }

  static func missing(_ topic: String, _ text: String, needed: Bool = false, _ commands: [String] = []) -> Finding {
    Finding(status: .missing, topic: topic, text: text, isNeeded: needed, commands: commands)
  }
}
