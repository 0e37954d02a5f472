/// The errno values that sockets report, as they are on Linux.
enum Errno {
  static let brokenPipe: Int32 = 32
  static let again: Int32 = 11
  static let badDescriptor: Int32 = 9
  static let badAddress: Int32 = 14
  static let invalid: Int32 = 22
  static let tooManyFiles: Int32 = 24
  static let destinationRequired: Int32 = 89
  static let noProtocolOption: Int32 = 92
  static let notSupported: Int32 = 95
  static let addressInUse: Int32 = 98
  static let addressNotAvailable: Int32 = 99
  static let networkUnreachable: Int32 = 101
  static let connectionReset: Int32 = 104
  static let isConnected: Int32 = 106
  static let notConnected: Int32 = 107
  static let timedOut: Int32 = 110
  static let connectionRefused: Int32 = 111
  static let already: Int32 = 114
  static let inProgress: Int32 = 115
}
