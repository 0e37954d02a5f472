import TCPEngine

/// Records that lie in files, of one kind to a file.
protocol FileRecord: BitwiseCopyable, Sendable {
  /// The first 8 octets of such a file.
  static var magic: String { get }
  /// Whether the octets there are such a record: enums have no other values in memory than their cases.
  static func isSound(at place: UnsafeRawPointer) -> Bool
}

extension FileRecord {
  /// Octets of one.
  static var length: Int { MemoryLayout<Self>.stride }
}

/// How records of a kind become the rows that are printed.
protocol RecordKind {
  associatedtype Record: FileRecord
  associatedtype Row
  associatedtype Sums: RecordRowSums<Row>

  init()
  /// The row that is whole with this record; nil: another record belongs to it.
  mutating func add(_ record: Record) -> Row?
  /// Rows that no other record came for.
  consuming func rest() -> [Row]
  static func hasFailed(_ row: Row) -> Bool
  static var csv: any RecordFormat<Row> { get }
  static var jsonLines: any RecordFormat<Row> { get }
}

/// Sums over rows, written as JSON.
protocol RecordRowSums<Row> {
  associatedtype Row
  init()
  mutating func add(_ row: Row)
  func write(to text: inout TextBuffer)
}

/// A generator's records: of each end of a connection one.
struct EndRecords: RecordKind {
  private var joiner = EndJoiner()

  mutating func add(_ record: ConnectionRecord) -> RecordedConnection? { joiner.add(record) }
  consuming func rest() -> [RecordedConnection] { joiner.rest() }
  static func hasFailed(_ row: RecordedConnection) -> Bool { row.hasFailed }
  static var csv: any RecordFormat<RecordedConnection> { CSVRecordFormat() }
  static var jsonLines: any RecordFormat<RecordedConnection> { JSONRecordFormat() }
  typealias Sums = RecordSums
}
