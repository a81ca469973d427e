//! Instances from a PACS that wait for their turn, or are looked at once more.
//!
//! A PACS sends in any order; the package has the order of the plan. So the thread that retrieves puts
//! instances here, and the thread that feeds takes them in order. They stay in memory up to
//! [`MEMORY_BYTES`], then in one unnamed file. An instance that is taken is kept in that file as long
//! as a report, a segmentation or the range of its series may want its picture. While the next of the
//! plan is not here, others are given to be worked on early; what comes of it waits here too.
//!
//! Invariant: nothing waits for itself. When there is no more room, what is here is taken out of order,
//! and what is looked for is not waited for.

mod extents;
mod taking;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use model::{Notice, SeriesInstanceUid, SopInstanceUid};
use part10::{Instance, Limits, OpenError};
use render::sampled_frames;
use scratch::ScratchFolder;

pub(crate) use self::extents::Extent;
use self::extents::Extents;
use crate::error::PackError;
use crate::outcome::Outcome;
use crate::plan::{Expected, Plan, Planned};
use crate::references::may_point;

/// Bytes of instances that wait in memory.
const MEMORY_BYTES: u64 = 16 << 20;
/// Bytes of results of early work that do not go into the file: the elements of the instances.
const MOST_HELD_BYTES: u64 = 16 << 20;
/// Large instances have files of their own; more are not held open.
const MOST_FILES: usize = 128;

/// The file of an instance that is here.
pub(crate) enum Stored {
    Memory(Vec<u8>),
    File(File),
}

/// Where the file of an instance lies.
#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    Extent(Extent),
    /// A file of its own, and its length.
    File(File, u64),
}

impl Place {
    fn bytes(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Extent(extent) => extent.bytes(),
            Self::File(_, bytes) => *bytes,
        }
    }
}

/// What became of an instance of the plan.
#[derive(Debug)]
enum Slot {
    Absent,
    Waiting(Box<Planned>, Place),
    /// It was begun early; its result has still to be written.
    Begun(Option<Place>),
    Taken(Option<Place>),
}

/// How the retrieval ended.
#[derive(Debug, Default)]
pub(crate) struct Remainder {
    /// What never came or could not be used.
    pub(crate) losses: Vec<Outcome>,
    /// What is to be told of instances that nobody listed.
    pub(crate) notices: Vec<Notice>,
    pub(crate) failure: Option<PackError>,
}

#[derive(Debug)]
struct State {
    slots: Vec<Slot>,
    /// The first slot that may not be taken yet.
    next: usize,
    /// Slots that may be worked on before their turn.
    early: BTreeSet<usize>,
    /// How many are worked on before their turn just now.
    working: usize,
    /// Bytes that results of early work hold in memory.
    held_bytes: u64,
    /// Instances that the plan does not have, in the order of their UIDs; of equal ones as they came.
    beside: BTreeMap<(SeriesInstanceUid, SopInstanceUid, u64), (Box<Planned>, Place)>,
    extents: Option<Extents>,
    memory_bytes: u64,
    waiting_bytes: u64,
    kept_bytes: u64,
    waiting_files: usize,
    kept_files: usize,
    /// Objects that point to others and have not come.
    pointing: HashSet<usize>,
    pointed_to: HashSet<usize>,
    came: u64,
    came_bytes: u64,
    remainder: Option<Remainder>,
    is_closed: bool,
}

/// The instances of one package between retrieval and feeding.
#[derive(Debug)]
pub(crate) struct Shelf {
    state: Mutex<State>,
    changed: Condvar,
    places: HashMap<SopInstanceUid, usize>,
    /// Members of each series, which lie together in the plan.
    series: Vec<Range<usize>>,
    limits: Limits,
    /// Bytes that may wait, and as many that may be kept.
    most_bytes: u64,
    folder: ScratchFolder,
    /// How many are worked on early at a time.
    workers: usize,
}

/// What comes next.
pub(crate) enum Turn {
    /// An instance in its turn.
    Now(Box<Planned>, Stored),
    /// An instance before its turn, and its index in the plan: it is worked on, and not yet written.
    Early(usize, Box<Planned>, Stored),
    /// The turn of one that was begun early.
    Begun(usize),
}

/// What an instance says when it comes.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    /// What it shows or describes.
    pub(crate) points_to: HashSet<SopInstanceUid>,
    /// Whether it can be worked on whatever else the study holds.
    pub(crate) stands_alone: bool,
}

