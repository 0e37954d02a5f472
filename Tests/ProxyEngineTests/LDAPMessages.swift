import SwiftASN1

/// Messages of LDAP, written by swift-asn1.
enum LDAPText {
  static let sequence = ASN1Identifier.sequence

  static func application(_ number: UInt, constructed: Bool = true) -> ASN1Identifier {
    .init(tagWithNumber: number, tagClass: .application)
  }

  static func context(_ number: UInt) -> ASN1Identifier { .init(tagWithNumber: number, tagClass: .contextSpecific) }

  typealias Coder = DER.Serializer

  static func message(_ id: Int32, controls: [(oid: String, isCritical: Bool?)]? = nil, _ operation: (inout Coder) throws -> Void)
    -> [UInt8]
  {
    do {
      var coder = Coder()
      try coder.appendConstructedNode(identifier: sequence) { coder in
        try coder.serialize(id)
        try operation(&coder)
        if let controls {
          try coder.appendConstructedNode(identifier: context(0)) { coder in
            for control in controls {
              try coder.appendConstructedNode(identifier: sequence) { coder in
                try coder.serialize(octets(control.oid))
                if let isCritical = control.isCritical { try coder.serialize(isCritical) }
                try coder.serialize(octets("value"))
              }
            }
          }
        }
      }
      return coder.serializedBytes
    } catch { fatalError("\(error)") }
  }

  static func octets(_ text: String) -> ASN1OctetString { ASN1OctetString(contentBytes: ArraySlice(text.utf8)) }

  static func primitive(_ coder: inout Coder, _ identifier: ASN1Identifier, _ text: String) {
    coder.appendPrimitiveNode(identifier: identifier) { $0.append(contentsOf: text.utf8) }
  }

  static func bind(
    id: Int32 = 1, _ name: String, password: String = "", version: Int32 = 3, controls: [(oid: String, isCritical: Bool?)]? = nil
  ) -> [UInt8] {
    message(id, controls: controls) { coder in
      try coder.appendConstructedNode(identifier: application(0)) { coder in
        try coder.serialize(version)
        try coder.serialize(octets(name))
        primitive(&coder, context(0), password)
      }
    }
  }

  static func saslBind(id: Int32 = 1, _ name: String, mechanism: String) -> [UInt8] {
    message(id) { coder in
      try coder.appendConstructedNode(identifier: application(0)) { coder in
        try coder.serialize(3 as Int32)
        try coder.serialize(octets(name))
        try coder.appendConstructedNode(identifier: context(3)) { try $0.serialize(octets(mechanism)) }
      }
    }
  }

  static func search(id: Int32 = 2, base: String, filter: String = "objectClass") -> [UInt8] {
    message(id) { coder in
      try coder.appendConstructedNode(identifier: application(3)) { coder in
        try coder.serialize(octets(base))
        for _ in 0..<2 { coder.appendPrimitiveNode(identifier: .enumerated) { $0.append(2) } }
        for _ in 0..<2 { try coder.serialize(0 as Int32) }
        try coder.serialize(false)
        primitive(&coder, context(7), filter)
        try coder.appendConstructedNode(identifier: sequence) { try $0.serialize(octets("cn")) }
      }
    }
  }

  static func unbind(id: Int32 = 3) -> [UInt8] { message(id) { $0.appendPrimitiveNode(identifier: application(2)) { _ in } } }

  static func extended(id: Int32 = 1, _ oid: String) -> [UInt8] {
    message(id) { coder in
      coder.appendConstructedNode(identifier: application(23)) { primitive(&$0, context(0), oid) }
    }
  }

  static func compare(id: Int32 = 1) -> [UInt8] {
    message(id) { coder in
      try coder.appendConstructedNode(identifier: application(14)) { coder in
        try coder.serialize(octets("cn=a"))
        try coder.appendConstructedNode(identifier: sequence) { coder in
          try coder.serialize(octets("cn"))
          try coder.serialize(octets("a"))
        }
      }
    }
  }

  static func bindResponse(_ id: Int32, code: UInt8, text: String = "") -> [UInt8] {
    message(id) { coder in
      try coder.appendConstructedNode(identifier: application(1)) { coder in
        coder.appendPrimitiveNode(identifier: .enumerated) { $0.append(code) }
        try coder.serialize(octets(""))
        try coder.serialize(octets(text))
      }
    }
  }
}
