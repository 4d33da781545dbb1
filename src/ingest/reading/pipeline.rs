//! Runs jobs in parallel and hands over their results in the order of the jobs, with a bound on how far ahead
//! jobs may run.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs begun but not yet handed over, for each thread.
const AHEAD: usize = 8;

/// Parts that wait to be handed over, for each thread and for two more.
const PARTS: usize = 4;

/// Gives the parts of one file, one after the other.
pub(crate) type Emit<'e, T> = &'e mut dyn FnMut(T);

/// Runs `job` for every number below `jobs` on `threads` threads, each with a `D` of its own, and
/// calls `take` with what they emit: all of job 0, then all of job 1, and so on.
pub(crate) fn in_order<D: Default, T: Send>(
    jobs: usize,
    threads: usize,
    job: impl Fn(usize, &mut D, Emit<'_, T>) + Sync,
    mut take: impl FnMut(usize, T),
) {
    if threads <= 1 || jobs <= 1 {
        let mut scratch = D::default();
        for number in 0..jobs {
            job(number, &mut scratch, &mut |part| take(number, part));
        }
        return;
    }
    let line = Line::new(jobs, threads);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs) {
            scope.spawn(|| {
                let mut scratch = D::default();
                while let Some(number) = line.next() {
                    let done = Done { line: &line, number };
                    job(number, &mut scratch, &mut |part| line.put(number, part));
                    drop(done);
                }
            });
        }
        while let Some((number, part)) = line.take() {
            take(number, part);
        }
    });
}

/// Marks a job as done even when it panics, so that no thread waits for it forever.
struct Done<'l, T> {
    line: &'l Line<T>,
    number: usize,
}

impl<T> Drop for Done<'_, T> {
    fn drop(&mut self) {
        self.line.done(self.number);
    }
}

/// The jobs that are under way, in order.
struct Line<T> {
    state: Mutex<State<T>>,
    /// There is room for another job or part.
    room: Condvar,
    /// There is something to take.
    ready: Condvar,
    jobs: usize,
    ahead: usize,
    parts: usize,
}

struct State<T> {
    /// The next job to be begun.
    next: usize,
    /// The job whose parts are taken now; the first of `slots`.
    front: usize,
    slots: VecDeque<Slot<T>>,
    /// Parts in all slots.
    waiting: usize,
    /// How many threads wait for room, and whether the taker waits for a part. Notifying when nobody waits
    /// costs time, and there are as many occasions as there are files.
    waiting_for_room: usize,
    taker_waits: bool,
}

struct Slot<T> {
    parts: VecDeque<T>,
    done: bool,
}

impl<T> Line<T> {
    fn new(jobs: usize, threads: usize) -> Line<T> {
        let slots = VecDeque::new();
        let state =
            State { next: 0, front: 0, slots, waiting: 0, waiting_for_room: 0, taker_waits: false };
        Line {
            state: Mutex::new(state),
            room: Condvar::new(),
            ready: Condvar::new(),
            jobs,
            ahead: threads * AHEAD,
            parts: (threads + 2) * PARTS,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next job, once there is room for it.
    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        while state.next < self.jobs && state.next - state.front >= self.ahead {
            state = self.wait_for_room(state);
        }
        if state.next >= self.jobs {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.slots.push_back(Slot { parts: VecDeque::new(), done: false });
        Some(number)
    }

    fn wait_for_room<'g>(
        &'g self,
        mut state: MutexGuard<'g, State<T>>,
    ) -> MutexGuard<'g, State<T>> {
        state.waiting_for_room += 1;
        let mut state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting_for_room -= 1;
        state
    }

    /// Puts a part in line, once there is room for it. The first job always has some room of its own, so that the
    /// others cannot block it.
    fn put(&self, number: usize, part: T) {
        let mut state = self.lock();
        loop {
            let at = number - state.front;
            let full = state.waiting >= self.parts;
            match state.slots.get_mut(at) {
                Some(slot) if !full || (at == 0 && slot.parts.len() < PARTS) => {
                    slot.parts.push_back(part);
                    state.waiting += 1;
                    return self.wake_taker(&state, at);
                }
                _ => state = self.wait_for_room(state),
            }
        }
    }

    fn done(&self, number: usize) {
        let mut state = self.lock();
        let at = number - state.front;
        if let Some(slot) = state.slots.get_mut(at) {
            slot.done = true;
        }
        self.wake_taker(&state, at);
    }

    /// Wakes whoever waits for something to take, if this is where it is taken from.
    fn wake_taker(&self, state: &State<T>, at: usize) {
        if at == 0 && state.taker_waits {
            self.ready.notify_one();
        }
    }

    /// Wakes those who wait for room, if there are any.
    fn wake_waiting(&self, state: &State<T>) {
        if state.waiting_for_room > 0 {
            self.room.notify_all();
        }
    }

    /// The next part in order; `None` when all jobs are done.
    fn take(&self) -> Option<(usize, T)> {
        let mut state = self.lock();
        loop {
            let front = state.front;
            if let Some(slot) = state.slots.front_mut() {
                if let Some(part) = slot.parts.pop_front() {
                    state.waiting -= 1;
                    self.wake_waiting(&state);
                    return Some((front, part));
                }
                if slot.done {
                    state.slots.pop_front();
                    state.front += 1;
                    self.wake_waiting(&state);
                    continue;
                }
            } else if front >= self.jobs {
                return None;
            }
            state.taker_waits = true;
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.taker_waits = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_the_order_of_the_jobs() {
        let job = |number: usize, _: &mut (), emit: Emit<'_, usize>| {
            for part in 0..(number * 7) % 11 {
                emit(number * 100 + part);
            }
        };
        let run = |threads| {
            let mut taken = Vec::new();
            in_order(200, threads, job, |number, part| taken.push((number, part)));
            taken
        };
        let one = run(1);
        assert_eq!(one.len(), (0..200).map(|n| (n * 7) % 11).sum::<usize>());
        assert!(one.is_sorted());
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one);
        }
    }
}
