/// A value that a key does not take; where it was given is added by who knows it.
struct Mismatch: Error, Equatable {
  /// What was given: "a string", "-5", "'abc'".
  var found: String
  /// What the key takes: "an integer from 0 to 15".
  var needed: String
}
