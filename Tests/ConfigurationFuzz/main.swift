// libFuzzer's driver; `Scripts/fuzz` alone builds it.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// libFuzzer's own main refers to this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: octets, count: count), as: UTF8.self)
  if let problem = ConfigurationProperty.problem(text) { fatalError(problem) }
  return 0
}

var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let code = runFuzzer(&count, &arguments, fuzzOneInput)
if code != 0 { fatalError("libFuzzer ended with \(code)") }
