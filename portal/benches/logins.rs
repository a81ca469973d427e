//! Logins beside what Argon2 allows, and one patient's login during a flood: `cargo bench -p portal`.
//!
//! Delays are off, so that all of a flood reaches Argon2. Times are of this machine; what counts are the ratios.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark: it prints, and a failed expectation ends it"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use portal::secret::SiteSecret;
use portal::store::{Account, AccountId, AccountState, Along, Language, PasswordHash, SledStore};
use portal::{Accounts, AccountsError, Clock, Cost, Hasher, Limits, Login, Origin, Password, Site};

const PASSWORD: &str = "Tramonto-Azzurro!7";
const SPAN: Duration = Duration::from_secs(5);

fn from(network: u32) -> Origin {
    Origin(IpAddr::V4(Ipv4Addr::from(0xC633_0000 + network)))
}

fn argon2() -> Argon2<'static> {
    let Cost { memory_kib, passes } = Cost::default();
    let params = Params::new(memory_kib, passes, 1, None).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a second on so many threads, and nothing else.
fn floor(threads: usize) -> f64 {
    let done = AtomicU32::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while begun.elapsed() < SPAN {
                    argon2().hash_password(PASSWORD.as_bytes()).unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    f64::from(done.into_inner()) / begun.elapsed().as_secs_f64()
}

async fn accounts(folder: &std::path::Path, slots: usize) -> Accounts {
    let store: Arc<dyn store::Store> = Arc::new(SledStore::open(folder).unwrap());
    let hash = argon2().hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let clock = Clock::System;
    let account = Account {
        id: AccountId::fresh().unwrap(),
        user_name: "maria.test".parse().unwrap(),
        email: None,
        phone: None,
        language: Language::It,
        password: Some(PasswordHash(hash)),
        must_change_password: false,
        state: AccountState::Active,
        subject: None,
        persons: Vec::new(),
        created: clock.now(),
        password_set: None,
    };
    store.create_account(account, Along::nothing()).await.unwrap();
    let mut limits = Limits::default();
    for policy in [&mut limits.guessing, &mut limits.account, &mut limits.network] {
        policy.free = u32::MAX;
    }
    let site = Site { institution: String::new(), portal: String::new(), address: String::new() };
    let hasher = Arc::new(Hasher::new(Cost::default(), slots).unwrap());
    let secret = SiteSecret::new(vec![7; 32]).unwrap();
    Accounts::new(store, hasher, secret, site, limits, clock)
}

/// What became of the requests of a flood.
#[derive(Debug, Default)]
struct Flood {
    answered: AtomicU32,
    sent_away: AtomicU32,
    over: AtomicBool,
}

/// Wrong logins without a pause, from so many networks; each client waits for its answer.
fn flood(accounts: &Accounts, clients: u32, networks: u32) -> Arc<Flood> {
    let flood = Arc::new(Flood::default());
    for client in 0..clients {
        let (accounts, flood) = (accounts.clone(), Arc::clone(&flood));
        tokio::spawn(async move {
            let name = format!("nobody.{client}");
            while !flood.over.load(Ordering::Relaxed) {
                let from = from(1 + client % networks);
                match accounts.log_in(&name, Password::new("x"), from, None, None).await {
                    Err(AccountsError::Busy(_)) => {
                        flood.sent_away.fetch_add(1, Ordering::Relaxed);
                        // As soon as a client of a network could try again.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    _ => drop(flood.answered.fetch_add(1, Ordering::Relaxed)),
                }
            }
        });
    }
    flood
}

/// Times of one patient's logins, sorted; how often there was no place.
async fn patient(accounts: &Accounts, logins: u32) -> (Vec<Duration>, u32) {
    let (mut times, mut busy) = (Vec::new(), 0);
    for _ in 0..logins {
        let begun = Instant::now();
        let login =
            accounts.log_in("maria.test", Password::new(PASSWORD), from(0), None, None).await;
        match login {
            Ok(Login::Done { .. }) => times.push(begun.elapsed()),
            _ => busy += 1,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    times.sort();
    (times, busy)
}

#[tokio::main]
async fn main() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let folder = tempfile::tempdir().unwrap();
    let accounts = accounts(&folder.path().join("store"), cores).await;
    println!("cores {cores}; Argon2id {:?}", Cost::default());
    println!("Argon2 alone            {:8.1} a second", floor(cores));
    for (what, clients, networks) in [
        ("nobody else", 0, 1),
        ("200 clients, 1 network", 200, 1),
        ("200 clients, 20 networks", 200, 20),
        ("200 clients, 200 networks", 200, 200),
    ] {
        let flood = flood(&accounts, clients, networks);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let begun = Instant::now();
        let before = flood.answered.load(Ordering::Relaxed);
        let (times, busy) = patient(&accounts, 20).await;
        let answered = flood.answered.load(Ordering::Relaxed) - before;
        let rate = f64::from(answered) / begun.elapsed().as_secs_f64();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
        println!(
            "{what:26} flood {rate:6.1} a second, {} sent away; patient: median {:?}, slowest {:?}, no place {busy} of 20",
            flood.sent_away.load(Ordering::Relaxed),
            at(50),
            times.last().copied().unwrap_or_default(),
        );
        flood.over.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
}
