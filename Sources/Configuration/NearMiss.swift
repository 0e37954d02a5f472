/// Which of the known names was meant by an unknown one.
enum NearMiss {
  /// The nearest of `names`: at most two letters wrong (one in a short name), or one name the other's beginning. Nil when none is near.
  static func of(_ name: String, among names: [String]) -> String? {
    let allowed = name.count > 4 ? 2 : 1
    let ranked = names.compactMap { candidate -> (distance: Int, name: String)? in
      let distance = editDistance(name, candidate)
      if distance <= allowed { return (distance, candidate) }
      return isBeginning(name, candidate) || isBeginning(candidate, name) ? (allowed + 1, candidate) : nil
    }
    return ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  private static func isBeginning(_ part: String, _ whole: String) -> Bool { part.count >= 3 && whole.hasPrefix(part) }

  /// Letters to insert, delete or replace (Levenshtein).
  static func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let replaced = diagonal + (letter == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
