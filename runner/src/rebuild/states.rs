//! Walks through the states of a recorded episode.

use env_crafter::{Action, Env, Position, Step};

use super::{Fork, RebuildError, RecordedStep, Recording};

/// The world of a recorded episode, at one of its steps. Clone it to come back.
#[derive(Debug, Clone)]
pub struct States<'a> {
    recording: &'a Recording,
    env: Env,
    inherited: Vec<Position>,
    total_reward: f64,
    next: usize,
}

impl<'a> States<'a> {
    pub(super) fn new(recording: &'a Recording) -> Result<States<'a>, RebuildError> {
        let world = Env::new(recording.world.clone());
        let mut states = States {
            recording,
            env: world.map_err(|source| RebuildError::World {
                session_id: recording.session_id.clone(),
                source,
            })?,
            inherited: Vec::new(),
            total_reward: 0.0,
            next: 0,
        };
        if let Some(fork) = &recording.fork {
            states.play_parents(fork)?;
        }
        Ok(states)
    }

    /// Comes to the state in which a forked episode begins.
    fn play_parents(&mut self, fork: &Fork) -> Result<(), RebuildError> {
        self.reseed(fork);
        for name in &fork.actions {
            let action = name.parse::<Action>();
            let action = action.map_err(|unknown| RebuildError::Foreign {
                session_id: self.recording.session_id.clone(),
                what: unknown.to_string(),
            })?;
            self.inherited.push(self.env.position());
            self.play(action)?;
            self.reseed(fork);
        }
        Ok(())
    }

    fn reseed(&mut self, fork: &Fork) {
        let step = self.env.steps();
        for reseed in fork.reseeded.iter().filter(|reseed| reseed.step == step) {
            self.env.reseed(reseed.seed);
        }
    }

    /// The world as it is now.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Where the player was before each step that a forked episode has from its parent.
    pub fn inherited(&self) -> &[Position] {
        &self.inherited
    }

    /// The sum of all rewards from the world's beginning.
    pub fn total_reward(&self) -> f64 {
        self.total_reward
    }

    /// The step that [`advance`](Self::advance) plays next; `None` at the end.
    pub fn next_step(&self) -> Option<&'a RecordedStep> {
        self.recording.steps.get(self.next)
    }

    /// Plays the next recorded action: what was recorded of it, and what it
    /// brings here. `None` at the end.
    ///
    /// # Errors
    ///
    /// Where the world is over and the trace goes on.
    pub fn advance(&mut self) -> Result<Option<(&'a RecordedStep, Step)>, RebuildError> {
        let Some(recorded) = self.next_step() else {
            return Ok(None);
        };
        let step = self.play(recorded.action)?;
        self.next += 1;
        Ok(Some((recorded, step)))
    }

    /// Goes on to the state after this step, counted from the world's beginning.
    /// There is no way back but a clone.
    ///
    /// # Errors
    ///
    /// Where the episode has no such step, or it was passed already.
    pub fn advance_to(&mut self, step: u64) -> Result<(), RebuildError> {
        let (first, last) = (self.env.steps(), self.recording.last_step());
        if !(first..=last).contains(&step) {
            return Err(RebuildError::NoStep {
                session_id: self.recording.session_id.clone(),
                step,
                first,
                last,
            });
        }
        while self.env.steps() < step && self.advance()?.is_some() {}
        Ok(())
    }

    fn play(&mut self, action: Action) -> Result<Step, RebuildError> {
        let step = self.env.step(action);
        let step = step.map_err(|source| RebuildError::Over {
            session_id: self.recording.session_id.clone(),
            source,
        })?;
        self.total_reward += step.reward;
        Ok(step)
    }
}
