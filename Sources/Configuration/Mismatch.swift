/// A value that a key does not take; where it was given is added by who knows it.
struct Mismatch: Error, Equatable {
  /// What was given: "a string", "-5", "'abc'".
  let found: String
  /// What the key takes: "an integer from 0 to 15".
  let needed: String

  init(found: String, needed: String) {
    self.found = found.shortened
    self.needed = needed
  }
}

extension String {
  /// Of what is long, as much as tells which it is; the sentence goes on behind it.
  var shortened: String {
    let longest = 100
    guard unicodeScalars.count > longest else { return self }
    return String(unicodeScalars.prefix(longest)) + "..." + (hasPrefix("'") ? "'" : "")
  }
}
