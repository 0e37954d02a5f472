/// A text of a rule, in memory of its rule set.
struct RuleText: BitwiseCopyable, @unchecked Sendable {
  let start: UnsafeRawPointer
  let count: Int
  /// The rule said something about it.
  let isGiven: Bool
  /// What is read may be longer at its front: the rule's text began with `*`.
  let isSuffix: Bool
}
