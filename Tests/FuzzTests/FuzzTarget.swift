/// What is fuzzed. Each takes any octets and says what is wrong with how they were taken; nil: nothing. Used by libFuzzer (Scripts/fuzz) and,
/// with the inputs that are kept in Tests/Corpus, by `ReplayTests`.
enum FuzzTarget: String, CaseIterable {
  /// Octets are a frame.
  case frame
  /// Octets are TCP options.
  case options
  /// Octets are a script: segments, time and commands for a whole engine.
  case machine
  /// Octets are a script for a whole proxy, both legs.
  case proxy
  /// Octets are the first that a client sends: HTTP, TLS, LDAP.
  case http
  case clientHello = "client-hello"
  case ldap

  func run(_ input: UnsafeRawBufferPointer) -> String? {
    switch self {
    case .frame: FrameFuzz.run(input)
    case .options: OptionsFuzz.run(input)
    case .machine: MachineFuzz.run(input)
    case .proxy: ProxyFuzz.run(input)
    case .http: InspectionFuzz.http(input)
    case .clientHello: InspectionFuzz.clientHello(input)
    case .ldap: InspectionFuzz.ldap(input)
    }
  }
}