impl Shelf {
    pub(crate) fn new(
        plan: &Plan,
        limits: &Limits,
        spool_bytes: u64,
        folder: ScratchFolder,
    ) -> Self {
        let mut series: Vec<Range<usize>> = Vec::new();
        let mut last = None;
        for (index, planned) in plan.instances.iter().enumerate() {
            let key = (planned.place.study, planned.place.series);
            match series.last_mut().filter(|_| last == Some(key)) {
                Some(members) => members.end = index + 1,
                None => series.push(index..index + 1),
            }
            last = Some(key);
        }
        let pointing = plan.instances.iter().enumerate();
        let pointing = pointing.filter(|(_, one)| may_point(one.instance.sop_class.as_ref()));
        let state = State {
            slots: plan.instances.iter().map(|_| Slot::Absent).collect(),
            next: 0,
            early: BTreeSet::new(),
            working: 0,
            held_bytes: 0,
            beside: BTreeMap::new(),
            extents: None,
            memory_bytes: 0,
            waiting_bytes: 0,
            kept_bytes: 0,
            waiting_files: 0,
            kept_files: 0,
            pointing: pointing.map(|(index, _)| index).collect(),
            pointed_to: HashSet::new(),
            came: 0,
            came_bytes: 0,
            remainder: None,
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            places: plan.places(),
            series,
            limits: limits.clone(),
            most_bytes: spool_bytes / 2,
            folder,
            workers: 0,
        }
    }

    /// Gives instances early to so many workers.
    pub(crate) fn with_workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Instances and bytes that came so far.
    pub(crate) fn came(&self) -> (u64, u64) {
        let state = self.state();
        (state.came, state.came_bytes)
    }

    fn is_full(&self, state: &State) -> bool {
        state.waiting_bytes >= self.most_bytes || state.waiting_files >= MOST_FILES
    }

    /// Puts an instance here, and waits while there is no room; `false` when nobody takes any more.
    ///
    /// # Errors
    /// [`PackError::Temporary`].
    pub(crate) fn put(
        &self,
        planned: Box<Planned>,
        stored: Stored,
        arrival: &Arrival,
    ) -> Result<bool, PackError> {
        let mut state = self.state();
        while self.is_full(&state) && !state.is_closed {
            state = self.wait(state);
        }
        if state.is_closed {
            return Ok(false);
        }
        let bytes = planned.instance.bytes;
        let place = match stored {
            Stored::File(file) => {
                state.waiting_files += 1;
                Place::File(file, bytes)
            }
            Stored::Memory(file) if state.memory_bytes + bytes <= MEMORY_BYTES => {
                state.memory_bytes += bytes;
                Place::Memory(file)
            }
            Stored::Memory(file) => Place::Extent(self.spool(&mut state, &file)?),
        };
        state.came += 1;
        state.came_bytes = state.came_bytes.saturating_add(bytes);
        state.waiting_bytes = state.waiting_bytes.saturating_add(place.bytes());
        state.pointed_to.extend(arrival.points_to.iter().filter_map(|uid| self.places.get(uid)));
        if let Some(index) = self.places.get(&planned.instance.sop_instance).copied() {
            if let Some(slot) = state.slots.get_mut(index) {
                *slot = Slot::Waiting(planned, place);
            }
            if arrival.stands_alone {
                state.early.insert(index);
            }
            if state.pointing.remove(&index) && state.pointing.is_empty() {
                let taken = 0..state.next;
                self.sweep(&mut state, taken);
            }
        } else {
            let Expected { series, sop_instance, .. } = &planned.instance;
            let key = (series.clone(), sop_instance.clone(), state.came);
            state.beside.insert(key, (planned, place));
        }
        drop(state);
        self.changed.notify_all();
        Ok(true)
    }

