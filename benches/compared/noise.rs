//! What varies freely: a seeded stream of numbers, ids, times and names.

/// Numbers that depend on the seed alone (SplitMix64).
#[derive(Debug)]
pub struct Noise(u64);

/// Programs that make calls.
pub const AGENTS: [&str; 4] = [
    "aws-cli/2.15.30 md/awscrt#0.19.19",
    "Boto3/1.34.51 md/Botocore#1.34.51",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.5",
    "aws-sdk-go-v2/1.30.3",
];

/// Words that people choose.
pub const PEOPLE: [&str; 6] = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot"];

impl Noise {
    /// A stream.
    pub fn new(seed: u64) -> Noise {
        let mut noise = Noise(seed);
        noise.next();
        noise
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one.
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// Yes or no.
    pub fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// An id as AWS makes them.
    pub fn uuid(&mut self) -> String {
        let (one, two) = (self.next(), self.next());
        let [a, b, c] = [one >> 32, (one >> 16) & 0xffff, one & 0xffff];
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", two >> 48, two & 0xffff_ffff_ffff)
    }
}

/// A moment, in seconds since 1970, as CloudTrail writes it.
pub fn time(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    // Days to a date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
