//! What differs between calls that failed and calls that worked is told first, and nothing is told where
//! nothing differs: generated pairs in which exactly one thing does (`COMPARED_PAIRS` says how many).

use crate::support::pairs;

use std::path::Path;

#[test]
fn the_one_thing_that_differs_is_told_first_and_nothing_where_nothing_does() {
    let asked = std::env::var("COMPARED_PAIRS").ok().and_then(|text| text.parse().ok());
    let pairs: u64 = asked.unwrap_or(40);
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_trailwhy"));
    let found = pairs::measure(binary, folder.path(), pairs, pairs / 2).unwrap();
    println!("{found:#?}");
    assert!(found.first * 100 >= found.pairs * 95, "{found:#?}");
    assert!(found.among_three * 100 >= found.pairs * 99, "{found:#?}");
    assert!(found.silent * 100 >= found.alike * 95, "{found:#?}");
}
