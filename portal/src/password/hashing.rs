//! Argon2id with bounds: so many at a time, so many waiting, and the same work whether there is an
//! account or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use store::PasswordHash;

use crate::password::Password;
use crate::password::queue::{FairQueue, Place, Turn};

/// Passwords that may wait for each slot: so many networks get their turn in a flood from as many, and the last
/// of them waits for some seconds, well below the time of a request.
const WAITING: usize = 128;

/// What one hash costs (RFC 9106 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl Default for Cost {
    /// 19 MiB and 2 passes: the least that OWASP recommends for a login.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2 }
    }
}

/// Too many passwords are being checked: ask again in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many logins at once")]
pub struct Busy;

/// A cost that Argon2 does not take, or no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("Argon2id cannot work with these parameters")]
pub struct UnusableCost;

/// Hashes and checks passwords, `slots` at a time.
///
/// # Limits
/// Memory: `slots` × [`Cost::memory_kib`]; further callers wait, each network behind its own, and beyond 128 a slot
/// are sent away.
#[derive(Debug)]
pub struct Hasher {
    argon2: Argon2<'static>,
    queue: Arc<FairQueue>,
    /// Checked where there is no account, so that this takes as long as where there is one.
    decoy: PasswordHash,
    computed: Arc<AtomicU64>,
}

impl Hasher {
    /// With so many slots; a core each is enough. Takes the time of one hash.
    ///
    /// # Errors
    /// [`UnusableCost`].
    pub fn new(cost: Cost, slots: usize) -> Result<Self, UnusableCost> {
        let params =
            Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_odd| UnusableCost)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let slots = slots.max(1);
        let decoy = hash(&argon2, &Password::new("nobody's")).ok_or(UnusableCost)?;
        let queue = FairQueue::new(slots, slots * WAITING);
        Ok(Self { argon2, queue, decoy, computed: Arc::default() })
    }

    /// How many hashes it has computed since it was made.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Hashes a password that its rules let pass.
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) async fn hash(&self, password: Password, turn: Turn) -> Result<PasswordHash, Busy> {
        let argon2 = self.argon2.clone();
        self.run(turn, move || hash(&argon2, &password)).await?.ok_or(Busy)
    }

    /// Whether a password is the one of a hash; without a hash it is not, and that takes as long.
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) async fn verify(
        &self,
        password: Password,
        known: Option<PasswordHash>,
        turn: Turn,
    ) -> Result<bool, Busy> {
        let argon2 = self.argon2.clone();
        let is_known = known.is_some();
        let against = known.unwrap_or_else(|| self.decoy.clone());
        let fits = self
            .run(turn, move || {
                let against = phc::PasswordHash::new(&against.0).ok()?;
                Some(argon2.verify_password(password.as_str().as_bytes(), &against).is_ok())
            })
            .await?;
        Ok(is_known && fits.unwrap_or(false))
    }

    async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let slot = self.queue.place(turn).await?;
        // The slot goes with the work: a caller who leaves does not free it before its time.
        let computed = Arc::clone(&self.computed);
        let task = tokio::task::spawn_blocking(move || {
            let _slot: Place = slot;
            computed.fetch_add(1, Ordering::Relaxed);
            work()
        });
        task.await.map_err(|_panic| Busy)
    }
}

fn hash(argon2: &Argon2<'_>, password: &Password) -> Option<PasswordHash> {
    let hash: phc::PasswordHash = argon2.hash_password(password.as_str().as_bytes()).ok()?;
    Some(PasswordHash(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

    fn turn() -> Turn {
        Turn::of_site()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let hasher = Hasher::new(CHEAP, 2).unwrap();
        let known = hasher.hash(Password::new("Tramonto-Rosso!7"), turn()).await.unwrap();
        assert!(known.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", known.0);
        assert_ne!(hasher.hash(Password::new("Tramonto-Rosso!7"), turn()).await.unwrap(), known);
        let verify = |text: &str, known| hasher.verify(Password::new(text), known, turn());
        assert!(verify("Tramonto-Rosso!7", Some(known.clone())).await.unwrap());
        assert!(!verify("tramonto-Rosso!7", Some(known.clone())).await.unwrap());
        assert!(!verify("nobody's", None).await.unwrap());
        assert!(!verify("", Some(PasswordHash("odd".to_owned()))).await.unwrap());
        // A hash made at another cost is checked at that cost.
        let dearer = Hasher::new(Cost { memory_kib: 64, passes: 2 }, 1).unwrap();
        assert!(
            dearer.verify(Password::new("Tramonto-Rosso!7"), Some(known), turn()).await.unwrap()
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn only_so_many_run_or_wait() {
        let hasher = Arc::new(Hasher::new(CHEAP, 1).unwrap());
        let begun = Instant::now();
        let tasks: Vec<_> = (0..3 * WAITING)
            .map(|_| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move {
                    hasher
                        .run(turn(), || std::thread::sleep(Duration::from_millis(5)))
                        .await
                        .is_ok()
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += usize::from(task.await.unwrap());
        }
        assert_eq!(done, WAITING + 1);
        assert!(begun.elapsed() >= Duration::from_millis(5) * 129, "they ran side by side");
    }
}
