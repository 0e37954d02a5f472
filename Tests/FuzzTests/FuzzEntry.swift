// libFuzzer's entry; `Scripts/fuzz` alone compiles it.
#if FUZZING
  import Glibc

  private let target: FuzzTarget = {
    guard let name = getenv("FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
      fatalError("FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
  }()

  @_cdecl("LLVMFuzzerTestOneInput")
  public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if let problem = target.run(UnsafeRawBufferPointer(start: bytes, count: count)) { fatalError(problem) }
    return 0
  }
#endif