    fn spool(&self, state: &mut State, file: &[u8]) -> Result<Extent, PackError> {
        let extents = match &mut state.extents {
            Some(extents) => extents,
            none => none.insert(Extents::new_in(&self.folder).map_err(|error| self.failed(error))?),
        };
        extents.write(file).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> PackError {
        PackError::Temporary { folder: self.folder.path().display().to_string(), source }
    }

    /// No more instances come.
    pub(crate) fn end(&self, remainder: Remainder) {
        self.state().remainder = Some(remainder);
        self.changed.notify_all();
    }

    /// Nobody takes instances any more.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// A piece of early work is done.
    pub(crate) fn is_worked_on(&self) {
        let mut state = self.state();
        state.working = state.working.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Puts the result of early work away, of which so many bytes stay in memory.
    ///
    /// # Errors
    /// [`PackError::Temporary`].
    pub(crate) fn stow(&self, bytes: &[u8], held: u64) -> Result<Extent, PackError> {
        let mut state = self.state();
        let extent = self.spool(&mut state, bytes)?;
        state.waiting_bytes = state.waiting_bytes.saturating_add(extent.bytes());
        state.held_bytes = state.held_bytes.saturating_add(held);
        Ok(extent)
    }

    /// Takes the result of early work out.
    ///
    /// # Errors
    /// [`PackError::Temporary`].
    pub(crate) fn fetch(&self, extent: Extent, held: u64) -> Result<Vec<u8>, PackError> {
        let mut state = self.state();
        let bytes = self.read(&state, extent)?;
        if let Some(extents) = &mut state.extents {
            extents.release(extent);
        }
        state.waiting_bytes = state.waiting_bytes.saturating_sub(extent.bytes());
        state.held_bytes = state.held_bytes.saturating_sub(held);
        drop(state);
        self.changed.notify_all();
        Ok(bytes)
    }

    fn read(&self, state: &State, extent: Extent) -> Result<Vec<u8>, PackError> {
        let none = || io::Error::from(io::ErrorKind::NotFound);
        let read = state.extents.as_ref().ok_or_else(none).and_then(|extents| extents.read(extent));
        read.map_err(|error| self.failed(error))
    }

    fn has_room_to_keep(&self, state: &State, place: &Place) -> bool {
        let has_file = !matches!(place, Place::File(..)) || state.kept_files < MOST_FILES;
        has_file && state.kept_bytes.saturating_add(place.bytes()) <= self.most_bytes
    }

    fn is_wanted_later(&self, state: &State, index: usize) -> bool {
        let pointing_may_come = state.remainder.is_none() && !state.pointing.is_empty();
        let series = self.series_of(index);
        pointing_may_come
            || state.pointed_to.contains(&index)
            || (state.next < series.end && is_sampled(&series, index))
    }

    fn series_of(&self, index: usize) -> Range<usize> {
        let at = self.series.partition_point(|members| members.end <= index);
        self.series.get(at).cloned().unwrap_or(index..index)
    }

    /// What was kept for the range of a series is no more wanted behind it.
    fn leave_series(&self, state: &mut State) {
        let Some(last) = state.next.checked_sub(1) else { return };
        let series = self.series_of(last);
        if series.end == state.next {
            self.sweep(state, series);
        }
    }

    /// Lets go what is kept and wanted no more.
    fn sweep(&self, state: &mut State, indices: Range<usize>) {
        for index in indices {
            if self.is_wanted_later(state, index) {
                continue;
            }
            let Some(Slot::Taken(kept) | Slot::Begun(kept)) = state.slots.get_mut(index) else {
                continue;
            };
            let Some(place) = kept.take() else { continue };
            state.kept_bytes = state.kept_bytes.saturating_sub(place.bytes());
            match (place, &mut state.extents) {
                (Place::Extent(extent), Some(extents)) => extents.release(extent),
                (Place::File(..), _) => state.kept_files = state.kept_files.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Waits until these instances of the plan came, or will not.
    pub(crate) fn wait_for<'u>(&self, wanted: impl IntoIterator<Item = &'u SopInstanceUid>) {
        for index in wanted.into_iter().filter_map(|uid| self.places.get(uid)) {
            let mut state = self.state();
            while matches!(state.slots.get(*index), Some(Slot::Absent))
                && state.remainder.is_none()
                && !state.is_closed
                && !self.is_full(&state)
            {
                state = self.wait(state);
            }
        }
    }

    /// Opens an instance that is here or kept.
    pub(crate) fn open(&self, sop_instance: &SopInstanceUid) -> Option<Instance> {
        let index = *self.places.get(sop_instance)?;
        let state = self.state();
        let (Slot::Waiting(_, place) | Slot::Begun(Some(place)) | Slot::Taken(Some(place))) =
            state.slots.get(index)?
        else {
            return None;
        };
        let stored = match place {
            Place::Memory(file) => Stored::Memory(file.clone()),
            Place::Extent(extent) => Stored::Memory(self.read(&state, *extent).ok()?),
            Place::File(file, _) => Stored::File(reopened(file).ok()?),
        };
        drop(state);
        stored.open(&self.limits).ok()
    }

    /// What is left to tell, once all was taken.
    pub(crate) fn remainder(&self) -> Remainder {
        self.state().remainder.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

impl Stored {
    pub(crate) fn open(self, limits: &Limits) -> Result<Instance, OpenError> {
        match self {
            Self::Memory(file) => Instance::from_bytes(file, limits),
            Self::File(file) => Instance::from_file(file, limits),
        }
    }
}

/// The same unnamed file, with a place to read of its own, at its beginning.
pub(crate) fn reopened(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Whether the range of a series is measured on this member, too.
fn is_sampled(series: &Range<usize>, index: usize) -> bool {
    let count = u32::try_from(series.len()).unwrap_or(u32::MAX);
    let Some(at) = index.checked_sub(series.start).and_then(|at| u32::try_from(at).ok()) else {
        return false;
    };
    count > 1 && sampled_frames(count).any(|sampled| sampled == at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FileCounts, number};

    const BYTES: u64 = 100;

    /// Instances of one series, all of them of this class.
    fn plan(count: u32, sop_class: &str) -> Plan {
        let expected = |number| Expected {
            origin: None,
            path: None,
            bytes: BYTES,
            native_bytes: 0,
            patient_id: None,
            issuer: String::new(),
            study: "1.2.3".parse().unwrap(),
            series: "1.2.3.4".parse().unwrap(),
            sop_instance: format!("1.2.3.4.{number}").parse().unwrap(),
            sop_class: Some(sop_class.parse().unwrap()),
            transfer_syntaxes: Vec::new(),
        };
        let (instances, numbering) = number((1..=count).map(expected).collect()).unwrap();
        Plan {
            instances,
            notices: Vec::new(),
            files: FileCounts::default(),
            expected: count.into(),
            as_stored: false,
            digest: [0; 32],
            study_date: String::new(),
            study_time: String::new(),
            numbering,
            contents: crate::contents::Contents::Everything,
            patient_ids: Vec::new(),
        }
    }

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

    fn shelf(plan: &Plan, spool_bytes: u64) -> Shelf {
        Shelf::new(plan, &Limits::default(), spool_bytes, ScratchFolder::of_system())
    }

    fn put(shelf: &Shelf, plan: &Plan, index: usize) -> bool {
        let stands_alone = true;
        let file = vec![u8::try_from(index).unwrap(); usize::try_from(BYTES).unwrap()];
        let planned = Box::new(plan.instances[index].clone());
        shelf
            .put(planned, Stored::Memory(file), &Arrival { stands_alone, ..Arrival::default() })
            .unwrap()
    }

    /// The first byte of the file whose turn it is.
    fn next(shelf: &Shelf) -> Option<u8> {
        shelf.next().unwrap().map(|turn| match turn {
            Turn::Now(_, Stored::Memory(file)) => file[0],
            _ => panic!("a small one has no file of its own, and none is given early"),
        })
    }

    #[test]
    fn instances_leave_in_the_order_of_the_plan() {
        let plan = plan(4, CT);
        let shelf = shelf(&plan, 1 << 20);
        for index in [2, 0, 3] {
            assert!(put(&shelf, &plan, index));
        }
        assert_eq!(next(&shelf), Some(0));
        shelf.end(Remainder::default());
        assert_eq!([next(&shelf), next(&shelf), next(&shelf)], [Some(2), Some(3), None]);
        assert_eq!(shelf.came(), (3, 300));
    }

    #[test]
    fn while_the_next_is_not_here_others_are_given_early_and_their_results_in_turn() {
        let plan = plan(4, CT);
        let shelf = shelf(&plan, 1 << 20).with_workers(2);
        for index in [3, 2, 1] {
            assert!(put(&shelf, &plan, index));
        }
        let early =
            |index| matches!(shelf.next().unwrap(), Some(Turn::Early(at, ..)) if at == index);
        assert!(early(1) && early(2));
        let result = shelf.stow(&[7; 50], MOST_HELD_BYTES).unwrap();
        assert_eq!(shelf.state().waiting_bytes, BYTES + 50);
        // Both workers have something to do until one of them is done.
        shelf.is_worked_on();
        // As much is held as may be: the third waits for its turn.
        assert!(put(&shelf, &plan, 0));
        assert_eq!(next(&shelf), Some(0));
        let begun = |index| matches!(shelf.next().unwrap(), Some(Turn::Begun(at)) if at == index);
        assert!(begun(1) && begun(2));
        assert_eq!(shelf.fetch(result, MOST_HELD_BYTES).unwrap(), [7; 50]);
        assert_eq!(next(&shelf), Some(3));
        shelf.end(Remainder::default());
        assert!(shelf.next().unwrap().is_none());
        assert_eq!(shelf.state().waiting_bytes, 0);
    }

    #[test]
    fn what_nobody_listed_leaves_by_its_uid_and_equal_ones_as_they_came() {
        let (plan, unlisted) = (plan(1, CT), plan(4, CT));
        let shelf = shelf(&plan, 1 << 20);
        for (file, index) in [(0, 3), (1, 2), (2, 3), (3, 1), (4, 3), (5, 0)] {
            let planned = Box::new(unlisted.instances[index].clone());
            let stored = Stored::Memory(vec![file]);
            assert!(shelf.put(planned, stored, &Arrival::default()).unwrap());
        }
        shelf.end(Remainder::default());
        let left: Vec<_> = std::iter::from_fn(|| next(&shelf)).collect();
        assert_eq!(left, [5, 3, 1, 0, 2, 4]);
    }

    #[test]
    fn a_full_shelf_gives_what_it_has() {
        let plan = plan(4, CT);
        let shelf = shelf(&plan, 2 * BYTES);
        assert!(put(&shelf, &plan, 3));
        assert_eq!(next(&shelf), Some(3), "nothing else has room to come");
        // Nor is anything waited for.
        assert!(put(&shelf, &plan, 2));
        shelf.wait_for([&plan.instances[0].instance.sop_instance]);
        assert_eq!(next(&shelf), Some(2));
        assert!(put(&shelf, &plan, 0));
        assert_eq!(next(&shelf), Some(0));
    }

    #[test]
    fn whoever_waits_for_room_is_told_of_the_end() {
        let plan = plan(2, CT);
        let shelf = shelf(&plan, 2 * BYTES);
        assert!(put(&shelf, &plan, 1));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| put(&shelf, &plan, 0));
            std::thread::sleep(std::time::Duration::from_millis(20));
            shelf.close();
            assert!(!waits.join().unwrap());
        });
    }

    #[test]
    fn what_the_range_of_a_series_is_measured_on_is_kept_until_it_is_done() {
        let plan = plan(30, CT);
        let shelf = shelf(&plan, 1 << 20);
        for index in 0..30 {
            assert!(put(&shelf, &plan, index));
        }
        let kept = || shelf.state().kept_bytes / BYTES;
        for index in 0..29 {
            assert_eq!(next(&shelf), Some(index));
        }
        assert_eq!(kept(), 7);
        shelf.end(Remainder::default());
        assert_eq!((next(&shelf), next(&shelf)), (Some(29), None));
        assert_eq!(kept(), 0);
        assert_eq!(shelf.state().waiting_bytes, 0);
    }

    #[test]
    fn all_is_kept_until_it_is_known_what_a_report_shows() {
        let mut plan = plan(20, CT);
        plan.instances[19].instance.sop_class =
            Some("1.2.840.10008.5.1.4.1.1.88.59".parse().unwrap());
        let shelf = shelf(&plan, 1 << 20);
        for index in 0..19 {
            assert!(put(&shelf, &plan, index));
            assert_eq!(next(&shelf), u8::try_from(index).ok());
        }
        assert_eq!(shelf.state().kept_bytes, 19 * BYTES);
        let shown = HashSet::from([plan.instances[4].instance.sop_instance.clone()]);
        let arrival = Arrival { points_to: shown, ..Arrival::default() };
        let planned = Box::new(plan.instances[19].clone());
        assert!(shelf.put(planned, Stored::Memory(vec![19; 100]), &arrival).unwrap());
        shelf.end(Remainder::default());
        assert_eq!((next(&shelf), next(&shelf)), (Some(19), None));
        assert_eq!(shelf.state().kept_bytes, BYTES);
    }
}
