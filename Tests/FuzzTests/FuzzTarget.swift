/// What is fuzzed. Each takes any octets and says what is wrong with how they were taken; nil: nothing. Used by libFuzzer (Scripts/fuzz) and,
/// with the inputs that are kept in Tests/Corpus, by `ReplayTests`.
enum FuzzTarget: String, CaseIterable {
  /// Octets are a frame.
  case frame
  /// Octets are TCP options.
  case options
  /// Octets are a script: segments, time and commands for a whole engine.
  case machine

  func run(_ input: UnsafeRawBufferPointer) -> String? {
    switch self {
    case .frame: FrameFuzz.run(input)
    case .options: OptionsFuzz.run(input)
    case .machine: MachineFuzz.run(input)
    }
  }
}
