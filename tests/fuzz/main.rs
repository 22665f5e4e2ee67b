//! The corpora of `cargo fuzz` once more, and small changes of them, in the same bytes on every run.
//!
//! To look for more: `cargo +nightly fuzz run --fuzz-dir tests/fuzz TARGET` with TARGET one of plan, split, url, names.

mod targets;

use std::fs;
use std::path::Path;

#[test]
fn p36_the_corpora_and_changes_of_them() {
    let asked: Option<u64> = std::env::var("MSR_FUZZ").ok().and_then(|n| n.parse().ok());
    for (name, target) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).expect("a corpus").map(|e| e.expect("a file").path()).collect();
        files.sort();
        assert!(files.len() >= 3, "{name} has a corpus");
        let seeds: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("a seed")).collect();
        // About as many of each target, whatever its corpus has grown to.
        let changes = asked.unwrap_or((1000 / seeds.len() as u64).clamp(2, 40));
        for (i, seed) in seeds.iter().enumerate() {
            target(seed);
            for n in 0..changes {
                target(&changed(seed, &seeds[(i + n as usize) % seeds.len()], i as u64 * changes + n + 1));
            }
        }
    }
}

/// A few bytes gone, doubled, others' or turned over.
fn changed(seed: &[u8], other: &[u8], number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % n.max(1)
    };
    let mut bytes = seed.to_vec();
    for _ in 0..1 + below(4) {
        let (at, length) = (below(bytes.len() + 1), below(9));
        let end = (at + length).min(bytes.len());
        match below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            2 => {
                let from = below(other.len() + 1);
                let piece = other[from..(from + length).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            _ => bytes[at..end].iter_mut().for_each(|b| *b ^= 1 << below(7)),
        }
    }
    bytes
}
