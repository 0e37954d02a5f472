import Testing

@testable import TrafficCommand

@Suite struct NumberTextTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (UInt64.max, "18,446,744,073,709,551,615"),
  ])
  func groups(value: UInt64, text: String) { #expect(NumberText.grouped(value) == text) }

  @Test(arguments: [
    (0, "0"), (9_999, "9999"), (10_000, "10.0k"), (123_456, "123k"), (1_520_000, "1.52M"), (10_600_000, "10.6M"), (2e9, "2.00G"),
  ])
  func shortens(value: Double, text: String) { #expect(NumberText.short(value) == text) }

  @Test(arguments: [(999, "999 ns"), (12_340, "12.3 us"), (1_500_000, "1.50 ms"), (2_000_000_000, "2.00 s")])
  func times(nanoseconds: UInt64, text: String) { #expect(NumberText.time(nanoseconds: nanoseconds) == text) }
}
