//! A seeded generator of realistic CloudTrail exports, shared by the samples, the benches and
//! `make-export`: who calls ([`caller`]), what a record looks like ([`record`]), what services do
//! for a caller ([`chains`]) and for whole teams ([`deeds`]), what fills a trail ([`noise`]), how it is
//! delivered ([`delivery`]), how much of it ([`volume`]), and what happens beside a case ([`beside`]).

pub mod beside;
pub mod caller;
pub mod chains;
pub mod deeds;
pub mod delivery;
pub mod noise;
pub mod random;
pub mod record;
pub mod volume;
