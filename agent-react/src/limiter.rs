//! Limits how many calls are in flight at one endpoint, and learns how many it
//! takes.
//!
//! The first call goes alone, because an endpoint that refuses it (for its key, for the
//! model) would refuse all others: until it is answered, or has taken so long that the
//! model is at work, the rest wait.
//!
//! Then, as TCP does (RFC 5681): until the endpoint first complains, the limit doubles
//! with every full round of good answers; from then on it grows by one a round. It
//! is halved on a 429, and does not grow for a while after a server error. A 429
//! that names a wait holds back every other call too, since they would only be
//! refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// No growth for this long after a server error.
const PAUSE_AFTER_SERVER_ERROR: Duration = Duration::from_secs(10);

/// Calls in flight at first, where the ceiling is higher: this many, or this share of a
/// ceiling so high that whoever set it knows the endpoint.
const START: f64 = 16.0;
const START_SHARE: f64 = 1.0 / 4.0;

/// How long the first call goes alone at most. Refusals come sooner.
const ALONE: Duration = Duration::from_secs(2);

/// Shared by all episodes that play on one endpoint; cheap to clone.
///
/// The state is behind a mutex rather than a channel because every call needs the
/// answer before it may go on, and holds the lock for a few instructions only.
#[derive(Debug, Clone)]
pub struct Limiter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    window: Mutex<Window>,
    freed: Notify,
}

/// How an attempt went, as far as the limit is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// 429, with the wait the server asked for.
    RateLimited(Option<Duration>),
    /// 5xx, or no answer at all.
    Failed,
    /// It was refused, and may be asked in another way.
    Refused,
    /// It was refused, as every other call would be.
    InVain,
}

impl Limiter {
    /// A limiter that never allows more than `ceiling` calls at once.
    pub fn new(ceiling: usize) -> Limiter {
        Limiter {
            shared: Arc::new(Shared {
                window: Mutex::new(Window::new(ceiling)),
                freed: Notify::new(),
            }),
        }
    }

    /// Waits for a free slot.
    pub async fn acquire(&self) -> Permit {
        loop {
            let freed = self.shared.freed.notified();
            let now = Instant::now();
            let (admission, room_for_more) = {
                let mut window = self.lock();
                (window.admit(now), window.has_room())
            };
            match admission {
                Admission::Go => {
                    // One is woken for each freed slot, and wakes the next where
                    // the limit has grown.
                    if room_for_more {
                        self.shared.freed.notify_one();
                    }
                    return Permit {
                        limiter: self.clone(),
                        started: now,
                        outcome: None,
                    };
                }
                Admission::Full => freed.await,
                Admission::HeldUntil(moment) => tokio::time::sleep_until(moment.into()).await,
                Admission::FirstUntil(moment) => tokio::select! {
                    () = freed => {}
                    () = tokio::time::sleep_until(moment.into()) => {}
                },
            }
        }
    }

