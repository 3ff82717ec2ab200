//! Saves worlds in the middle of play and goes on from there.

use env_crafter::{
    Action, AfterEnd, Difficulty, Env, EnvConfig, NightNoise, Snapshot, SnapshotError,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn config() -> impl Strategy<Value = EnvConfig> {
    let noise = prop_oneof![Just(NightNoise::Separate), Just(NightNoise::WorldStream)];
    let difficulty = (0..4_u8).prop_map(|id| Difficulty::try_from(id).expect("one of four"));
    (any::<u64>(), 9..40_u32, 9..40_u32, noise, difficulty).prop_map(
        |(seed, width, height, noise, difficulty)| EnvConfig {
            seed,
            area: (width, height),
            noise,
            difficulty,
            after_end: AfterEnd::Continue,
            ..EnvConfig::default()
        },
    )
}

fn actions(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Action>> {
    let action = (0..17_u8).prop_map(|id| Action::try_from(id).expect("one of seventeen"));
    proptest::collection::vec(action, count)
}

fn play(env: &mut Env, actions: &[Action]) {
    for &action in actions {
        env.step(action).expect("goes on after the end");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_restored_world_goes_on_as_the_saved_one(
        config in config(),
        before in actions(0..400),
        after in actions(1..60),
    ) {
        let mut env = Env::new(config).expect("valid");
        play(&mut env, &before);
        let bytes = env.snapshot().to_bytes();
        let snapshot = Snapshot::from_bytes(&bytes).expect("whole");
        let mut again = Env::restore(&snapshot);
        prop_assert_eq!(&again, &env);
        prop_assert_eq!(again.image(), env.image());
        play(&mut env, &after);
        play(&mut again, &after);
        prop_assert_eq!(again.digest(), env.digest());
        env.reset();
        again.reset();
        prop_assert_eq!(again.digest(), env.digest());
    }

    #[test]
    fn no_damage_goes_unnoticed(at in any::<proptest::sample::Index>(), bit in 0..8_u32) {
        let mut bytes = Env::new(EnvConfig::default()).expect("valid").snapshot().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Snapshot::from_bytes(&bytes).is_err(), "byte {} bit {}", at, bit);
        prop_assert!(Snapshot::from_bytes(&bytes[..at]).is_err(), "cut at {}", at);
    }
}

#[test]
fn what_is_no_snapshot_is_refused_with_a_reason() {
    let bytes = Env::new(EnvConfig::default())
        .expect("valid")
        .snapshot()
        .to_bytes();
    let reason = |bytes: &[u8]| {
        Snapshot::from_bytes(bytes)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(reason(b""), "not a snapshot of a Crafter world");
    assert_eq!(reason(b"PNG or so"), "not a snapshot of a Crafter world");
    assert_eq!(reason(&bytes[..20]), "damaged snapshot: it is too short");
    assert_eq!(
        reason(&bytes[..200]),
        "damaged snapshot: the checksum does not match"
    );
    let mut newer = bytes;
    newer[8] = 2;
    assert_eq!(
        reason(&newer),
        "snapshot of version 2, but only version 1 can be read"
    );
    assert_eq!(
        Snapshot::from_bytes(&newer),
        Err(SnapshotError::Version { found: 2 })
    );
}

#[test]
fn looking_changes_nothing() {
    for noise in [NightNoise::Separate, NightNoise::WorldStream] {
        let config = EnvConfig {
            noise,
            after_end: AfterEnd::Continue,
            ..EnvConfig::default()
        };
        let mut env = Env::new(config).expect("valid");
        play(&mut env, &[Action::Noop; 200]);
        let before = env.digest();
        assert_eq!(env.image(), env.image(), "a night has the same noise twice");
        assert_eq!(env.digest(), before);
    }
}

/// The reason for which a snapshot with other bytes at a place, counted from
/// the end of the map's, is refused, the checksum being right.
fn refused(at: isize, bytes: &[u8]) -> String {
    let env = Env::new(EnvConfig::default()).expect("valid");
    let mut snapshot = env.snapshot().to_bytes();
    let end_of_map = (8 + 2 + 43 + 17 + 64 * 64_isize) + at;
    let at = usize::try_from(end_of_map).expect("within the snapshot");
    snapshot[at..at + bytes.len()].copy_from_slice(bytes);
    let content = snapshot.len() - 32;
    let checksum = Sha256::digest(&snapshot[..content]);
    snapshot[content..].copy_from_slice(&checksum);
    Snapshot::from_bytes(&snapshot)
        .map(drop)
        .expect_err("refused")
        .to_string()
}

#[test]
fn numbers_that_would_run_over_are_refused() {
    const MAP: isize = 64 * 64;
    const NEEDS: isize = 16 + 22 * 4 + 3;
    const RNG: isize = NEEDS + 4 * 2;
    const BLOCKS: isize = RNG + 624 * 4 + 2;
    let most = &[0xff; 8];
    let cases: [(isize, &[u8], &str); 12] = [
        (-MAP - 17, &[0; 8], "the episode is none, they begin at 1"),
        (-MAP - 9, most, "more steps than can be played"),
        (-MAP - 1, &[10], "there is too much health"),
        (0, &[10], "there is too much of an item"),
        (NEEDS - 1, &[10], "there is too much health"),
        (NEEDS, &[0xff, 0x7f], "a need is counted beyond its end"),
        (NEEDS + 2, &[0xff, 0x7f], "a need is counted beyond its end"),
        (NEEDS + 4, &[0, 0x80], "a need is counted beyond its end"),
        (NEEDS + 6, &[0, 0x80], "a need is counted beyond its end"),
        (BLOCKS, most, "more numbers than can be drawn"),
        (BLOCKS + 8, &[0xff; 4], "more objects than can be created"),
        (BLOCKS + 16 + 15 + 12, &[200], "an object is too healthy"),
    ];
    for (at, bytes, reason) in cases {
        assert_eq!(refused(at, bytes), format!("damaged snapshot: {reason}"));
    }
    // The area is what the settings say after the seed.
    assert_eq!(
        refused(-MAP - 17 - 43 + 8, &[0; 4]),
        "damaged snapshot: area 0x64: each side must be 1 to 4096 cells"
    );
}
