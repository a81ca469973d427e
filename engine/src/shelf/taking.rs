//! Whose turn it is, and how an instance leaves the shelf.

use super::{MOST_HELD_BYTES, Place, Shelf, Slot, State, Stored, Turn, reopened};
use crate::error::PackError;
use crate::plan::Planned;

impl Shelf {
    /// Waits for the next instance in the order of the plan; behind them come those that it does not
    /// have. `None` at the end.
    ///
    /// # Errors
    /// [`PackError::Temporary`].
    pub(crate) fn next(&self) -> Result<Option<Turn>, PackError> {
        let mut state = self.state();
        loop {
            while matches!(state.slots.get(state.next), Some(Slot::Taken(_)))
                || (state.remainder.is_some()
                    && matches!(state.slots.get(state.next), Some(Slot::Absent)))
            {
                state.next += 1;
                self.leave_series(&mut state);
            }
            let is_here = |slot: &Slot| matches!(slot, Slot::Waiting(..) | Slot::Begun(_));
            let here = if state.slots.get(state.next).is_some_and(is_here) {
                Some(state.next)
            } else if self.is_full(&state) {
                state.slots.iter().position(is_here)
            } else {
                None
            };
            if let Some(index) = here {
                return self.take(&mut state, index).map(Some);
            }
            if state.working < self.workers
                && state.held_bytes < MOST_HELD_BYTES
                && let Some(index) = state.early.first().copied()
            {
                state.working += 1;
                return self.take_early(&mut state, index).map(Some);
            }
            let is_over = state.remainder.is_some() || self.is_full(&state);
            if is_over && let Some(turn) = self.take_beside(&mut state)? {
                return Ok(Some(turn));
            }
            if state.remainder.is_some() {
                return Ok(None);
            }
            state = self.wait(state);
        }
    }

    fn take(&self, state: &mut State, index: usize) -> Result<Turn, PackError> {
        if let Some(slot @ Slot::Begun(_)) = state.slots.get_mut(index) {
            if let Slot::Begun(kept) = std::mem::replace(slot, Slot::Absent) {
                *slot = Slot::Taken(kept);
            }
            return Ok(Turn::Begun(index));
        }
        let (planned, stored, kept) = self.unshelve(state, index)?;
        if let Some(slot) = state.slots.get_mut(index) {
            *slot = Slot::Taken(kept);
        }
        Ok(Turn::Now(planned, stored))
    }

    fn take_early(&self, state: &mut State, index: usize) -> Result<Turn, PackError> {
        let (planned, stored, kept) = self.unshelve(state, index)?;
        if let Some(slot) = state.slots.get_mut(index) {
            *slot = Slot::Begun(kept);
        }
        Ok(Turn::Early(index, planned, stored))
    }

    /// Takes an instance out of its slot, and says where it is kept, if it is to be.
    fn unshelve(
        &self,
        state: &mut State,
        index: usize,
    ) -> Result<(Box<Planned>, Stored, Option<Place>), PackError> {
        let slot = state.slots.get_mut(index);
        let Some(Slot::Waiting(planned, place)) =
            slot.map(|slot| std::mem::replace(slot, Slot::Taken(None)))
        else {
            return Err(PackError::Bug("an instance is taken that is not there".into()));
        };
        state.early.remove(&index);
        let keeps = self.is_wanted_later(state, index) && self.has_room_to_keep(state, &place);
        let (stored, kept) = self.leave(state, place, keeps)?;
        self.changed.notify_all();
        Ok((planned, stored, kept))
    }

    /// The first by UID of those that the plan does not have.
    fn take_beside(&self, state: &mut State) -> Result<Option<Turn>, PackError> {
        let Some((_, (planned, place))) = state.beside.pop_first() else { return Ok(None) };
        let (stored, _) = self.leave(state, place, false)?;
        self.changed.notify_all();
        Ok(Some(Turn::Now(planned, stored)))
    }

    /// The file of an instance that waits no more, and where it is kept, if it is to be.
    fn leave(
        &self,
        state: &mut State,
        place: Place,
        keeps: bool,
    ) -> Result<(Stored, Option<Place>), PackError> {
        let bytes = place.bytes();
        state.waiting_bytes = state.waiting_bytes.saturating_sub(bytes);
        let (stored, kept) = match place {
            Place::Memory(file) => {
                state.memory_bytes = state.memory_bytes.saturating_sub(bytes);
                let kept = keeps.then(|| self.spool(state, &file)).transpose()?;
                (Stored::Memory(file), kept.map(Place::Extent))
            }
            Place::Extent(extent) => {
                let file = self.read(state, extent)?;
                if !keeps && let Some(extents) = &mut state.extents {
                    extents.release(extent);
                }
                (Stored::Memory(file), keeps.then_some(Place::Extent(extent)))
            }
            Place::File(file, _) => {
                state.waiting_files = state.waiting_files.saturating_sub(1);
                if keeps {
                    state.kept_files += 1;
                    let again = reopened(&file).map_err(|error| self.failed(error))?;
                    (Stored::File(again), Some(Place::File(file, bytes)))
                } else {
                    (Stored::File(file), None)
                }
            }
        };
        if kept.is_some() {
            state.kept_bytes = state.kept_bytes.saturating_add(bytes);
        }
        Ok((stored, kept))
    }
}