    /// How many calls may be in flight now.
    pub fn limit(&self) -> usize {
        self.lock().limit()
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        // The window is plain numbers: a panic elsewhere cannot leave it torn.
        self.shared
            .window
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot at the endpoint, free again when dropped.
#[derive(Debug)]
pub struct Permit {
    limiter: Limiter,
    started: Instant,
    /// `None` for a call that was cancelled: nothing is learned from it.
    outcome: Option<Outcome>,
}

impl Permit {
    /// Gives the slot back and learns from how the attempt went.
    pub fn finish(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter
            .lock()
            .release(self.started, Instant::now(), self.outcome);
        self.limiter.shared.freed.notify_one();
    }
}

/// The limit and what led to it. Pure: time comes from outside.
#[derive(Debug)]
struct Window {
    ceiling: f64,
    limit: f64,
    in_flight: usize,
    /// Whether the endpoint has ever answered.
    answered: bool,
    /// Until when calls go one by one, if it has not.
    alone_until: Option<Instant>,
    /// Whether the endpoint has ever refused or failed a call.
    complained: bool,
    last_cut: Option<Instant>,
    no_growth_until: Option<Instant>,
    held_until: Option<Instant>,
}

enum Admission {
    Go,
    Full,
    HeldUntil(Instant),
    /// The first call is under way: until it is over, or this moment.
    FirstUntil(Instant),
}

impl Window {
    fn new(ceiling: usize) -> Window {
        let ceiling = ceiling.max(1) as f64;
        Window {
            ceiling,
            limit: ceiling.min(START.max(ceiling * START_SHARE)),
            in_flight: 0,
            answered: false,
            alone_until: None,
            complained: false,
            last_cut: None,
            no_growth_until: None,
            held_until: None,
        }
    }

    fn limit(&self) -> usize {
        self.limit as usize
    }

    fn has_room(&self) -> bool {
        self.in_flight < self.limit()
    }

    fn admit(&mut self, now: Instant) -> Admission {
        if let Some(moment) = self.held_until.filter(|moment| *moment > now) {
            return Admission::HeldUntil(moment);
        }
        if !self.answered {
            let alone_until = *self.alone_until.get_or_insert(now + ALONE);
            if self.in_flight > 0 && alone_until > now {
                return Admission::FirstUntil(alone_until);
            }
        }
        if !self.has_room() {
            return Admission::Full;
        }
        self.in_flight += 1;
        Admission::Go
    }

    fn release(&mut self, started: Instant, now: Instant, outcome: Option<Outcome>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.complained |= matches!(outcome, Some(Outcome::RateLimited(_) | Outcome::Failed));
        match outcome {
            None | Some(Outcome::Refused) => {}
            Some(Outcome::Answered) => {
                self.answered = true;
                let may_grow = self.no_growth_until.is_none_or(|until| until <= now);
                let growth = match (may_grow, self.complained) {
                    (false, _) => 0.0,
                    (true, false) => 1.0,
                    (true, true) => 1.0 / self.limit,
                };
                self.limit = (self.limit + growth).min(self.ceiling);
            }
            Some(Outcome::RateLimited(wait)) => {
                // Calls that were already under way when the limit was cut say
                // nothing about the new one.
                if self.last_cut.is_none_or(|cut| started > cut) {
                    self.limit = (self.limit / 2.0).max(1.0);
                    self.last_cut = Some(now);
                }
                self.held_until = self.held_until.max(wait.map(|wait| now + wait));
            }
            // Whoever makes these calls has the time to make no more of them.
            Some(Outcome::InVain) => self.held_until = self.held_until.max(Some(now + ALONE)),
            Some(Outcome::Failed) => self.no_growth_until = Some(now + PAUSE_AFTER_SERVER_ERROR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn answered(window: &mut Window, now: Instant, times: usize) {
        for _ in 0..times {
            window.release(now, now, Some(Outcome::Answered));
        }
    }

    #[test]
    fn the_limit_doubles_a_round_up_to_the_ceiling_while_all_is_well() {
        let now = Instant::now();
        let mut window = Window::new(64);
        assert_eq!(window.limit(), 16);
        answered(&mut window, now, 16);
        assert_eq!(window.limit(), 32);
        answered(&mut window, now, 32);
        assert_eq!(window.limit(), 64);
        answered(&mut window, now, 10_000);
        assert_eq!(window.limit(), 64);
    }

    #[test]
    fn a_high_ceiling_is_reached_in_two_rounds() {
        let now = Instant::now();
        let mut window = Window::new(1000);
        for limit in [250, 500, 1000] {
            assert_eq!(window.limit(), limit);
            answered(&mut window, now, limit);
        }
    }

    /// How many of so many calls go when they all want to.
    fn admitted(window: &mut Window, now: Instant, calls: usize) -> usize {
        let go = (0..calls).filter(|_| matches!(window.admit(now), Admission::Go));
        go.count()
    }

    #[test]
    fn the_first_call_goes_alone_until_it_is_answered() {
        let now = Instant::now();
        let mut window = Window::new(8);
        assert_eq!(admitted(&mut window, now, 10), 1);
        window.release(now, now, Some(Outcome::Refused));
        assert_eq!(admitted(&mut window, now, 10), 1);
        answered(&mut window, now, 1);
        assert_eq!(admitted(&mut window, now, 10), 8);
    }

    #[test]
    fn a_first_call_that_takes_long_keeps_nobody_waiting() {
        let now = Instant::now();
        let mut window = Window::new(8);
        assert_eq!(admitted(&mut window, now, 10), 1);
        assert_eq!(admitted(&mut window, now + ALONE, 10), 7);
    }

    #[test]
    fn nothing_follows_a_call_that_was_in_vain() {
        let now = Instant::now();
        let mut window = Window::new(8);
        assert_eq!(admitted(&mut window, now, 10), 1);
        window.release(now, now, Some(Outcome::InVain));
        assert_eq!(admitted(&mut window, now + ALONE / 2, 10), 0);
        assert_eq!(admitted(&mut window, now + ALONE, 10), 8);
    }

    #[test]
    fn after_a_complaint_the_limit_grows_by_one_a_round() {
        let now = Instant::now();
        let mut window = Window::new(20);
        window.release(now, now + SECOND, Some(Outcome::RateLimited(None)));
        assert_eq!(window.limit(), 8);
        answered(&mut window, now, 9);
        assert_eq!(window.limit(), 9);
        answered(&mut window, now, 1000);
        assert_eq!(window.limit(), 20);
    }

    #[test]
    fn a_burst_of_429_cuts_once() {
        let start = Instant::now();
        let mut window = Window::new(16);
        for _ in 0..16 {
            window.release(start, start + SECOND, Some(Outcome::RateLimited(None)));
        }
        assert_eq!(window.limit(), 8);
        window.release(
            start + 2 * SECOND,
            start + 3 * SECOND,
            Some(Outcome::RateLimited(None)),
        );
        assert_eq!(window.limit(), 4);
    }

    #[test]
    fn the_limit_never_falls_below_one() {
        let mut now = Instant::now();
        let mut window = Window::new(4);
        for _ in 0..10 {
            window.release(now, now + SECOND, Some(Outcome::RateLimited(None)));
            now += 2 * SECOND;
        }
        assert_eq!(window.limit(), 1);
    }

    #[test]
    fn growth_pauses_after_a_server_error() {
        let now = Instant::now();
        let mut window = Window::new(64);
        window.release(now, now, Some(Outcome::Failed));
        answered(&mut window, now + SECOND, 100);
        assert_eq!(window.limit(), 16);
        answered(&mut window, now + PAUSE_AFTER_SERVER_ERROR, 17);
        assert_eq!(window.limit(), 17);
    }

    #[test]
    fn the_servers_wait_holds_back_everyone() {
        let now = Instant::now();
        let mut window = Window::new(4);
        window.release(now, now, Some(Outcome::RateLimited(Some(SECOND))));
        assert!(matches!(window.admit(now), Admission::HeldUntil(until) if until == now + SECOND));
        assert!(matches!(window.admit(now + SECOND), Admission::Go));
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_in_flight_and_nobody_starves() {
        let limiter = Limiter::new(3);
        let peak = Arc::new(Mutex::new((0, 0)));
        let calls = (0..50).map(|_| {
            let (limiter, peak) = (limiter.clone(), Arc::clone(&peak));
            tokio::spawn(async move {
                let permit = limiter.acquire().await;
                {
                    let mut peak = peak.lock().unwrap();
                    peak.0 += 1;
                    peak.1 = peak.1.max(peak.0);
                }
                tokio::task::yield_now().await;
                peak.lock().unwrap().0 -= 1;
                permit.finish(Outcome::Answered);
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        assert_eq!(peak.lock().unwrap().1, 3);
    }
}
