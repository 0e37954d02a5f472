import Glibc
import TCPEngine

/// Prints the connections of a record file: reads, joins, chooses, writes.
struct RecordListing {
  /// What is made of the connections that were chosen.
  enum Form: Equatable {
    case csv
    case jsonLines
    case sums
  }

  /// How it went.
  enum End: Equatable {
    /// All was printed that the file has.
    case complete(Shortfall)
    /// Whoever read the output wanted no more of it.
    case readerGone
    case outputFailed(OutputError)
  }

  /// What the file was found to lack.
  struct Shortfall: Equatable {
    /// Records left out, as their octets are none.
    var damaged = 0
    /// Octets of a last record that the file ends within.
    var incomplete = 0

    /// A sentence for each.
    func sentences(path: String, recordLength: Int) -> [String] {
      var sentences: [String] = []
      if damaged > 0 {
        let are = damaged == 1 ? "record is damaged and was" : "records are damaged and were"
        sentences.append("\(path): \(damaged) \(are) left out; all others were read")
      }
      if incomplete > 0 {
        sentences.append(
          "\(path): the last record is incomplete (\(incomplete) of \(recordLength) octets); the ones before it were read")
      }
      return sentences
    }
  }

  let path: String
  var form = Form.csv
  /// Only connections of which an end did not complete.
  var onlyFailed = false
  /// Connections at most; nil: all.
  var limit: Int?

  private static var pieceSize: Int { 1 << 16 }

  /// - Parameter descriptor: where it is printed.
  /// - Throws: when the file cannot be read, or is none of connection records.
  func print<Kind: RecordKind>(_ kind: Kind.Type, to descriptor: Int32) throws(OutputError) -> End {
    let reader = try RecordReader<Kind.Record>(path: path)
    var printing = Printing<Kind>(self, reader.time, descriptor)
    var kind = Kind()
    while printing.wantsMore, let record = try reader.next() {
      if let row = kind.add(record) { printing.take(row) }
    }
    if printing.wantsMore {
      for row in kind.rest() where printing.wantsMore { printing.take(row) }
    }
    printing.finish()
    switch printing.errorNumber {
    case 0: return .complete(Shortfall(damaged: reader.damaged, incomplete: reader.incomplete))
    case EPIPE: return .readerGone
    case let number: return .outputFailed(OutputError("standard output", "cannot be written: ", errorNumber: number))
    }
  }

  /// The connections on their way to the output.
  private struct Printing<Kind: RecordKind> {
    private let listing: RecordListing
    private let format: (any RecordFormat<Kind.Row>)?
    private let time: RunTime
    private let descriptor: Int32
    private var text = TextBuffer()
    private var sums = Kind.Sums()
    private var taken = 0
    private(set) var errorNumber: Int32 = 0

    init(_ listing: RecordListing, _ time: RunTime, _ descriptor: Int32) {
      self.listing = listing
      self.time = time
      self.descriptor = descriptor
      format =
        switch listing.form {
        case .csv: Kind.csv
        case .jsonLines: Kind.jsonLines
        case .sums: nil
        }
      format?.begin(&text)
    }

    var wantsMore: Bool { errorNumber == 0 && taken < listing.limit ?? .max }

    mutating func take(_ row: Kind.Row) {
      if listing.onlyFailed, !Kind.hasFailed(row) { return }
      taken += 1
      if let format { format.write(row, time, to: &text) } else { sums.add(row) }
      if text.octets.count >= RecordListing.pieceSize { flush() }
    }

    mutating func finish() {
      if listing.form == .sums { sums.write(to: &text) }
      flush()
    }

    private mutating func flush() {
      if errorNumber == 0 { errorNumber = text.octets.withUnsafeBytes { FileDescriptor.write($0, to: descriptor) }.errorNumber }
      text.removeAll()
    }
  }
}
