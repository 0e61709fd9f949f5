//! Spakky deletes what it evicts, entry by entry, and looks through all keys of
//! the server to find those that it clears.

use spakky_cache_core::{EntryOptions, Sweeper};
use spakky_test_support::Commands;

use crate::host::{
    commands_of, connect, fill, guest, guest_of_its_own, mended, names, policy, process, redis,
    size, tagged, texts,
};

/// So many `SET`, and the `PING` that follows them: none has a cost that grows
/// with anything. Each of two connections may have had its heartbeat besides.
fn sets_only(sent: &Commands, sets: u64) {
    assert_eq!(sent.clone().without(&["ping"]), Commands::from([("set", sets)]));
    assert!((1..=3).contains(&sent.count("ping")), "{sent}");
}

#[tokio::test]
async fn an_evict_or_clear_costs_the_same_whatever_it_evicts() {
    let server = redis();
    let host = process(&server).await;
    let (guest, other) = (guest(&host), guest_of_its_own(&server).await);
    for count in [1, 1_000, 100_000] {
        for how in ["evict", "clear"] {
            fill(&guest, count, &tagged(&["tag"])).await;
            let last = (count - 1).to_string();
            assert!(other.get(&last).await.unwrap().is_some());
            assert!(size(&server) > count);
            let sent = commands_of(&server, async {
                match how {
                    "evict" => guest.evict_tags(&texts(&["tag"])).await.unwrap(),
                    _ => guest.clear().await.unwrap(),
                }
            });
            // The mark and the tag, or everything.
            sets_only(&sent.await, if how == "evict" { 2 } else { 1 });
            let keys: Vec<_> = (0..count).map(|n| n.to_string()).collect();
            for keys in keys.chunks(1_024) {
                let found = other.get_many(keys.iter().map(String::as_str)).await.unwrap();
                assert!(found.iter().all(Option::is_none), "{count} entries");
            }
        }
    }

    // Their memory comes back in steps, each of which looks at a few.
    let sweeper = Sweeper { pause: std::time::Duration::ZERO, ..Sweeper::default() };
    let mut removed = None;
    let swept = commands_of(&server, async { removed = sweeper.sweep(&host).await.unwrap() });
    let swept = swept.await;
    assert_eq!(removed, Some(100_000));
    assert!(swept.count("scan") >= 100_000 / (2 * sweeper.batch as u64), "{swept}");
    assert_eq!(swept.count("unlink"), 100_000, "{swept}");
    let small = ["scan", "getrange", "evalsha", "unlink", "set", "pexpire", "ping"];
    let epochs = ["client|caching", "get", "pttl"];
    assert_eq!(swept.without(&small).without(&epochs), Commands::default());
    mended(
        "evicting 100,000 entries takes 260 ms and blocks the server",
        "1, 1,000 and 100,000 entries, evicted and cleared",
        "2 SET and 1 SET, whatever there was",
    );
}

#[tokio::test]
async fn a_clear_looks_at_nobodys_keys_and_leaves_foreign_ones_alone() {
    const FOREIGN: usize = 200_000;
    let server = redis();
    // Among names that begin as its own do.
    let script = "for n = 1, ARGV[1] do
        redis.call('SET', ({'foreign:', 'app:', 'app:k', 'app:kk|', 'xapp:k|'})[n % 5 + 1] .. n, n)
    end";
    server.query::<()>(redis::cmd("EVAL").arg(script).arg(0).arg(FOREIGN)).unwrap();
    assert_eq!(size(&server), FOREIGN);
    let host = process(&server).await;
    let neighbour = connect(server.port(), "app:k:", policy()).await;
    let (guest, neighbour) = (guest(&host), guest(&neighbour));
    fill(&guest, 10, &EntryOptions::default()).await;
    fill(&neighbour, 10, &EntryOptions::default()).await;
    let full = size(&server);

    sets_only(&commands_of(&server, async { guest.clear().await.unwrap() }).await, 1);
    assert_eq!(size(&server), full);
    for n in 0..10 {
        assert_eq!(guest.get(&n.to_string()).await, Ok(None));
        assert_eq!(neighbour.get(&n.to_string()).await, Ok(Some("value".into())));
    }
    // The sweeper does look through them, in its own time, and takes its ten.
    let sweeper = Sweeper { pause: std::time::Duration::ZERO, ..Sweeper::default() };
    assert_eq!(sweeper.sweep(&host).await, Ok(Some(10)));
    let left = names(&server);
    let foreign = left.iter().filter(|name| name.ends_with(|c: char| c.is_ascii_digit())).count();
    assert_eq!(foreign, FOREIGN + 10);
    mended(
        "clearing 10 own keys among 200,000 foreign ones scans them all",
        "10 among 200,000, with names that begin alike",
        "1 SET, all foreign left",
    );
}
