import TCPEngine

/// How the frames of connections found their workers, as reports tell it.
struct SteeringReport {
  let choice: SteeringChoice
  /// SYN-ACKs that answered ours.
  let replies: UInt64
  /// Of these, how many arrived at another worker's queue.
  let astray: UInt64
  let handedOver: UInt64
  let lost: UInt64

  private var home: UInt64 { replies - min(replies, astray) }
  private var isObeyed: Bool? { choice.isObeyed(replies: replies, astray: astray) }

  var json: JSONValue {
    .object([
      "way": .text(choice.way.rawValue),
      "declined": .array(choice.declined.map { .object(["way": .text($0.way.rawValue), "reason": .text($0.reason)]) }),
      "obeyed": isObeyed.map(JSONValue.bool) ?? .null,
      "replies_home": .count(home), "replies_astray": .count(astray),
      "handed_over": .count(handedOver), "hand_over_lost": .count(lost),
    ])
  }

  var lines: [String] {
    guard choice.needsHandOver else { return [] }
    return [
      "Steering: \(choice.way.text)" + (isObeyed == false ? ", which the port does not obey: frames were handed over instead" : ""),
      "  replies on their own worker's queue \(NumberText.grouped(home)), on another's \(NumberText.grouped(astray))",
      "  frames handed over \(NumberText.grouped(handedOver)), lost doing so \(NumberText.grouped(lost))",
    ] + choice.declined.map { "  not by \($0.way.text): \($0.reason)" }
  }
}
