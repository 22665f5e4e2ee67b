//! The plan file: RON, versioned, sealed by a checksum.
