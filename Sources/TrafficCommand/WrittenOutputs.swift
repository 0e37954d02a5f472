import TCPEngine

/// What has become of a file that was written while the run went on.
struct WrittenFile: Equatable {
  /// Frames or records that are whole in it, and those that should be and are not.
  var count = 0
  var missing = 0
  /// Why they are not, in one sentence; nil: all went well.
  var problem: String?
}

/// What was written in the end, besides the report.
struct WrittenOutputs {
  var capture = WrittenFile()
  var records = WrittenFile()
  var recordCPUSeconds = 0.0

  /// What went wrong with the files; nil: nothing did.
  var problem: String? { capture.problem ?? records.problem }

  /// The capture's line in a report for people.
  func captureLine(_ path: String) -> String {
    let missing = capture.missing > 0 ? ", \(Self.text(capture.missing)) could not be written" : ""
    return "Capture: \(Self.text(capture.count)) frames in \(path)\(missing)"
  }

  /// The records' line.
  ///
  /// - Parameter lost: records that found no room to wait for the writer.
  func recordsLine(_ path: String, lost: UInt64) -> String {
    "Records: \(Self.text(records.count)) in \(path), lost \(NumberText.grouped(lost + UInt64(records.missing)))"
  }

  /// Both in the report for scripts.
  ///
  /// - Parameter recordsFile: nil: no records were asked for.
  func json(_ output: OutputSettings, recordsFile: String?, lost: UInt64) -> [String: JSONValue] {
    [
      "records": .object([
        "file": JSONValue(recordsFile), "written": JSONValue(records.count), "lost": .count(lost + UInt64(records.missing)),
      ]),
      "capture": .object([
        "file": JSONValue(output.pcap), "frames": JSONValue(capture.count), "lost": JSONValue(capture.missing),
      ]),
    ]
  }

  private static func text(_ count: Int) -> String { NumberText.grouped(UInt64(count)) }
}
